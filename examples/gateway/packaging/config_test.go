package packaging

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

var update = flag.Bool("update", false, "write gateway.yaml anew")

// changes turn the file of a first start by hand into that of the packages.
var changes = [][2]string{
	{"#   gateway -check ", "#   fieldgate -check (with -state and -config as the service has them)\n#                      "},
	{"  listen: 127.0.0.1:8080      # this host only; :8080 = every address", "  listen: \":8443\"             # every address; 127.0.0.1:8443 = this host only"},
	{"telemetry:\n  enabled: true\n  period: 10s                 # 1s to 24h; default 60s", "telemetry:\n  enabled: false\n  period: 60s                 # 1s to 24h"},
	{"  destinations:               # up to 8\n    - host: 127.0.0.1         # name or address\n      port: 5150              # 1 to 65535\n      # encoding", "  destinations: []            # up to 8\n    # - host: 192.0.2.1       # name or address\n      # port: 5150            # 1 to 65535\n      # encoding"},
	{"ipsec:\n  enabled: true               # without connections there is nothing to do", "ipsec:\n  enabled: false"},
	{"openvpn:\n  enabled: true               # without instances there is nothing to do", "openvpn:\n  enabled: false"},
	{"ser2net:\n  enabled: true               # without ports there is nothing to do", "ser2net:\n  enabled: false"},
	{"curl -H \"apiKey: KEY\" http://127.0.0.1:8080/api/version", "curl -k -H \"apiKey: KEY\" https://127.0.0.1:8443/api/version"},
	{"api:\n  enabled: true", "api:\n  enabled: false"},
	{"  keys:                       # up to 64; only salted hashes are kept; gateway -new-key NAME makes one\n    - name: admin\n      hash: HASH\n", "  keys: []                    # up to 64; only salted hashes are kept; fieldgate -new-key NAME makes one\n    # - name: admin\n      # hash: what fieldgate -new-key prints\n"},
	{"points:\n  source: hub   ", "points:\n  source: none  "},
}

// The configuration of the packages is that of a first start, but that it is
// reached from the network and everything is off.
func TestDefaultConfig(t *testing.T) {
	want := string(document.FirstFile("HASH", "/etc/fieldgate/openvpn.d"))
	for _, change := range changes {
		require.Equal(t, 1, strings.Count(want, change[0]), "%q is once in document/default.yaml", change[0])
		want = strings.Replace(want, change[0], change[1], 1)
	}
	if *update {
		require.NoError(t, os.WriteFile("gateway.yaml", []byte(want), 0o600))
	}
	text, err := os.ReadFile("gateway.yaml")
	require.NoError(t, err)
	assert.Equal(t, want, string(text), "go test ./examples/gateway/packaging -run TestDefaultConfig -update")

	doc, faults := document.Parse(text)
	require.Empty(t, faults)
	assert.Empty(t, doc.Warnings())
	for name, on := range map[string]bool{
		"telemetry": doc.Telemetry.Enabled, "ipsec": doc.IPsec.Enabled, "l2tp": doc.L2TP.Enabled,
		"openvpn": doc.OpenVPN.Enabled, "ser2net": doc.Ser2net.Enabled, "snmp": doc.SNMP.Enabled, "api": doc.API.Enabled,
		"modem": doc.Modem.Source != document.SourceNone, "points": doc.Points.Source != document.SourceNone,
		"upgrade": doc.Upgrade.Enabled,
	} {
		assert.False(t, on, name)
	}
	assert.True(t, doc.Web.Encrypted(), "the page is reached from the network")
	assert.Equal(t, ":8443", doc.Web.Listen)
}
