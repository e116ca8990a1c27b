package main

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// peer returns the path of C ser2net.
func peer(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("ser2net")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs C ser2net (make peers)")
		}
		t.Skip("needs C ser2net (make peers)")
	}
	return path
}

// began connects, waits for the device to get its opening text, and returns
// what the client gets before what the line sends.
func began(t *testing.T, port string, line pty) (string, net.Conn) {
	t.Helper()
	c := dial(t, port)
	require.NoError(t, line.SetReadDeadline(time.Now().Add(10*time.Second)))
	expect(t, line, "wake")
	const mark = "<the line>"
	send(t, line, mark)
	var got strings.Builder
	for chunk := make([]byte, 256); !strings.HasSuffix(got.String(), mark); {
		n, err := c.Read(chunk)
		got.Write(chunk[:n])
		require.NoError(t, err, "got %q", got.String())
	}
	return strings.TrimSuffix(got.String(), mark), c
}

// Both daemons read the same files, and clients of both meet the same bytes.
// What differs is left out: for \I, C writes ipv4,ADDRESS,PORT where the package
// writes the address alone, as the manual has it; in lines, C 4.3.11 knows no
// \s, and its \d stands for the settings as well.
func TestIntegrationSameAsC(t *testing.T) {
	daemons := map[string]string{"C": peer(t), "ours": program}
	for _, format := range []string{"yaml", "lines"} {
		t.Run(format, func(t *testing.T) {
			met := map[string]map[string]string{}
			for name, path := range daemons {
				t.Run(name, func(t *testing.T) { met[name] = meets(t, path, format) })
			}
			assert.Equal(t, met["C"], met["ours"])
		})
	}
}

// meets runs a daemon and returns what its clients get. Ports and devices
// differ from run to run and are replaced by words.
func meets(t *testing.T, daemon, format string) map[string]string {
	raw, telnet, rfc, gone, far, shared := freePort(t), freePort(t), freePort(t), freePort(t), freePort(t), freePort(t)
	lines := []pty{newPTY(t), newPTY(t), newPTY(t), newPTY(t)}
	var text string
	if format == "yaml" {
		text = "%YAML 1.1\n---\ndefine: &banner '\\r\\n\\o|\\N|\\p|\\d|\\B|\\x41\\101\\\\|\\Y|\\y|\\M|\\m|\\A|\\D|\\q|\\P|\\r\\n'\n" +
			connectionText("raw", "", raw, lines[0].name, "  options:\n    banner: *banner\n    openstr: wake\n") +
			connectionText("telnet", "telnet,", telnet, lines[1].name, "  options:\n    banner: \"on *(banner)\"\n    openstr: wake\n") +
			connectionText("rfc", "telnet(rfc2217),", rfc, lines[2].name, "  options:\n    openstr: wake\n") +
			connectionText("gone", "telnet,", gone, "/dev/none", "") +
			connectionText("far", "", far, lines[3].name, "  options:\n    remaddr: 192.0.2.1,0\n") +
			connectionText("shared", "", shared, lines[0].name, "")
	} else {
		text = strings.NewReplacer("RAW", raw, "TELNET", telnet, "RFC", rfc, "GONE", gone, "FAR", far, "SHARED", shared,
			"LINE0", lines[0].name, "LINE1", lines[1].name, "LINE2", lines[2].name, "LINE3", lines[3].name).Replace(
			`OPENSTR:wake:wake
BANNER:hello:\r\n\o|\N|\p|\
\B|\z\x41\101\xz\\|\Y|\y|\M|\m|\A|\D|\q|\P|\r\n
127.0.0.1,RAW:raw:0:LINE0:9600 8DATABITS NONE 1STOPBIT LOCAL openstr=wake hello
127.0.0.1,TELNET:telnet:600:LINE1:19200 LOCAL hello openstr=wake
telnet(rfc2217),tcp,127.0.0.1,RFC:raw:0:LINE2:9600 -RTSCTS LOCAL remctl openstr=wake
127.0.0.1,GONE:telnet:0:/dev/none:9600 LOCAL
127.0.0.1,FAR:raw:0:LINE3:9600 LOCAL remaddr=192.0.2.1,0
127.0.0.1,SHARED:raw:0:LINE0:9600 8DATABITS NONE 1STOPBIT LOCAL
`)
	}
	path := configFile(t, text)
	if format == "lines" {
		renamed := strings.TrimSuffix(path, ".yaml") + ".conf"
		require.NoError(t, os.Rename(path, renamed))
		path = renamed
	}
	start(t, daemon, "-n", "-r", "-u", "-c", path)

	met := map[string]string{"gone": all(t, gone), "far": all(t, far)}
	met["raw"], _ = began(t, raw, lines[0]) // stays connected
	met["telnet"], _ = began(t, telnet, lines[1])
	met["rfc 2217"], _ = began(t, rfc, lines[2])
	met["raw again"] = all(t, raw)
	met["shared"] = all(t, shared)

	words := strings.NewReplacer(raw, "RAW", telnet, "TELNET", rfc, "RFC", lines[0].name, "LINE0", lines[1].name, "LINE1")
	for key, value := range met {
		met[key] = words.Replace(value)
	}
	return met
}
