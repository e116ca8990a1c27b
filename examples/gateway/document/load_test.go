package document

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/telemetry"
)

func TestDefaultFile(t *testing.T) {
	hash, err := api.HashKey("correct horse battery")
	require.NoError(t, err)
	doc, faults := Parse(FirstFile(hash.Reveal(), "/etc/openvpn"))
	require.Empty(t, faults)

	want := Default()
	want.Telemetry.Enabled = true
	want.Telemetry.Period = telemetry.Duration(10 * time.Second)
	want.Telemetry.Destinations = []telemetry.Destination{{Host: "127.0.0.1", Port: 5150}}
	want.IPsec.Enabled, want.OpenVPN.Enabled, want.Ser2net.Enabled = true, true, true
	want.OpenVPN.Folder = openvpn.Folder{Enabled: true, Path: "/etc/openvpn"}
	want.API.Enabled = true
	want.API.Keys = []api.Key{{Name: "admin", Hash: hash}}
	assert.Equal(t, want, doc)
}

// What the file shows in comments can be used as it stands there.
func TestDefaultFileExamples(t *testing.T) {
	var text []string
	inExample, example := false, regexp.MustCompile(`^(- |communities:|users:|destinations:)`)
	for line := range strings.Lines(string(FirstFile("", "/etc/openvpn"))) {
		trimmed := strings.TrimSpace(line)
		if !strings.HasPrefix(trimmed, "# ") {
			inExample = false
		} else if rest := strings.TrimPrefix(trimmed, "# "); inExample || example.MatchString(rest) {
			last := len(text) - 1
			text[last] = strings.Replace(text[last], ": []", ":", 1)
			line = strings.Replace(line, "# ", "", 1)
			inExample = true
		}
		text = append(text, line)
	}
	doc, faults := Parse([]byte(strings.Join(text, "")))
	for _, f := range faults {
		assert.True(t, strings.HasPrefix(f.Path, "api.keys"), "%+v", f) // has no hash here
	}
	assert.Len(t, doc.IPsec.Connections, 1)
	assert.Len(t, doc.IPsec.CertificateSets, 1)
	assert.Len(t, doc.L2TP.Clients, 1)
	assert.Len(t, doc.OpenVPN.Instances, 1)
	assert.Len(t, doc.Ser2net.Ports, 1)
	assert.Len(t, doc.SNMP.Users, 1)
	assert.Len(t, doc.SNMP.Notifications.Destinations, 1)
}

func TestWebEncrypts(t *testing.T) {
	for listen, local := range map[string]bool{"127.0.0.1:1": true, "[::1]:1": true, "localhost:1": true, ":1": false, "0.0.0.0:1": false, "192.0.2.1:1": false} {
		assert.Equal(t, !local, Web{Listen: listen, TLS: TLSAuto}.Encrypted(), listen)
		assert.True(t, Web{Listen: listen, TLS: TLSOn}.Encrypted(), listen)
		assert.False(t, Web{Listen: listen, TLS: TLSOff}.Encrypted(), listen)
		doc := Default()
		doc.Web.Listen, doc.Web.TLS = listen, TLSOff
		assert.Equal(t, !local, strings.Contains(strings.Join(doc.Warnings(), " "), "web.tls"), listen)
	}
}

func TestKeysLeftOutStandAtTheirDefaults(t *testing.T) {
	doc, faults := Parse([]byte("web:\n  listen: :80\n"))
	require.Empty(t, faults)
	want := Default()
	want.Web.Listen = ":80"
	assert.Equal(t, want, doc)
}

// Every fault is named at once, in the order of the file, with line, column
// and path.
func TestBadConfigurations(t *testing.T) {
	hash, err := api.HashKey("correct horse battery")
	require.NoError(t, err)
	for name, c := range map[string]struct{ yaml, want string }{
		"unknown key": {
			"telemetry:\n  enabled: false\n  perod: 10s\n",
			"f:3:3: telemetry.perod: unknown key",
		},
		"unknown section": {
			"snpm: {}\n",
			"f:1:1: snpm: unknown key",
		},
		"wrong type": {
			"telemetry:\n  enabled: perhaps\n",
			`f:2:12: telemetry.enabled: "perhaps", want true or false`,
		},
		"wrong type of a list": {
			"telemetry:\n  destinations: here\n",
			`f:2:17: telemetry.destinations: "here", want a list`,
		},
		"port 70000": {
			"telemetry:\n  destinations:\n    - host: a\n      port: 70000\n",
			"f:4:13: telemetry.destinations[0].port: 70000 is out of range, allowed is 1 to 65535",
		},
		"port is text": {
			"telemetry:\n  destinations:\n    - host: a\n      port: http\n",
			`f:4:13: telemetry.destinations[0].port: "http", want a whole number`,
		},
		"period 1 ms": {
			"telemetry:\n  period: 1ms\n",
			"f:2:11: telemetry.period: 0.001s is out of range, allowed is 1s to 24h",
		},
		"period is no duration": {
			"telemetry:\n  period: soon\n",
			`f:2:11: telemetry.period: "soon" is not a duration (such as 90, 90s, 1m30s, 2h, 1d): number and unit cannot be read`,
		},
		"empty server": {
			"telemetry:\n  enabled: true\n  destinations:\n    - host: \"\"\n      port: 5150\n",
			"f:4:13: telemetry.destinations[0].host: required: a host name or an IP address",
		},
		"missing keys are placed at their group": {
			"telemetry:\n  destinations:\n    - {}\n",
			"f:3:7: telemetry.destinations[0].host: required: a host name or an IP address\n" +
				"f:3:7: telemetry.destinations[0].port: required: a port from 1 to 65535",
		},
		"several faults at once": {
			"web:\n  listen: nowhere\ntelemetry:\n  enabled: 1x\n  period: 25h\n  bogus: 1\n  destinations:\n    - host: a b\n      port: 70000\n",
			"f:2:11: web.listen: \"nowhere\" is not of the form address:port, such as 127.0.0.1:8080\n" +
				"f:4:12: telemetry.enabled: \"1x\", want true or false\n" +
				"f:5:11: telemetry.period: 90000s is out of range, allowed is 1s to 24h\n" +
				"f:6:3: telemetry.bogus: unknown key\n" +
				"f:8:13: telemetry.destinations[0].host: \"a b\" is neither a host name nor an IP address\n" +
				"f:9:13: telemetry.destinations[0].port: 70000 is out of range, allowed is 1 to 65535",
		},
		"key given twice": {
			"web: {}\nweb: {}\n",
			`f:2:1: web: mapping key "web" already defined at line 1`,
		},
		"unknown word": {
			"syslog:\n  source: printer\n",
			`f:2:11: syslog.source: unknown word "printer", want gateway, file, journal, logread`,
		},
		"api without a key": {
			"api:\n  enabled: true\n",
			"f:2:3: api.keys: a key hash is needed here: gateway -new-key NAME makes a key and prints what to put here",
		},
		"no YAML":       {"web: [\n", "f:2:1: did not find expected node content"},
		"two documents": {"web: {}\n---\nweb: {}\n", "f: expected single document, found multiple"},
		"empty file":    {"", "f: the file holds no configuration"},
		"null":          {"null\n", "f: the file holds no configuration"},
		"merge keys":    {"x: &t {period: 0}\ntelemetry:\n  <<: *t\n", "f:3:3: telemetry.<<: merge keys are not supported, write the keys out"},
		"one port for two": {
			"api:\n  enabled: true\n  authentication: none\n  listen: :8080\n",
			"f:4:11: api.listen: this is the port of web.listen: leave api.listen empty to serve both there, or take another port",
		},
		"tls without a port of its own": {
			"api:\n  tls:\n    enabled: true\n",
			"f:3:14: api.tls.enabled: on web.listen the web server encrypts, see web.tls: switch this off, or give the API an address of its own in api.listen",
		},
		"restrictions of a key": {
			"api:\n  keys:\n    - name: a\n      hash: HASH\n      endpoints: [version, gsmInfo]\n      sources: [10.0.0.0]\n      expires: soon\n",
			"f:5:28: api.keys[0].endpoints[1]: unknown word \"gsmInfo\", want actions, device_info, device_tag_value, device_tags, devices, gsm_info, sync, sync_version, syslog, system_info, sysupgrade, tags, version\n" +
				"f:6:17: api.keys[0].sources[0]: \"10.0.0.0\", want addresses such as 192.168.1.0/24\n" +
				"f:7:16: api.keys[0].expires: \"soon\", want a time such as 2027-12-31T23:59:59Z",
		},
		"modem without its port": {
			"modem:\n  source: at\n  baud: 12\n  modem: \"0\"\n",
			"f:2:3: modem.device: required with source at: the path of the command port, such as /dev/ttyUSB2\n" +
				"f:3:9: modem.baud: 12 is out of range, allowed is 50 to 4000000, or 0 for 115200\n" +
				"f:4:10: modem.modem: only used with source modemmanager",
		},
		"unknown sources": {
			"modem: {source: usb}\npoints: {source: mqtt}\n",
			"f:1:17: modem.source: unknown word \"usb\", want none, at, modemmanager\n" +
				"f:2:18: points.source: unknown word \"mqtt\", want hub, redis, none",
		},
		"tag bus": {
			"points:\n  source: redis\n  redis:\n    address: \"nowhere\"\n    value_topic: in\n    devices:\n      - alias: INV 1\n        tgs: []\n",
			"f:4:14: points.redis.address: \"nowhere\" is not of the form address:port, such as 127.0.0.1:8080\n" +
				"f:5:18: points.redis.value_topic: unknown word \"in\", want rin, out\n" +
				"f:7:16: points.redis.devices[0].alias: \"INV 1\" is no alias of 1 to 64 letters, digits, - and _\n" +
				"f:8:9: points.redis.devices[0].tgs: unknown key",
		},
		"firmware": {
			"upgrade:\n  enabled: true\n  board: x\n  trusted_keys: [RWbad]\n  apply_command: [sysupgrade]\n  folder: images\n",
			"f:2:3: upgrade.boards: required: the names that an image for this device may carry\n" +
				"f:3:3: upgrade.board: unknown key\n" +
				"f:4:18: upgrade.trusted_keys[0]: is no public key of minisign: 56 characters that begin with \"RW\", the last line of minisign.pub\n" +
				"f:5:18: upgrade.apply_command: {file} must stand in it exactly once, in place of the image's path\n" +
				"f:5:19: upgrade.apply_command[0]: \"sysupgrade\" is not the absolute path of a program\n" +
				"f:6:11: upgrade.folder: \"images\" is no absolute path of a folder below /, such as /tmp/firmware",
		},
		"serial that moves the cursor": {
			"device:\n  serial: \"a\\nb\"\n",
			`f:2:11: device.serial: "a\nb" holds characters that cannot be printed`,
		},
		"only a list":    {"- web\n", "f:1:1: a list stands here, want a group of keys"},
		"binary rubbish": {"\x00\x01\xff", "f: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := Parse([]byte(strings.Replace(c.yaml, "HASH", hash.Reveal(), 1)))
			require.NotEmpty(t, faults)
			got := (&Error{"f", faults}).Error()
			if name == "binary rubbish" {
				assert.Contains(t, got, c.want)
				return
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	huge, pipe := filepath.Join(dir, "huge.yaml"), filepath.Join(dir, "pipe")
	require.NoError(t, os.WriteFile(huge, make([]byte, MaxSize+1), 0o600))
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for path, want := range map[string]string{
		huge: "too large", pipe: "not a regular file", "/dev/zero": "not a regular file", dir: "not a regular file",
		filepath.Join(dir, "none"): "no such file",
	} {
		_, err := ReadFile(path)
		require.ErrorContains(t, err, want)
	}
}

// A secret never shows in a fault.
func TestFaultsHideSecrets(t *testing.T) {
	_, faults := Parse([]byte("api:\n  enabled: true\n  keys:\n    - name: a\n      hash: mistyped-key-0815\n"))
	require.Len(t, faults, 1)
	assert.NotContains(t, (&Error{"f", faults}).Error(), "0815")
}

func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(defaultYAML))
	f.Add([]byte("telemetry:\n  destinations:\n    - {host: a, port: 70000}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, faults := Parse(text)
		if len(faults) == 0 {
			assert.Empty(t, doc.Faults())
		}
	})
}
