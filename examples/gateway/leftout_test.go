package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/telemetry"
)

// wanting is a configuration that enables every service.
const wanting = `
telemetry: {enabled: true, destinations: [{host: 127.0.0.1, port: 5150}]}
ipsec: {enabled: true}
l2tp: {enabled: true, clients: [{name: office, enabled: true, gateway: 192.0.2.1, username: a, password: b, ipsec: {pre_shared_key: a long random text}}]}
openvpn: {enabled: true, folder: {enabled: false}}
ser2net: {enabled: true, ports: [{name: meter, enabled: true, device: /dev/nowhere, listen: "127.0.0.1:0"}]}
snmp: {enabled: true, listen: ["127.0.0.1:0"], communities: [{community: fieldgate-test, version: v2c, read: all}]}
api: {enabled: true, authentication: none}
points: {source: hub}
modem: {source: modemmanager}
`

// services are those that each build tag leaves out.
var leftOutBy = map[string][]string{
	"no_telemetry": {"telemetry"}, "no_ipsec": {"ipsec", "l2tp"}, "no_openvpn": {"openvpn"}, "no_ser2net": {"ser2net"}, "no_snmp": {"snmp"},
	"no_api": {"api"}, "no_points": {"points"}, "no_modem": {"modem"}, "no_dtls": {}, "no_simulate": {},
}

// What was left out says so in the log, on the page, to the doctor and to
// programs; everything else runs. FIELDGATE_LEFT_OUT=each builds the program
// with each tag, too.
func TestIntegrationLeftOut(t *testing.T) {
	var everything []string
	for tag := range leftOutBy {
		everything = append(everything, tag)
	}
	sets := [][]string{everything, {"no_ipsec"}}
	if os.Getenv("FIELDGATE_LEFT_OUT") == "each" {
		for _, tag := range everything {
			if tag != "no_ipsec" {
				sets = append(sets, []string{tag})
			}
		}
	}
	for _, tags := range sets {
		name := strings.Join(tags, ",")
		if len(tags) > 1 {
			name = "everything"
		}
		t.Run(name, func(t *testing.T) { leaveOut(t, tags) })
	}
}

func leaveOut(t *testing.T, tags []string) {
	program := filepath.Join(t.TempDir(), "gateway")
	out, err := exec.Command("go", "build", "-tags", strings.Join(tags, ","), "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	var gone []string
	for _, tag := range tags {
		gone = append(gone, leftOutBy[tag]...)
	}
	state := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.Mkdir(state, 0o700))
	config := filepath.Join(state, "wanting.yaml")
	require.NoError(t, os.WriteFile(config, []byte(wanting), 0o600))

	out, err = exec.Command(program, "-config", config, "-state", state, "-check").CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, service := range gone {
		assert.Contains(t, string(out), "warning: this gateway was built without "+service+", which the configuration enables\n")
	}

	p := startProgram(t, []string{program}, state, "-config", config, "-charon", filepath.Join(state, "no-charon"))
	require.NotEmpty(t, p.url, "%s", &p.stderr)
	p.login()
	status, all := p.get("/services/status", "")
	require.Equal(t, 200, status, all)
	status, page := p.get("/", "")
	require.Equal(t, 200, status, page)
	for _, service := range gone {
		said := "this gateway was built without " + service
		assert.Contains(t, all, `{"service":"`+service+`","what":"`+said+`, which the configuration enables","left_out":true}`)
		assert.Contains(t, all, `"detail":"`+said+`","left_out":true`)
		assert.Contains(t, page, said)
		assert.Contains(t, p.stderr.String(), said)
	}
	assert.Equal(t, 2*len(gone), strings.Count(all, `"left_out":true`), all)
	for path, service := range map[string]string{
		"/telemetry": "telemetry", "/ipsec": "ipsec", "/l2tp": "l2tp", "/openvpn": "openvpn", "/ser2net": "ser2net", "/snmp": "snmp", "/api-settings": "api", "/tags": "points",
	} {
		_, page := p.get(path, "")
		assert.Equal(t, slices.Contains(gone, service), strings.Contains(page, "This gateway was built without this service"), service)
	}
	for _, path := range []string{
		"/snmp/browse", "/config", "/doctor", "/log", "/upgrade", "/metrics", "/services/details", "/api/version",
		"/services/items/ipsec", "/services/items/l2tp", "/services/items/openvpn", "/services/items/ser2net",
	} {
		status, answer := p.get(path, "")
		assert.Less(t, status, 500, "%s: %s", path, answer)
	}

	examined, err := exec.Command(program, "-config", config, "-state", state, "-doctor").CombinedOutput()
	assert.Error(t, err, "there is something wrong")
	for _, service := range gone {
		assert.Contains(t, string(examined), "this gateway was built without "+service+", which the configuration enables.")
		assert.Contains(t, string(examined), "Disable it, or install a gateway that was built with it.")
	}
	assert.Zero(t, p.end(syscall.SIGTERM), "%s", &p.stderr)
	assert.NotContains(t, p.stderr.String(), "panic")

	if len(tags) > 1 {
		out, err = exec.Command(program, "-simulate", "-state", filepath.Join(t.TempDir(), "state"), "-listen", "127.0.0.1:0").CombinedOutput()
		assert.Error(t, err)
		assert.Contains(t, string(out), "this gateway was built without -simulate")
	}
}

func TestNothingIsLeftOut(t *testing.T) {
	var doc document.Document
	doc.Telemetry = telemetry.Config{Enabled: true, Destinations: []telemetry.Destination{{Transport: telemetry.TransportDTLS}}}
	doc.OpenVPN = openvpn.Config{Enabled: true}
	doc.IPsec.Enabled, doc.L2TP.Enabled, doc.Ser2net.Enabled, doc.SNMP.Enabled, doc.API.Enabled = true, true, true, true, true
	doc.Modem.Source, doc.Points.Source = document.ModemAT, document.PointsHub
	assert.Equal(t, []control.Missing(nil), missingParts(doc))
}
