package main

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// asked runs gateway -doctor and returns what it prints, and its exit status.
func asked(t *testing.T, state string) (string, int) {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	cmd := exec.Command(path, "-state", state, "-doctor")
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// A simulated device is healthy; what is damaged on its page of faults is told
// by the page of the doctor, and by gateway -doctor, until it is mended.
func TestIntegrationDoctorOfSimulation(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	out, status := asked(t, state)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, out, "The gateway does not run on the state folder")
	assert.NoDirExists(t, state, "who looks changes nothing")

	collector := telemetrytest.NewCollector()
	defer collector.Close()
	p := startGateway(t, state, "-simulate")
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	p.login()
	_, number, err := net.SplitHostPort(collector.Addr())
	require.NoError(t, err)
	edit(t, state, "port: 5150", "port: "+number)
	for _, taken := range []string{"127.0.0.1:5001", "127.0.0.1:5002", "127.0.0.1:1161"} { // by another test
		edit(t, state, taken, "127.0.0.1:0")
	}
	p.hangUp()
	soon(t, "the device is healthy", func() bool { out, status = asked(t, state); return status == exitOK })
	assert.Equal(t, "Nothing is wrong.\n", out)
	for _, path := range []string{"/ipsec", "/l2tp", "/openvpn", "/ser2net", "/snmp"} {
		code, page := p.get(path, "")
		assert.Equal(t, http.StatusOK, code, path)
		assert.NotContains(t, page, "simulated-key", path)
	}

	for fault, want := range map[string]string{
		"kill-charon":   "The IKE daemon, charon, does not answer",
		"drop-peer":     "The peer 192.0.2.10 does not answer.",
		"unplug-serial": "There is no device /dev/ttyUSB0.",
		"fill-disk":     "The disk is full",
	} {
		code, page := p.post("/faults", url.Values{"fault": {fault}, "on": {"yes"}})
		require.Equal(t, http.StatusOK, code, page)
		soon(t, fault+" is found", func() bool { _, page = p.get("/doctor", ""); return strings.Contains(page, want) })
		out, status = asked(t, state)
		assert.Equal(t, exitFailed, status)
		assert.Contains(t, out, want)
		if fault == "fill-disk" {
			_, page = p.get("/config/device", "")
			m := formBase.FindStringSubmatch(page)
			require.NotNil(t, m)
			_, page = p.post("/config/device", url.Values{"base": {m[1]}, "model": {"x"}, "action": {"save"}})
			assert.Contains(t, page, "no space left on device")
		}
		_, page = p.post("/faults", url.Values{"fault": {fault}, "on": {"no"}})
		assert.NotContains(t, page, ">Mend</button>")
		soon(t, fault+" is mended", func() bool { _, page = p.get("/doctor", ""); return strings.Contains(page, "Nothing is wrong.") })
	}
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
	out, status = asked(t, state)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, out, "does not run")
}

// What the host lacks is a finding with the command that brings it.
func TestDoctorTellsWhatIsMissing(t *testing.T) {
	h := host{exists: func(path string) bool { return path == "/usr/bin/apt-get" || path == "/usr/sbin/pppd" }, now: earliest()}
	var all []string
	for _, f := range doctor.Run(t.Context(), doctor.Facts{Document: everything(), Missing: h.missing(everything(), false)}) {
		all = append(all, f.String())
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{
		"fault: ipsec: charon, the IKE daemon, is not installed (no /var/run/charon.vici). Mend it with: apt install charon-systemd strongswan-swanctl",
		"fault: openvpn: openvpn is not installed. Mend it with: apt install openvpn",
		"fault: openvpn: the kernel has no tun devices (no /dev/net/tun). Mend it with: modprobe tun",
		"fault: ser2net: port meter: there is no device /dev/ttyS7: is it plugged in? Bring it",
	} {
		assert.Contains(t, text, want)
	}
}

// The socket of the doctor is for its owner only.
func TestIntegrationDoctorSocket(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	folder, err := runFolder("", state)
	require.NoError(t, err)
	var info os.FileInfo
	soon(t, "it is there", func() bool {
		info, err = os.Stat(filepath.Join(folder, doctorSocket))
		return err == nil && info.Mode().Perm() == 0o600
	})
	soon(t, "a real device is looked at", func() bool {
		out, _ := asked(t, state)
		return strings.Contains(out, "fault: telemetry 127.0.0.1:5150: Nobody listens at the collector")
	})
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM))
}
