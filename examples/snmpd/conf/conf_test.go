package conf_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/snmpd/conf"
	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/snmp"
)

// host reads files of testdata, and knows one name.
func host() conf.Host {
	h := conf.OS()
	h.Resolve = func(name string) ([]netip.Addr, error) {
		if name == "localhost" {
			return []netip.Addr{netip.MustParseAddr("::1"), netip.MustParseAddr("127.0.0.1")}, nil
		}
		return nil, errors.New("no such host")
	}
	return h
}

func parse(text string) *conf.File {
	return conf.Parse([]conf.Input{{Name: "snmpd.conf", Text: []byte(text)}}, host())
}

// Each file of testdata comes to what stands beside it. Set UPDATE=1 to write
// that anew.
// Quotes around a text are no part of it; within it they are.
func TestSystemTexts(t *testing.T) {
	f := parse("sysLocation \"Rack 5\"\nsysContact \"me\" and \"you\"\nsysName \"\n")
	assert.Equal(t, snmp.System{Location: "Rack 5", Contact: `"me" and "you"`, Name: `"`}, f.Config.System)
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.conf")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			file := conf.Parse([]conf.Input{{Name: path, Text: text}}, host())
			var b strings.Builder
			for _, n := range file.Notes {
				b.WriteString("# " + n.String() + "\n")
			}
			file.Notes = nil
			out, err := json.MarshalIndent(file, "", "  ")
			require.NoError(t, err)
			b.Write(append(out, '\n'))
			golden := path + ".golden"
			if os.Getenv("UPDATE") != "" {
				require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), b.String())
			valid(t, file)
		})
	}
}

// valid checks that package snmp takes what was read.
func valid(t *testing.T, file *conf.File) {
	t.Helper()
	file.Config.Enabled, file.Config.Listen = true, append(file.Config.Listen, "127.0.0.1:0")
	require.NoError(t, file.Config.Validate())
}

// What the golden files do not show.
func TestSecrets(t *testing.T) {
	file := parse(`
engineID text
rocommunity 'two words'
createUser a SHA-256 "it's \"quoted\"" AES "other password"
createUser b SHA -l 0x000102030405060708090a0b0c0d0e0f10111213 AES -l 000102030405060708090a0b0c0d0e0f10111213
createUser c MD5 -m 0x9faf3283884e92834ebc9847d8edd963
trapsess -u d -l authPriv -a SHA -A "long password" -x AES -X "other password" 192.0.2.1
trapsink 192.0.2.1 "the community"
`)
	require.Empty(t, file.Notes)
	assert.Equal(t, config.NewSecret("two words"), file.Config.Communities[0].Community)
	users := map[string]snmp.User{}
	for _, u := range file.Config.Users {
		users[u.Name] = u
	}
	assert.Equal(t, `it's "quoted"`, users["a"].AuthPassword.Reveal())
	assert.Equal(t, "other password", users["a"].PrivPassword.Reveal())
	assert.Equal(t, "000102030405060708090a0b0c0d0e0f10111213", users["b"].AuthKey.Reveal())
	assert.Equal(t, "000102030405060708090a0b0c0d0e0f", users["b"].PrivKey.Reveal(), "AES takes 16 octets")
	assert.Len(t, users["c"].AuthKey.Reveal(), 32)
	assert.Equal(t, "long password", users["d"].AuthPassword.Reveal())
	assert.Equal(t, "the community", file.Config.Notifications.Destinations[1].Community.Reveal())
	valid(t, file)
}

// RFC 3414, appendix A.3.1: a key of -m is localized as there.
func TestMasterKey(t *testing.T) {
	file := parse("exactEngineID 0x000000000000000000000002\ncreateUser a MD5 -m 0x9faf3283884e92834ebc9847d8edd963\n")
	require.Empty(t, file.Notes)
	assert.Equal(t, "526f5eed9fcce26f8964c2930787d82b", file.Config.Users[0].AuthKey.Reveal())
}

func TestListenAndTarget(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "0.0.0.0:161",
		"udp:161":                "0.0.0.0:161",
		"1161":                   "0.0.0.0:1161",
		"udp:1161":               "0.0.0.0:1161",
		"UDP:127.0.0.1:1161":     "127.0.0.1:1161",
		"127.0.0.1":              "127.0.0.1:161",
		"127.0.0.1:0":            "127.0.0.1:0",
		"udp6:161":               "[::]:161",
		"udp6:[::1]":             "[::1]:161",
		"udp6:[::1]:1161":        "[::1]:1161",
		"udpv6:[fe80::1%eth0]:7": "[fe80::1%eth0]:7",
		"[::1]:1161":             "[::1]:1161",
		"::1":                    "[::1]:161",
		"*:1161":                 "0.0.0.0:1161",
		"localhost:1161":         "127.0.0.1:1161",
		"udp6:localhost:1161":    "[::1]:1161",
		"tcp:161":                `"tcp:161": only UDP is supported`,
		"unix:/tmp/x":            `"unix:/tmp/x": only UDP is supported`,
		"127.0.0.1:70000":        `"127.0.0.1:70000": "70000" is no port`,
		"[::1":                   `"[::1": want [ADDRESS]:PORT`,
		"nowhere":                `"nowhere": cannot resolve the host: no such host`,
	} {
		got, err := host().Listen(text)
		if err != nil {
			got = err.Error()
		}
		assert.Equal(t, want, got, "%q", text)
	}
	got, err := host().Target("udp:192.0.2.1")
	require.NoError(t, err)
	assert.Equal(t, "192.0.2.1:162", got)
	for _, text := range []string{"", "162", "192.0.2.1:0"} {
		_, err := host().Target(text)
		assert.Error(t, err, "%q is no receiver", text)
	}
}

// What snmpd has and this agent has not is not unknown.
func TestUnsupported(t *testing.T) {
	for _, name := range []string{
		"v1trapaddress", "dontLogTCPWrappersConnects", "maxGetbulkRepeats", "perlInitFile", "agentSecName", "iquerySecName",
		"skipNFSInHostResources", "realStorageUnits", "strictDisman", "defTarget", "sourceFilterType", "notificationFilter", "persistentUser",
	} {
		file := parse(name + " x")
		require.Len(t, file.Notes, 1, name)
		assert.Equal(t, "snmpd.conf: line 1: Warning: "+name+" is not supported, the line has no effect.", file.Notes[0].String())
	}
}

// A folder to include may be empty, as Debian's is, but not absent.
func TestIncludeDir(t *testing.T) {
	folder := t.TempDir()
	assert.Empty(t, parse("includeDir "+folder+"\n").Notes)
	notes := parse("includeDir " + folder + "/absent\n").Notes
	require.Len(t, notes, 1)
	assert.Equal(t, "snmpd.conf: line 1: Error: Can't open include dir '"+folder+"/absent'.", notes[0].String())
}

// The levels of -l are those of snmpcmd, which has more words for them.
func TestSessionLevel(t *testing.T) {
	for text, want := range map[string]snmp.Level{
		"1": snmp.NoAuthNoPriv, "nanp": snmp.NoAuthNoPriv, "noAuth": snmp.NoAuthNoPriv, "2": snmp.AuthNoPriv, "anp": snmp.AuthNoPriv,
		"authNoPriv": snmp.AuthNoPriv, "3": snmp.AuthPriv, "ap": snmp.AuthPriv, "priv": snmp.AuthPriv,
	} {
		file := parse("trapsess -v3 -u x -l " + text + " -a SHA -A longpassword -x AES -X otherpassword 192.0.2.1\n")
		require.Empty(t, file.Notes, text)
		assert.Equal(t, want, file.Config.Notifications.Destinations[0].Level, text)
	}
	assert.NotEmpty(t, parse("trapsess -v3 -u x -l pa 192.0.2.1\n").Notes)
}

func TestWords(t *testing.T) {
	for line, want := range map[string][]string{
		"":                   nil,
		"a b\tc":             {"a", "b", "c"},
		`"a b" 'c "d' e`:     {"a b", `c "d`, "e"},
		`a\ b "c\"d" 'e\'f'`: {"a b", `c"d`, "e'f"},
		"a #b c":             {"a"},
		"a#b":                {"a#b"},
		`"" x`:               {"", "x"},
		`"open end`:          {"open end"},
		`end\`:               {`end\`},
	} {
		assert.Equal(t, want, conf.Words(line), "%q", line)
	}
}

// A file that includes itself ends, and so does a report about nonsense.
func TestBounds(t *testing.T) {
	h := host()
	h.Read = func(string, int) ([]byte, error) { return []byte(strings.Repeat("includeFile x\n", 3)), nil }
	file := conf.Parse([]conf.Input{{Name: "/x", Text: []byte("includeFile x\n")}}, h)
	assert.LessOrEqual(t, len(file.Notes), 200)
	assert.Contains(t, fmt.Sprint(file.Notes[0]), "nested too deep")
	h.Read = func(string, int) ([]byte, error) { return nil, fs.ErrPermission }
	file = conf.Parse([]conf.Input{{Name: "/x", Text: []byte("includeFile y\n" + strings.Repeat("nonsense\n", 1000))}}, h)
	assert.Len(t, file.Notes, 200)
	assert.Equal(t, "/x: line 1: Error: Included file '/y' not found.", file.Notes[0].String())
}

// Whatever the text is, what comes out is a configuration that package snmp
// takes.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.conf")
	require.NoError(f, err)
	for _, path := range files {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		for line := range strings.Lines(string(text)) {
			f.Add([]byte(line))
		}
		f.Add(text)
	}
	h := host()
	h.Read = func(string, int) ([]byte, error) { return nil, fs.ErrNotExist }
	h.Glob = func(string) ([]string, error) { return nil, nil }
	f.Fuzz(func(t *testing.T, text []byte) {
		file := conf.Parse([]conf.Input{{Name: "snmpd.conf", Text: text}}, h)
		if len(file.Config.Listen) > 20 || len(file.Config.Notifications.Destinations) > 20 {
			return // more than package snmp takes
		}
		valid(t, file)
	})
}
