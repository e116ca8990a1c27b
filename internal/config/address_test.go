package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/config"
)

// name63 and name253 are as long as a label and a name may be.
var (
	name63  = strings.Repeat("a", 63)
	name253 = strings.Join([]string{name63, name63, name63, name63[:61]}, ".")
)

// assertFault asserts that the faults are the one at path with that problem;
// an empty problem stands for no fault.
func assertFault(t *testing.T, faults config.Errors, path, problem string) {
	t.Helper()
	if problem == "" {
		assert.Empty(t, faults)
		return
	}
	require.Len(t, faults, 1)
	assert.Equal(t, config.FieldError{Path: path, Problem: problem}, *faults[0])
}

func TestCheckHostAccepts(t *testing.T) {
	for _, host := range []string{
		"127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1%eth0", "::ffff:192.0.2.1",
		"localhost", "a", "A", "gateway.example.com", "gateway.example.com.", "3com.com", "1a", "10.in-addr.arpa",
		"xn--mnchen-3ya.de", "a-b", "a--b", "my_host", "_sip._udp.example", name63, name253, name253 + ".",
	} {
		t.Run(host, func(t *testing.T) {
			var faults config.Errors
			faults.CheckHost("server", host)
			assert.Empty(t, faults)
		})
	}
}

func TestCheckHostRefuses(t *testing.T) {
	for _, host := range []string{
		".", "..", ".a", "a..b", "a..", "-a", "a-", "a.-b", "a b", " a", "a\n", "a/b", "a:80", "user@a", "a,b",
		"[::1]", "::1::", "fe80::1%", "127.0.0.1:80", "127.0.0", "127.0.0.256", "127.0.0.1.1", "1", "010.1.2.3",
		"10.0.0.0/8", "http://a", "münchen.de", "a\x00", "*", "$(id)", "--help", name63 + "a", "a" + name253,
	} {
		t.Run(host, func(t *testing.T) {
			var faults config.Errors
			faults.CheckHost("server", host)
			require.Len(t, faults, 1)
			assert.Equal(t, "server", faults[0].Path)
			assert.Contains(t, faults[0].Problem, "is neither a host name nor an IP address")
		})
	}
	var faults config.Errors
	faults.CheckHost("server", "")
	assertFault(t, faults, "server", "required: a host name or an IP address")
}

func TestCheckPort(t *testing.T) {
	for port, problem := range map[int]string{
		1:       "",
		502:     "",
		65535:   "",
		0:       "required: a port from 1 to 65535",
		-1:      "-1 is out of range, allowed is 1 to 65535",
		65536:   "65536 is out of range, allowed is 1 to 65535",
		70000:   "70000 is out of range, allowed is 1 to 65535",
		1 << 30: "1073741824 is out of range, allowed is 1 to 65535",
	} {
		var faults config.Errors
		faults.CheckPort("destinations[0].port", port)
		assertFault(t, faults, "destinations[0].port", problem)
	}
}

func TestCheckListen(t *testing.T) {
	const form = "is not of the form address:port, such as 127.0.0.1:8080"
	for addr, problem := range map[string]string{
		"127.0.0.1:8080":  "",
		":8080":           "",
		":0":              "",
		":65535":          "",
		"localhost:80":    "",
		"[::1]:80":        "",
		"[fe80::1%lo]:80": "",
		"":                `"" ` + form,
		"8080":            `"8080" ` + form,
		"127.0.0.1":       `"127.0.0.1" ` + form,
		"::1:80":          `"::1:80" ` + form,
		"[::1]":           `"[::1]" ` + form,
		"[::1:80":         `"[::1:80" ` + form,
		"a b:80":          `"a b" is neither a host name nor an IP address`,
		"127.0.0.256:80":  `"127.0.0.256" is neither a host name nor an IP address`,
		"localhost:":      `port "" is out of range, allowed is 0 to 65535`,
		"localhost:http":  `port "http" is out of range, allowed is 0 to 65535`,
		"localhost:65536": `port "65536" is out of range, allowed is 0 to 65535`,
		"localhost:70000": `port "70000" is out of range, allowed is 0 to 65535`,
		"localhost:-1":    `port "-1" is out of range, allowed is 0 to 65535`,
		"localhost:+80":   `port "+80" is out of range, allowed is 0 to 65535`,
		"localhost:0x50":  `port "0x50" is out of range, allowed is 0 to 65535`,
	} {
		t.Run(addr, func(t *testing.T) {
			var faults config.Errors
			faults.CheckListen("listen", addr)
			assertFault(t, faults, "listen", problem)
		})
	}
	var faults config.Errors
	faults.CheckListen("listen", "a b:70000")
	assert.Len(t, faults, 2, "host and port are judged both")
}
