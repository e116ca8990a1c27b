package main

import (
	"io"
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

// began returns what a client gets while nothing happens for a while.
func began(t *testing.T, port string) string {
	t.Helper()
	c := dial(t, port)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(700*time.Millisecond)))
	text, err := io.ReadAll(c)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded, "got %q", text)
	require.NoError(t, c.Close())
	return string(text)
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
			connectionText("raw", "", raw, lines[0].name, "  options:\n    banner: *banner\n    openstr: 'wake'\n") +
			connectionText("telnet", "telnet,", telnet, lines[1].name, "  options:\n    banner: \"on *(banner)\"\n") +
			connectionText("rfc", "telnet(rfc2217),", rfc, lines[2].name, "") +
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
127.0.0.1,TELNET:telnet:600:LINE1:19200 LOCAL hello
telnet(rfc2217),tcp,127.0.0.1,RFC:raw:0:LINE2:9600 -RTSCTS LOCAL remctl
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

	met := map[string]string{
		"telnet": began(t, telnet), "rfc 2217": began(t, rfc), "gone": all(t, gone), "far": all(t, far),
	}
	c := dial(t, raw)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(700*time.Millisecond)))
	greeted, err := io.ReadAll(c)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	met["raw"] = string(greeted)
	require.NoError(t, lines[0].SetReadDeadline(time.Now().Add(5*time.Second)))
	expect(t, lines[0], "wake")
	met["raw again"] = all(t, raw)
	met["shared"] = all(t, shared)

	words := strings.NewReplacer(raw, "RAW", telnet, "TELNET", rfc, "RFC", lines[0].name, "LINE0", lines[1].name, "LINE1")
	for key, value := range met {
		met[key] = words.Replace(value)
	}
	return met
}
