package snmp_test

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/enginefile"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

// netSNMP is the tools of net-snmp, asking an agent on real sockets.
type netSNMP struct {
	t    *testing.T
	mib  snmptest.Handler // at .1.3.6.1.4.1.9999
	cfg  snmp.Config
	opts snmp.Options
	addr string
	conf string // snmp.conf of the tools
	done func()
}

func newNetSNMP(t *testing.T) *netSNMP {
	t.Helper()
	for _, tool := range []string{"snmpget", "snmpgetnext", "snmpbulkget", "snmpbulkwalk", "snmptable", "snmpset", "snmpusm"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s (package snmp) is missing", tool)
			}
			t.Skipf("%s (package snmp) is missing", tool)
		}
	}
	n := &netSNMP{t: t}
	n.cfg = snmp.DefaultConfig()
	n.cfg.Enabled, n.cfg.AllowWeak = true, true
	n.cfg.Listen = []string{"127.0.0.1:0"}
	n.cfg.System = snmp.System{Name: "gateway", Location: "hall 3"}
	n.cfg.Communities = []snmp.Community{{Community: newSecret("reader")}, {Community: newSecret("writer"), Write: "all"}}
	n.cfg.Limits.Rate = 10000
	n.opts = snmp.Options{
		Handlers:   []snmp.Mount{{Prefix: oid("1.3.6.1.4.1.9999"), Handler: &n.mib}},
		Store:      enginefile.New(filepath.Join(t.TempDir(), "engine")),
		SaveSystem: func(snmp.System) error { return nil },
	}
	t.Cleanup(func() {
		if n.done != nil {
			n.done()
		}
	})
	return n
}

func (n *netSNMP) start() *snmp.Service {
	n.t.Helper()
	agent, err := snmp.New(n.cfg, n.opts)
	require.NoError(n.t, err)
	require.NoError(n.t, agent.Start(n.t.Context()))
	n.addr = agent.Status().Listening[0]
	n.done = func() {
		n.done = nil
		assert.NoError(n.t, agent.Stop(context.Background()))
	}
	return agent
}

// run runs a tool and returns what it prints, with errors, trimmed.
func (n *netSNMP) run(tool string, args ...string) string {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, tool, args...)
	home := n.t.TempDir()                                                      // the tools keep engine times there
	require.NoError(n.t, os.Mkdir(filepath.Join(home, "cert_indexes"), 0o700)) // or they say that they make it
	require.NoError(n.t, os.WriteFile(filepath.Join(home, "snmp.conf"), []byte(n.conf), 0o600))
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "SNMPCONFPATH=" + home, "SNMP_PERSISTENT_DIR=" + home, "MIBS="}
	out, _ := c.CombinedOutput()
	return strings.TrimSpace(string(out))
}

func (n *netSNMP) ask(tool string, session []string, args ...string) string {
	n.t.Helper()
	return n.run(tool, append(append([]string{"-On", "-t", "10", "-r", "0"}, session...), append([]string{n.addr}, args...)...)...)
}

func v2c(community string) []string { return []string{"-v2c", "-c", community} }

func TestIntegrationTools(t *testing.T) {
	n := newNetSNMP(t)
	for i, kind := range []snmp.Kind{snmp.KindInteger, snmp.KindOctetString, snmp.KindCounter64} {
		n.mib.Object(snmptest.Object{OID: oid(ownRoot).Append(1, 1, uint32(i)+1), Kind: kind, Writable: true})
	}
	for row := range uint32(300) {
		n.mib.Put(oid(ownRoot).Append(1, 1, 1, row+1), snmp.Integer(-int32(row)))
		n.mib.Put(oid(ownRoot).Append(1, 1, 2, row+1), snmp.OctetString(fmt.Sprint("row ", row)))
		n.mib.Put(oid(ownRoot).Append(1, 1, 3, row+1), snmp.Counter64(1<<40+uint64(row)))
	}
	n.start()
	for _, version := range [][]string{{"-v1", "-c", "reader"}, v2c("reader")} {
		assert.Equal(t, sysName+` = STRING: "gateway"`, n.ask("snmpget", version, sysName))
		assert.Equal(t, sysLocation+` = STRING: "hall 3"`, n.ask("snmpgetnext", version, sysName))
	}
	assert.Contains(t, n.ask("snmpget", []string{"-v1", "-c", "reader"}, ownRoot+".1.1.3.1"), "noSuchName")
	assert.Contains(t, n.ask("snmpget", v2c("reader"), ownRoot+".1.1.3.999"), "No Such Instance")
	assert.Contains(t, n.ask("snmpget", v2c("reader"), ".1.3.6.1.9"), "No Such Object")

	assert.Equal(t, []string{sysLocation + ` = STRING: "hall 3"`, ownRoot + ".1.1.1.1 = INTEGER: 0", ownRoot + ".1.1.1.2 = INTEGER: -1"},
		strings.Split(n.ask("snmpbulkget", append(v2c("reader"), "-Cn1", "-Cr2"), sysName, ownRoot), "\n"))

	walk := strings.Split(n.ask("snmpbulkwalk", append(v2c("reader"), "-Cr50"), ownRoot), "\n")
	require.Equal(t, 900, len(walk))
	assert.Equal(t, ownRoot+".1.1.1.300 = INTEGER: -299", walk[299])
	assert.Equal(t, ownRoot+".1.1.2.1 = STRING: \"row 0\"", walk[300])
	assert.Equal(t, ownRoot+".1.1.3.300 = Counter64: 1099511628075", walk[899])
	assert.Equal(t, 600, strings.Count(n.ask("snmpwalk", []string{"-v1", "-c", "reader"}, ownRoot)+"\n", "\n"), "without Counter64")

	module := filepath.Join(t.TempDir(), "TEST-MIB")
	require.NoError(t, os.WriteFile(module, []byte(tableModule), 0o600))
	rows := strings.Split(n.run("snmptable", append(v2c("reader"), "-t", "10", "-M", filepath.Dir(module), "-m", "TEST-MIB", "-Ci", "-Cf", ",", n.addr, "TEST-MIB::tTable")...), "\n")
	require.Greater(t, len(rows), 300, rows[0])
	assert.Equal(t, []string{"index,tNumber,tText,tCount", `1,0,"row 0",1099511627776`}, rows[len(rows)-301:len(rows)-299])
	assert.Equal(t, `300,-299,"row 299",1099511628075`, rows[len(rows)-1])

	assert.Equal(t, sysName+` = STRING: "new"`, n.ask("snmpset", v2c("writer"), sysName, "s", "new"))
	assert.Equal(t, sysName+` = STRING: "new"`, n.ask("snmpget", v2c("reader"), sysName))
	assert.Contains(t, n.ask("snmpset", v2c("reader"), sysName, "s", "other"), "noAccess")
	assert.Contains(t, n.ask("snmpset", v2c("writer"), sysServices, "i", "3"), "notWritable")
	assert.Contains(t, n.ask("snmpset", v2c("writer"), sysName, "i", "3"), "wrongType")
	assert.Contains(t, n.ask("snmpset", v2c("writer"), sysName, "s", strings.Repeat("x", 256)), "wrongLength")
	assert.Equal(t, sysName+" = STRING: \"both\"\n"+ownRoot+".1.1.2.1 = STRING: \"set\"",
		n.ask("snmpset", v2c("writer"), sysName, "s", "both", ownRoot+".1.1.2.1", "s", "set"))
	assert.Contains(t, n.run("snmpget", "-v2c", "-c", "wrong", "-t", "0.2", "-r", "0", n.addr, sysName), "Timeout")
}

// tableModule is what snmptable must know of the table, as little as it takes.
const tableModule = `TEST-MIB DEFINITIONS ::= BEGIN
org         OBJECT IDENTIFIER ::= { iso 3 }
dod         OBJECT IDENTIFIER ::= { org 6 }
internet    OBJECT IDENTIFIER ::= { dod 1 }
private     OBJECT IDENTIFIER ::= { internet 4 }
enterprises OBJECT IDENTIFIER ::= { private 1 }
test        OBJECT IDENTIFIER ::= { enterprises 9999 }
tTable OBJECT-TYPE SYNTAX SEQUENCE OF TEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION "" ::= { test 1 }
tEntry OBJECT-TYPE SYNTAX TEntry MAX-ACCESS not-accessible STATUS current DESCRIPTION "" INDEX { tNumber } ::= { tTable 1 }
TEntry ::= SEQUENCE { tNumber INTEGER, tText OCTET STRING, tCount Counter64 }
tNumber OBJECT-TYPE SYNTAX INTEGER MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { tEntry 1 }
tText OBJECT-TYPE SYNTAX OCTET STRING MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { tEntry 2 }
tCount OBJECT-TYPE SYNTAX Counter64 MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { tEntry 3 }
END
`

// authName and privName are the names of the protocols in net-snmp.
func authName(a snmp.AuthProtocol) string {
	return map[snmp.AuthProtocol]string{snmp.AuthMD5: "MD5", snmp.AuthSHA1: "SHA", snmp.AuthSHA224: "SHA-224",
		snmp.AuthSHA256: "SHA-256", snmp.AuthSHA384: "SHA-384", snmp.AuthSHA512: "SHA-512"}[a]
}

func privName(p snmp.PrivProtocol) string {
	return map[snmp.PrivProtocol]string{snmp.PrivDES: "DES", snmp.PrivAES: "AES", snmp.PrivAES192: "AES-192",
		snmp.PrivAES256: "AES-256", snmp.PrivAES192C: "AES-192-C", snmp.PrivAES256C: "AES-256-C"}[p]
}

func TestIntegrationEveryProtocol(t *testing.T) {
	n := newNetSNMP(t)
	n.cfg.Users = []snmp.User{{Name: "open"}}
	var sessions [][]string
	for _, a := range []snmp.AuthProtocol{snmp.AuthMD5, snmp.AuthSHA1, snmp.AuthSHA224, snmp.AuthSHA256, snmp.AuthSHA384, snmp.AuthSHA512} {
		session := []string{"-v3", "-u", string(a), "-l", "authNoPriv", "-a", authName(a), "-A", "auth password"}
		n.cfg.Users = append(n.cfg.Users, snmp.User{Name: string(a), Auth: a, AuthPassword: newSecret("auth password")})
		sessions = append(sessions, session)
		for _, p := range []snmp.PrivProtocol{snmp.PrivDES, snmp.PrivAES, snmp.PrivAES192, snmp.PrivAES256, snmp.PrivAES192C, snmp.PrivAES256C} {
			name := string(a + "-" + snmp.AuthProtocol(p))
			n.cfg.Users = append(n.cfg.Users, snmp.User{Name: name, Auth: a, Priv: p, AuthPassword: newSecret("auth password"), PrivPassword: newSecret("priv password")})
			sessions = append(sessions, []string{"-v3", "-u", name, "-l", "authPriv", "-a", authName(a), "-A", "auth password", "-x", privName(p), "-X", "priv password"})
		}
	}
	n.start()
	want := sysName + ` = STRING: "gateway"`
	assert.Equal(t, want, n.ask("snmpget", []string{"-v3", "-u", "open", "-l", "noAuthNoPriv"}, sysName))
	for _, session := range sessions {
		assert.Equal(t, want, n.ask("snmpget", session, sysName), session)
	}
	last := sessions[len(sessions)-1]
	walk := strings.Split(n.ask("snmpbulkwalk", last, ".1.3.6.1.6.3.15"), "\n")
	assert.Equal(t, 6+1+11*len(n.cfg.Users), len(walk), "usmStats and usmUserTable")
	assert.Contains(t, n.ask("snmpbulkwalk", append(last, "-Cr60"), ".1.3"), "No more variables left")
}

func TestIntegrationNotLetIn(t *testing.T) {
	n := newNetSNMP(t)
	n.cfg.Users = []snmp.User{{Name: "user", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES, AuthPassword: newSecret("auth password"), PrivPassword: newSecret("priv password")}}
	agent := n.start()
	session := func(user, level, auth, priv string) []string {
		return []string{"-v3", "-u", user, "-l", level, "-a", "SHA-256", "-A", auth, "-x", "AES", "-X", priv}
	}
	good := session("user", "authPriv", "auth password", "priv password")
	assert.Equal(t, sysName+` = STRING: "gateway"`, n.ask("snmpget", good, sysName))
	assert.Contains(t, n.ask("snmpget", session("user", "authPriv", "wrong password", "priv password"), sysName), "Authentication failure (incorrect password, community or key)")
	assert.Contains(t, n.ask("snmpget", session("nobody", "authPriv", "auth password", "priv password"), sysName), "Unknown user name")
	assert.Contains(t, n.ask("snmpget", session("user", "authNoPriv", "auth password", "priv password"), sysName), "authorizationError")
	assert.Contains(t, n.run("snmpget", append(append([]string{"-t", "0.3", "-r", "0"}, session("user", "authPriv", "auth password", "wrong password")...), n.addr, sysName)...), "Timeout")
	c := agent.Status().Counters
	assert.EqualValues(t, 1, c.WrongDigests)
	assert.EqualValues(t, 1, c.UnknownUsers)
	assert.EqualValues(t, 1, c.Malformed, "decrypted with the wrong key")

	// snmpusm asks for the change of a key; the table is read-only.
	out := n.run("snmpusm", append(append([]string{"-t", "10", "-r", "0"}, good...), n.addr, "passwd", "auth password", "another password")...)
	assert.Contains(t, out, "noAccess")
	withContext := append([]string{"-n", "nowhere"}, good...)
	assert.Contains(t, n.ask("snmpget", withContext, sysName), "Bad context specified")
	assert.Equal(t, sysName+` = STRING: "gateway"`, n.ask("snmpget", good, sysName))
}

// The case that lets snmpd 5.9 loop for ever: an authenticated GETBULK whose
// answer does not fit into the msgMaxSize of its sender.
func TestIntegrationSmallMessages(t *testing.T) {
	n := newNetSNMP(t)
	n.cfg.Users = []snmp.User{{Name: "user", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES, AuthPassword: newSecret("auth password")}}
	n.start()
	session := []string{"-v3", "-u", "user", "-l", "authPriv", "-a", "SHA-256", "-A", "auth password", "-x", "AES", "-X", "auth password", "-Cr50"}
	count := func() int { return strings.Count(n.ask("snmpbulkget", session, ".1.3")+"\n", "\n") }
	assert.Equal(t, 50, count())
	n.conf = "sendMessageMaxSize 484\n"
	small := count()
	assert.Less(t, small, 30)
	assert.Greater(t, small, 5)
	walk := n.ask("snmpbulkwalk", session, ".1.3.6.1.2.1.11")
	assert.Equal(t, 30, strings.Count(walk+"\n", "\n"), walk)
}

func TestIntegrationRestart(t *testing.T) {
	n := newNetSNMP(t)
	n.cfg.Users = []snmp.User{{Name: "user", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES, AuthPassword: newSecret("auth password")}}
	session := []string{"-v3", "-u", "user", "-l", "authPriv", "-a", "SHA-256", "-A", "auth password", "-x", "AES", "-X", "auth password"}
	var id string
	for boots := 1; boots <= 3; boots++ {
		n.start()
		out := strings.Split(n.ask("snmpget", append([]string{"-Ox"}, session...), ".1.3.6.1.6.3.10.2.1.1.0", ".1.3.6.1.6.3.10.2.1.2.0"), "\n")
		last := len(out) - 1 // the ID may take two lines
		shown := strings.Join(out[:last], "")
		assert.Contains(t, shown, ".1.3.6.1.6.3.10.2.1.1.0 = Hex-STRING: 80 00 1F 88 05 ")
		assert.Equal(t, cmp.Or(id, shown), shown, "the engine ID stays")
		id = shown
		assert.Equal(t, fmt.Sprintf(".1.3.6.1.6.3.10.2.1.2.0 = INTEGER: %d", boots), out[last])
		n.done()
	}
}

// On all addresses, an answer leaves from the one that the request came to.
func TestIntegrationWildcard(t *testing.T) {
	for listen, ask := range map[string][]string{
		"0.0.0.0:0": {"127.0.0.1", "127.0.0.2", "127.1.2.3"},
		"[::]:0":    {"::1"},
		":0":        {"127.0.0.1", "127.0.0.2", "::1"},
	} {
		t.Run(listen, func(t *testing.T) {
			n := newNetSNMP(t)
			n.cfg.Listen = []string{listen}
			n.start()
			port := netip.MustParseAddrPort(n.addr).Port()
			for _, host := range ask {
				network := "udp:"
				if strings.Contains(host, "::") {
					network = "udp6:"
					if c, err := net.ListenPacket("udp6", "[::1]:0"); err != nil {
						t.Logf("no IPv6 here: %v", err)
						continue
					} else {
						require.NoError(t, c.Close())
					}
				}
				n.addr = network + net.JoinHostPort(host, fmt.Sprint(port))
				assert.Equal(t, sysName+` = STRING: "gateway"`, n.ask("snmpget", v2c("reader"), sysName), host)

				// A connected socket takes answers from that address only.
				c, err := net.Dial("udp", net.JoinHostPort(host, fmt.Sprint(port)))
				require.NoError(t, err)
				_, err = c.Write(request(message.V2c, "reader", message.PDU{Type: message.Get}, nulls(sysName)...))
				require.NoError(t, err)
				require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
				_, err = c.Read(make([]byte, 1500))
				assert.NoError(t, err, host)
				require.NoError(t, c.Close())
			}
		})
	}
}
