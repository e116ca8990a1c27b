package notify_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/notify"
)

// receiver is what sits at the other end of a pipe: it gets a datagram and
// returns those to answer with.
type receiver func(n int, datagram []byte) [][]byte

// dialer makes a Sender talk to a receiver in memory, from an address.
func dialer(local string, r receiver) notify.Options {
	return notify.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer func() { _ = theirs.Close() }()
			buf := make([]byte, 65536)
			for n := 0; ; n++ {
				size, err := theirs.Read(buf)
				if err != nil {
					return
				}
				for _, answer := range r(n, append([]byte(nil), buf[:size]...)) {
					if _, err := theirs.Write(answer); err != nil {
						return
					}
				}
			}
		}()
		addr, err := net.ResolveUDPAddr("udp", local)
		return &addressed{ours, addr}, err
	}}
}

type addressed struct {
	net.Conn
	local net.Addr
}

func (a *addressed) LocalAddr() net.Addr { return a.local }

// decoded returns the message of a datagram without a check of its security.
func decoded(t *testing.T, datagram []byte) *gosnmp.SnmpPacket {
	t.Helper()
	p, err := new(gosnmp.GoSNMP).SnmpDecodePacket(datagram)
	if !assert.NoError(t, err) {
		return &gosnmp.SnmpPacket{}
	}
	return p
}

// sentTrap returns the one message that a notification comes to.
func sentTrap(t *testing.T, local string, m snmp.NotificationMessage) *gosnmp.SnmpPacket {
	t.Helper()
	got := make(chan []byte, 1)
	require.NoError(t, notify.New(dialer(local, func(_ int, b []byte) [][]byte { got <- b; return nil })).Send(t.Context(), m))
	return decoded(t, <-got)
}

// The cases of RFC 3584, section 3.2.
func TestTranslationToV1(t *testing.T) {
	const local4, agent = "192.0.2.7:5000", ".1.3.6.1.4.1.8072.3.2.10"
	enterprise := snmp.VarBind{OID: snmp.MustParseOID(".1.3.6.1.6.3.1.1.4.3.0"), Value: snmp.ObjectID(snmp.MustParseOID(".1.3.6.1.4.1.9"))}
	address := snmp.VarBind{OID: snmp.MustParseOID(".1.3.6.1.6.3.18.1.3.0"), Value: snmp.IPAddress(agentV4.Next())}
	for name, c := range map[string]struct {
		trap, agent, local string
		binds              []snmp.VarBind
		enterprise, addr   string
		generic, specific  int
	}{
		"coldStart":                    {".1.3.6.1.6.3.1.1.5.1", agent, local4, nil, agent, "192.0.2.7", 0, 0},
		"authenticationFailure":        {".1.3.6.1.6.3.1.1.5.5", agent, local4, nil, agent, "192.0.2.7", 4, 0},
		"egpNeighborLoss":              {".1.3.6.1.6.3.1.1.5.6", agent, local4, nil, agent, "192.0.2.7", 5, 0},
		"after the standard ones":      {".1.3.6.1.6.3.1.1.5.7", agent, local4, nil, ".1.3.6.1.6.3.1.1.5", "192.0.2.7", 6, 7},
		"below a standard one":         {".1.3.6.1.6.3.1.1.5.1.1", agent, local4, nil, ".1.3.6.1.6.3.1.1.5.1", "192.0.2.7", 6, 1},
		"standard without an agent":    {".1.3.6.1.6.3.1.1.5.3", "", local4, nil, ".1.3.6.1.6.3.1.1.5", "192.0.2.7", 2, 0},
		"standard with snmpEnterprise": {".1.3.6.1.6.3.1.1.5.3", agent, local4, []snmp.VarBind{enterprise}, ".1.3.6.1.4.1.9", "192.0.2.7", 2, 0},
		"own with snmpEnterprise":      {".1.3.6.1.4.1.8.0.3", agent, local4, []snmp.VarBind{enterprise}, ".1.3.6.1.4.1.8", "192.0.2.7", 6, 3},
		"own, zero before the last":    {".1.3.6.1.4.1.8.0.3", agent, local4, nil, ".1.3.6.1.4.1.8", "192.0.2.7", 6, 3},
		"own, no zero":                 {".1.3.6.1.4.1.8.1.3", agent, local4, nil, ".1.3.6.1.4.1.8.1", "192.0.2.7", 6, 3},
		"snmpTrapAddress":              {".1.3.6.1.4.1.8.1.3", agent, local4, []snmp.VarBind{address}, ".1.3.6.1.4.1.8.1", "192.0.2.8", 6, 3},
		"over IPv6":                    {".1.3.6.1.4.1.8.1.3", agent, "[2001:db8::7]:5000", nil, ".1.3.6.1.4.1.8.1", "0.0.0.0", 6, 3},
		"IPv4 in IPv6":                 {".1.3.6.1.4.1.8.1.3", agent, "[::ffff:192.0.2.7]:5000", nil, ".1.3.6.1.4.1.8.1", "192.0.2.7", 6, 3},
	} {
		t.Run(name, func(t *testing.T) {
			m := message(t, "v1", snmp.Destination{Version: snmp.Version1, Community: config.NewSecret("c")})
			m.Trap, m.Agent, m.Binds = snmp.MustParseOID(c.trap), snmp.MustParseOID(c.agent), append(m.Binds, c.binds...)
			p := sentTrap(t, c.local, m)
			assert.Equal(t, gosnmp.Trap, p.PDUType)
			assert.Equal(t, c.enterprise, p.Enterprise)
			assert.Equal(t, c.addr, p.AgentAddress)
			assert.Equal(t, c.generic, p.GenericTrap)
			assert.Equal(t, c.specific, p.SpecificTrap)
			assert.Equal(t, uint(4711), p.Timestamp)
			assert.Len(t, p.Variables, 1+len(c.binds))
		})
	}
}

// A notification that cannot be sent says why, before a packet leaves.
func TestRefusals(t *testing.T) {
	bob := snmp.User{Name: "bob", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES, AuthPassword: config.NewSecret(password)}
	for name, c := range map[string]struct {
		change func(m *snmp.NotificationMessage)
		want   string
	}{
		"inform in v1":       {func(m *snmp.NotificationMessage) { m.To.Version, m.To.Inform = snmp.Version1, true }, "there are no informs in SNMPv1"},
		"Counter64 in v1":    {func(m *snmp.NotificationMessage) { m.To.Version = snmp.Version1; m.Binds[0].Value = snmp.Counter64(1) }, ".1.3.6.1.4.1.8072.9999.9999.2.1.0 is a Counter64, which SNMPv1 does not have"},
		"no version":         {func(m *snmp.NotificationMessage) { m.To.Version = "" }, `version "", want v1, v2c or v3`},
		"no version, inform": {func(m *snmp.NotificationMessage) { m.To.Version, m.To.Inform = "", true }, `version "", want v2c or v3`},
		"no trap":            {func(m *snmp.NotificationMessage) { m.Trap = nil }, "no notification"},
		"no value":           {func(m *snmp.NotificationMessage) { m.Binds[0].Value = snmp.NoSuchObject() }, "it has no value but noSuchObject"},
		"long community": {func(m *snmp.NotificationMessage) {
			m.To.Version = snmp.Version2c
			m.To.Community = config.NewSecret(strings.Repeat("x", 128))
		}, "its community has 128 octets, at most 127"},
		"too many arcs":  {func(m *snmp.NotificationMessage) { m.Binds[0].OID = make(snmp.OID, 129) }, "Invalid object identifier"},
		"no user":        {func(m *snmp.NotificationMessage) { m.To.User, m.User = "bib", snmp.User{} }, `user "bib" is none of the users`},
		"no engine":      {func(m *snmp.NotificationMessage) { m.Engine.ID = nil }, "need the engine ID of the agent"},
		"auth unknown":   {func(m *snmp.NotificationMessage) { m.User.Auth = "crc" }, `"crc" is no authentication protocol`},
		"priv unknown":   {func(m *snmp.NotificationMessage) { m.User.Priv = "rot13" }, `"rot13" is no privacy protocol`},
		"level unknown":  {func(m *snmp.NotificationMessage) { m.To.Level = "high" }, `level "high", want`},
		"level too high": {func(m *snmp.NotificationMessage) { m.To.Level, m.User.Priv = snmp.AuthPriv, "" }, `level authPriv, but user "bob" is for authNoPriv at most`},
		"no password":    {func(m *snmp.NotificationMessage) { m.User.AuthPassword = snmp.Secret{} }, "auth_password is missing"},
		"short key":      {func(m *snmp.NotificationMessage) { m.User.AuthKey = config.NewSecret("abcd") }, "auth_key is not 32 octets in hexadecimal"},
	} {
		t.Run(name, func(t *testing.T) {
			m := message(t, "refused", snmp.Destination{Name: "noc", Version: snmp.Version3, User: "bob"})
			m.User = bob
			c.change(&m)
			err := notify.New(dialer("192.0.2.7:1", func(int, []byte) [][]byte {
				t.Error("a packet was sent")
				return nil
			})).Send(t.Context(), m)
			require.Error(t, err)
			assert.Contains(t, err.Error(), `notify: destination "noc": `)
			assert.Contains(t, err.Error(), c.want)
			assert.NotContains(t, err.Error(), password)
			assert.NotContains(t, err.Error(), "abcd")
		})
	}
}

// Two messages never have the same salt, nor the same request-id.
func TestSaltsDiffer(t *testing.T) {
	sent := make(chan string, 2)
	s := notify.New(dialer("192.0.2.7:1", func(_ int, b []byte) [][]byte {
		sent <- string(b)
		return nil
	}))
	m := message(t, "same", snmp.Destination{Version: snmp.Version3})
	m.User = snmp.User{Name: "bob", Auth: snmp.AuthSHA256, Priv: snmp.PrivDES, AuthPassword: config.NewSecret(password)}
	for range 2 {
		require.NoError(t, s.Send(t.Context(), m))
	}
	one, two := <-sent, <-sent
	assert.NotEqual(t, one[len(one)-50:], two[len(two)-50:], "the same data, encrypted the same")
}

// response acknowledges a request of v2c, after a change.
func response(t *testing.T, request []byte, change func(*gosnmp.SnmpPacket)) []byte {
	t.Helper()
	p := decoded(t, request)
	p.PDUType = gosnmp.GetResponse
	if change != nil {
		change(p)
	}
	b, err := p.MarshalMsg()
	assert.NoError(t, err)
	return b
}

func TestInformOfV2c(t *testing.T) {
	other := func(p *gosnmp.SnmpPacket) { p.RequestID++ }
	get := func(p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.GetRequest }
	tooBig := func(p *gosnmp.SnmpPacket) { p.Error = gosnmp.TooBig }
	for name, c := range map[string]struct {
		answers func(t *testing.T, n int, b []byte) [][]byte
		after   time.Duration // when Send returns
		want    string        // its error
	}{
		"at once": {func(t *testing.T, _ int, b []byte) [][]byte { return [][]byte{response(t, b, nil)} }, 0, ""},
		"after a retry": {func(t *testing.T, n int, b []byte) [][]byte {
			if n < 2 {
				return nil
			}
			return [][]byte{response(t, b, nil)}
		}, 10 * time.Second, ""},
		"never": {func(*testing.T, int, []byte) [][]byte { return nil }, 30 * time.Second, "not acknowledged in 6 tries of 5s"},
		"another answer": {func(t *testing.T, _ int, b []byte) [][]byte {
			return [][]byte{response(t, b, other), response(t, b, get), []byte("noise"), response(t, b, nil)}
		}, 0, ""},
		"only another": {func(t *testing.T, _ int, b []byte) [][]byte { return [][]byte{response(t, b, other)} }, 30 * time.Second, "not acknowledged"},
		"refused":      {func(t *testing.T, _ int, b []byte) [][]byte { return [][]byte{response(t, b, tooBig)} }, 0, "the receiver answers with error-status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var requests []uint32
				s := notify.New(dialer("192.0.2.7:1", func(n int, b []byte) [][]byte {
					requests = append(requests, decoded(t, append([]byte(nil), b...)).RequestID)
					return c.answers(t, n, b)
				}))
				began := time.Now()
				err := s.Send(t.Context(), message(t, "x", snmp.Destination{Version: snmp.Version2c, Inform: true, Community: config.NewSecret("c")}))
				assert.Equal(t, c.after, time.Since(began))
				synctest.Wait() // for the receiver to have ended
				if c.want == "" {
					require.NoError(t, err)
				} else {
					require.Error(t, err)
					assert.Contains(t, err.Error(), c.want)
				}
				for _, id := range requests {
					assert.Equal(t, requests[0], id, "retries are one request")
				}
			})
		})
	}
}

func TestInformEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := notify.New(dialer("192.0.2.7:1", func(int, []byte) [][]byte { return nil }))
		time.AfterFunc(3*time.Second, cancel)
		began := time.Now()
		err := s.Send(ctx, message(t, "x", snmp.Destination{Version: snmp.Version2c, Inform: true}))
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 3*time.Second, time.Since(began))
	})
}
