package notify_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/notify"
)

const (
	engineText = "80001f8804666965" // of the agent
	password   = "authentic words"
	secret     = "private words"
)

// message is a notification with one binding that tells it from others.
func message(t *testing.T, text string, to snmp.Destination) snmp.NotificationMessage {
	t.Helper()
	id, err := hex.DecodeString(engineText)
	require.NoError(t, err)
	return snmp.NotificationMessage{
		Notification: snmp.Notification{
			Trap:  snmp.MustParseOID(".1.3.6.1.4.1.8072.9999.9999.1.0.7"),
			Binds: []snmp.VarBind{{OID: snmp.MustParseOID(".1.3.6.1.4.1.8072.9999.9999.2.1.0"), Value: snmp.OctetString(text)}},
		},
		To: to, Uptime: 4711, Agent: snmp.MustParseOID(".1.3.6.1.4.1.8072.3.2.10"),
		Engine: snmp.Engine{ID: id, Boots: 3}, Time: 99,
	}
}

func send(t *testing.T, m snmp.NotificationMessage) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	return notify.New(notify.Options{}).Send(ctx, m)
}

func retries(n int) *int { return &n }

func TestIntegrationCommunities(t *testing.T) {
	d := startTrapd(t, freeUDP(t), "authCommunity log,execute,net monitors\n")
	all := []snmp.VarBind{
		{OID: snmp.OID{1, 3, 6, 1, 4, 1, 8072, 1}, Value: snmp.Integer(-2147483648)},
		{OID: snmp.OID{1, 3, 6, 1, 4, 1, 8072, 2}, Value: snmp.Counter32(4294967295)},
		{OID: snmp.OID{1, 3, 6, 1, 4, 1, 8072, 3}, Value: snmp.Gauge32(0)},
		{OID: snmp.OID{1, 3, 6, 1, 4, 1, 8072, 4}, Value: snmp.TimeTicks(0)},
		{OID: snmp.OID{1, 3, 6, 1, 4, 1, 8072, 5}, Value: snmp.ObjectID(snmp.OID{1, 3, 4294967295})},
		{OID: snmp.OID{1, 3, 6, 1, 4, 1, 8072, 6}, Value: snmp.IPAddress(agentV4)},
		{OID: snmp.OID{1, 3, 6, 1, 4, 1, 8072, 7}, Value: snmp.Float(1.5)},
	}
	const allText = `.1.3.6.1.4.1.8072.1 = INTEGER: -2147483648` + "\t" +
		`.1.3.6.1.4.1.8072.2 = Counter32: 4294967295` + "\t" +
		`.1.3.6.1.4.1.8072.3 = Gauge32: 0` + "\t" +
		`.1.3.6.1.4.1.8072.4 = Timeticks: (0) 0:00:00.00` + "\t" +
		`.1.3.6.1.4.1.8072.5 = OID: .1.3.4294967295` + "\t" +
		`.1.3.6.1.4.1.8072.6 = IpAddress: 192.0.2.7` + "\t" +
		`.1.3.6.1.4.1.8072.7 = Opaque: Float: 1.500000`
	const own = `.1.3.6.1.4.1.8072.9999.9999.2.1.0 = STRING: `
	for _, version := range []snmp.Version{snmp.Version1, snmp.Version2c} {
		for _, inform := range []bool{false, true} {
			if inform && version == snmp.Version1 {
				continue
			}
			name := fmt.Sprintf("%s inform %v", version, inform)
			t.Run(name, func(t *testing.T) {
				m := message(t, name, snmp.Destination{Name: "noc", Address: d.addr, Version: version, Community: config.NewSecret("monitors"), Inform: inform})
				m.Binds = append(m.Binds, all...)
				require.NoError(t, send(t, m))
				line := d.find(name)
				assert.Contains(t, line, own+`"`+name+"\"\t"+allText)
				if version == snmp.Version1 {
					assert.Contains(t, line, "GOT TRAP, SNMP v1, community monitors|.1.3.6.1.4.1.8072.9999.9999.1|6/.7|127.0.0.1|4711|")
					return
				}
				kind := "TRAP2"
				if inform {
					kind = "INFORM"
				}
				assert.Contains(t, line, "GOT "+kind+", SNMP v2c, community monitors|")
				assert.Contains(t, line, ".1.3.6.1.2.1.1.3.0 = Timeticks: (4711) 0:00:47.11\t.1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.4.1.8072.9999.9999.1.0.7\t")
			})
		}
	}
	t.Run("Counter64", func(t *testing.T) {
		m := message(t, "wide", snmp.Destination{Name: "noc", Address: d.addr, Version: snmp.Version2c, Community: config.NewSecret("monitors")})
		m.Binds = append(m.Binds, snmp.VarBind{OID: snmp.OID{1, 3, 6, 1, 4, 1, 8072, 9}, Value: snmp.Counter64(18446744073709551615)})
		require.NoError(t, send(t, m))
		assert.Contains(t, d.find("wide"), ".1.3.6.1.4.1.8072.9 = Counter64: 18446744073709551615")
	})
	t.Run("standard traps of v1", func(t *testing.T) {
		m := message(t, "link", snmp.Destination{Address: d.addr, Version: snmp.Version1, Community: config.NewSecret("monitors")})
		m.Trap = snmp.MustParseOID(".1.3.6.1.6.3.1.1.5.3")
		require.NoError(t, send(t, m))
		assert.Contains(t, d.find(`"link"`), "|.1.3.6.1.4.1.8072.3.2.10|2/0|127.0.0.1|")
	})
	t.Run("wrong community", func(t *testing.T) {
		m := message(t, "stranger", snmp.Destination{Name: "noc", Address: d.addr, Version: snmp.Version2c, Community: config.NewSecret("intruders"), Inform: true, Timeout: snmp.Duration(200 * time.Millisecond), Retries: retries(1)})
		err := send(t, m)
		require.Error(t, err)
		assert.Contains(t, err.Error(), `notify: destination "noc": not acknowledged in 2 tries of 200ms`)
		assert.NotContains(t, err.Error(), "intruders")
		assert.NotContains(t, d.log(), "stranger")
	})
}

// pair is a user and how snmptrapd calls the protocols.
type pair struct {
	user       snmp.User
	auth, priv string
}

func pairs() []pair {
	list := []pair{{user: snmp.User{Name: "open"}}}
	for _, a := range []struct {
		auth  snmp.AuthProtocol
		trapd string
	}{{snmp.AuthMD5, "MD5"}, {snmp.AuthSHA1, "SHA"}, {snmp.AuthSHA224, "SHA-224"}, {snmp.AuthSHA256, "SHA-256"}, {snmp.AuthSHA384, "SHA-384"}, {snmp.AuthSHA512, "SHA-512"}} {
		list = append(list, pair{snmp.User{Name: string(a.auth) + "-", Auth: a.auth, AuthPassword: config.NewSecret(password)}, a.trapd, ""})
		for _, p := range []struct {
			priv  snmp.PrivProtocol
			trapd string
		}{{snmp.PrivDES, "DES"}, {snmp.PrivAES, "AES"}, {snmp.PrivAES192, "AES192"}, {snmp.PrivAES256, "AES256"}, {snmp.PrivAES192C, "AES192C"}, {snmp.PrivAES256C, "AES256C"}} {
			list = append(list, pair{snmp.User{
				Name: string(a.auth) + "-" + string(p.priv), Auth: a.auth, Priv: p.priv,
				AuthPassword: config.NewSecret(password), PrivPassword: config.NewSecret(secret),
			}, a.trapd, p.trapd})
		}
	}
	return list
}

// level is what snmptrapd.conf calls it.
func (p pair) level() string {
	switch {
	case p.auth == "":
		return "noauth"
	case p.priv == "":
		return "auth"
	}
	return "priv"
}

// snmptrapd itself checks digests and decrypts: each user is only let in at
// its full level, and the binding is read from the log.
func TestIntegrationEveryPairOfProtocols(t *testing.T) {
	var conf strings.Builder
	for _, p := range pairs() {
		for _, engine := range []string{engineText, ""} {
			conf.WriteString(createUser(engine, p.user.Name, p.auth, `"`+password+`"`, p.priv, `"`+secret+`"`))
		}
		fmt.Fprintf(&conf, "authUser log %s %s\n", p.user.Name, p.level())
	}
	d := startTrapd(t, freeUDP(t), conf.String())
	for _, p := range pairs() {
		for _, inform := range []bool{false, true} {
			kind := "TRAP2"
			if inform {
				kind = "INFORM"
			}
			t.Run(p.user.Name+" "+kind, func(t *testing.T) {
				text := "<" + kind + " of " + p.user.Name + ">"
				m := message(t, text, snmp.Destination{Name: "noc", Address: d.addr, Version: snmp.Version3, User: p.user.Name, Inform: inform})
				m.User = p.user
				require.NoError(t, send(t, m))
				line := d.find(text)
				assert.Contains(t, line, "GOT "+kind+", SNMP v3, user "+p.user.Name+", context |")
				assert.Contains(t, line, ".1.3.6.1.2.1.1.3.0 = Timeticks: (4711) 0:00:47.11\t.1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.4.1.8072.9999.9999.1.0.7\t")
			})
		}
	}
}

func TestIntegrationContextAndLevel(t *testing.T) {
	d := startTrapd(t, freeUDP(t), createUser(engineText, "bob", "SHA-256", `"`+password+`"`, "AES", `"`+password+`"`)+"authUser log bob noauth\n")
	for _, level := range []snmp.Level{snmp.NoAuthNoPriv, snmp.AuthNoPriv, snmp.AuthPriv} {
		t.Run(string(level), func(t *testing.T) {
			m := message(t, string(level), snmp.Destination{Address: d.addr, Version: snmp.Version3, User: "bob", Level: level, Context: "plant"})
			m.User = snmp.User{Name: "bob", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES, AuthPassword: config.NewSecret(password)}
			require.NoError(t, send(t, m))
			assert.Contains(t, d.find(string(level)), "SNMP v3, user bob, context plant|")
		})
	}
}

// A wrong password makes the receiver refuse an inform; it is told at once.
func TestIntegrationWrongKeys(t *testing.T) {
	d := startTrapd(t, freeUDP(t), createUser("", "bob", "SHA-256", `"`+password+`"`, "AES", `"`+secret+`"`)+
		createUser("", "anne", "SHA-256", `"`+password+`"`, "", "")+"authUser log bob priv\nauthUser log anne auth\n")
	bob := snmp.User{Name: "bob", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES, AuthPassword: config.NewSecret(password), PrivPassword: config.NewSecret(secret)}
	for name, c := range map[string]struct {
		change func(*snmp.User)
		want   string
	}{
		"digest":        {func(u *snmp.User) { u.AuthPassword = config.NewSecret("wrong password") }, `the receiver finds the digest wrong: compare protocol and password of the authentication of user "bob"`},
		"protocol":      {func(u *snmp.User) { u.Auth = snmp.AuthSHA512 }, `the receiver finds the digest wrong`},
		"unknown user":  {func(u *snmp.User) { u.Name = "mallory" }, `the receiver knows no user "mallory"`},
		"no such level": {func(u *snmp.User) { u.Name = "anne" }, `the receiver's user "anne" is not for this level`},
		"localized keys": {func(u *snmp.User) {
			u.AuthPassword, u.AuthKey = snmp.Secret{}, config.NewSecret(strings.Repeat("ab", 32))
		}, `auth_key fits traps only: informs need the password`},
	} {
		t.Run(name, func(t *testing.T) {
			m := message(t, "refused", snmp.Destination{Name: "noc", Address: d.addr, Version: snmp.Version3, Inform: true, Timeout: snmp.Duration(10 * time.Second), Retries: retries(0)})
			m.User = bob
			c.change(&m.User)
			err := send(t, m)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			for _, word := range []string{password, secret, "wrong password", "abab"} {
				assert.NotContains(t, err.Error(), word)
			}
		})
	}
	t.Run("privacy", func(t *testing.T) { // snmptrapd says nothing to what it cannot read
		m := message(t, "refused", snmp.Destination{Address: d.addr, Version: snmp.Version3, Inform: true, Timeout: snmp.Duration(300 * time.Millisecond), Retries: retries(1)})
		m.User = bob
		m.User.PrivPassword = config.NewSecret("wrong password")
		require.Error(t, send(t, m))
	})
	assert.NotContains(t, d.log(), "refused")
}

// Keys that were made elsewhere for the engine: those of RFC 3414, appendix A.3,
// for the password "maplesyrup", which snmptrapd makes its own from.
func TestIntegrationLocalizedKeys(t *testing.T) {
	const engine = "000000000000000000000002"
	d := startTrapd(t, freeUDP(t), createUser(engine, "bob", "SHA", "maplesyrup", "AES", "maplesyrup")+"authUser log bob priv\n")
	m := message(t, "localized", snmp.Destination{Address: d.addr, Version: snmp.Version3})
	m.Engine.ID, _ = hex.DecodeString(engine)
	key := config.NewSecret("6695febc9288e36282235fc7151f128497b38f3f") // A.3.2
	m.User = snmp.User{Name: "bob", Auth: snmp.AuthSHA1, Priv: snmp.PrivAES, AuthKey: key, PrivKey: key}
	require.NoError(t, send(t, m))
	assert.Contains(t, d.find("localized"), "user bob")
}

// An inform outlives a receiver that is away.
func TestIntegrationReceiverAwayAndBack(t *testing.T) {
	for _, version := range []snmp.Version{snmp.Version2c, snmp.Version3} {
		t.Run(string(version), func(t *testing.T) {
			addr := freeUDP(t)
			m := message(t, "patience", snmp.Destination{
				Address: addr, Version: version, Inform: true, Community: config.NewSecret("monitors"),
				Timeout: snmp.Duration(500 * time.Millisecond), Retries: retries(20),
			})
			m.User = snmp.User{Name: "bob", Auth: snmp.AuthSHA384, Priv: snmp.PrivAES256, AuthPassword: config.NewSecret(password)}
			conf := "authCommunity log monitors\nauthUser log bob priv\n" + createUser("", "bob", "SHA-384", `"`+password+`"`, "AES256", "")
			sent := make(chan error, 1)
			tries := &countingDialer{}
			go func() { sent <- notify.New(notify.Options{Dial: tries.dial}).Send(t.Context(), m) }()
			require.Eventually(t, func() bool { return tries.writes.Load() >= 2 }, 20*time.Second, time.Millisecond)
			d := startTrapd(t, addr, conf)
			select {
			case err := <-sent:
				require.NoError(t, err)
			case <-time.After(30 * time.Second):
				require.FailNow(t, "not acknowledged", "%s", d.log())
			}
			d.find("patience")
		})
	}
}
