package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/internal/ptypair"
	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// emulated is the gateway as it is released for the reference device (32 bits,
// big-endian, no floating point unit), on an emulated processor.
// docs/emulation.md tells what the emulator cannot do.
var emulated = sync.OnceValues(func() ([]string, error) {
	emulator, err := exec.LookPath("qemu-mips-static")
	if err != nil {
		return nil, err
	}
	native, err := binary()
	if err != nil {
		return nil, err
	}
	path := native + "-mips" // goes with it
	out, err := exec.Command("../../scripts/build-gateway", "mips,GOMIPS=softfloat", path).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return []string{emulator, path}, err
})

// startEmulated starts it, and tells how long it takes until the pages are
// served.
func startEmulated(t *testing.T, state string, args ...string) *process {
	t.Helper()
	program, err := emulated()
	if errors.Is(err, exec.ErrNotFound) {
		skip(t, "needs qemu-user-static: "+err.Error())
	}
	require.NoError(t, err)
	began := time.Now()
	p := startProgram(t, program, state, args...)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	t.Logf("the pages are served after %v", time.Since(began))
	return p
}

// freePort returns a port of 127.0.0.1 that nobody has, for TCP and UDP.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		port := l.Addr().(*net.TCPAddr).Port
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		require.NoError(t, l.Close())
		if err == nil {
			require.NoError(t, c.Close())
			return port
		}
	}
	require.Fail(t, "there is no free port")
	return 0
}

// Every service of the reference device's gateway, with real peers that are
// native programs: telemetry, SNMP, API, pages, OpenVPN and IPsec; through a
// reload, a save, an end and another start.
func TestIntegrationEmulated(t *testing.T) {
	v := newVPN(t)
	require.NoError(t, os.Remove(filepath.Join(v.state, "gateway.yaml"))) // this is a first start
	pair, err := twohosts.New(twohosts.Options{})
	if errors.Is(err, twohosts.ErrUnavailable) {
		skip(t, err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, pair.Close()) })
	require.NoError(t, pair.B.Load(t.Context(), ipsecPeer))
	line, err := ptypair.Open()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, line.Close()) })
	collector := telemetrytest.NewCollector()
	t.Cleanup(collector.Close)
	host, err := os.Hostname()
	require.NoError(t, err)

	args := []string{"-charon", pair.A.Socket(), "-openvpn", v.program}
	p := startEmulated(t, v.state, args...)
	p.login()
	assert.Contains(t, p.page(), host)
	key := p.key()
	require.Len(t, key, 32)

	// what the first start wrote, with all that is off switched on
	ports := map[string]int{"snmp": freePort(t), "api": freePort(t), "serial": freePort(t)}
	edit(t, v.state, "period: 10s", "period: 1s")
	edit(t, v.state, "port: 5150", fmt.Sprintf("port: %d", collector.Destination().Port))
	for _, endpoint := range []string{"version", "system_info"} {
		edit(t, v.state, endpoint+": false", endpoint+": true")
	}
	edit(t, v.state, `connections: []`, `connections:
    - {name: demo0, enabled: true, gateway: 192.0.2.2, local_subnets: 10.10.12.0/24, remote_subnets: 10.10.10.0/24,
       pre_shared_key: thebigsecret, phase1: ike, phase2: esp, start_action: start}`)
	edit(t, v.state, `phase1_proposals: [] `, `phase1_proposals: [{name: ike, encryption: aes256, hash: sha256, dh: 14}] `)
	edit(t, v.state, `phase2_proposals: [] `, `phase2_proposals: [{name: esp, encryption: aes128, hash: sha256}] `)
	edit(t, v.state, `instances: []`, `instances:
    - name: office
      enabled: true
      remotes: [{host: 192.0.2.1}]
      files: {ca: ca.crt, cert: client.crt, key: client.key}
      options:
        - {name: remote-cert-tls, args: [server]}
        - {name: persist-tun, args: []}`)
	edit(t, v.state, `ports: []`, fmt.Sprintf(`ports:
    - {name: meter, enabled: true, listen: "127.0.0.1:%d", device: %s}`, ports["serial"], line.Name()))
	edit(t, v.state, `listen: ["0.0.0.0:161"]`, fmt.Sprintf(`listen: ["127.0.0.1:%d"]
  communities: [{community: measure7, read: all}]
  users: [{name: monitor, auth: sha256, priv: aes, auth_password: authenticates, priv_password: keepsitsecret, read: all}]`, ports["snmp"]))
	edit(t, v.state, "snmp:\n  enabled: false", "snmp:\n  enabled: true")
	p.hangUp()
	soon(t, "the configuration is taken over", func() bool {
		return strings.Contains(p.stderr.String(), "the configuration is taken over")
	})

	var boot uint32
	t.Run("telemetry", func(t *testing.T) { boot = emulatedTelemetry(t, collector, host, 0) })
	t.Run("snmp", func(t *testing.T) { emulatedSNMP(t, ports["snmp"], host) })
	t.Run("api", func(t *testing.T) {
		status, body := p.get("/api/version", key)
		assert.Equal(t, http.StatusOK, status, body)
		_, body = p.get("/api/systemInfo", key)
		assert.Contains(t, body, fmt.Sprintf(`"hostname":%q`, host))
		status, _ = p.get("/api/version", key+"x")
		assert.Equal(t, http.StatusUnauthorized, status)
	})
	t.Run("ser2net", func(t *testing.T) {
		// The emulator lacks TCGETS2, so that no device can be opened: who
		// connects is told so.
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(ports["serial"])))
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
		said, err := io.ReadAll(conn)
		require.NoError(t, err)
		assert.Contains(t, string(said), "not implemented")
	})
	t.Run("openvpn", func(t *testing.T) {
		soon(t, "the tunnel is up", func() bool { return p.itemState("openvpn", "office") == string(openvpn.StateConnected) })
		v.ping()
		assert.Len(t, v.children(), 1)
	})
	t.Run("ipsec", func(t *testing.T) {
		soon(t, "the tunnel is up", func() bool { return p.itemState("ipsec", "demo0") == "up" })
		children, err := pair.A.Installed(t.Context(), "")
		require.NoError(t, err)
		assert.Len(t, children, 1)
	})
	t.Run("save", func(t *testing.T) {
		_, form := p.get("/config/device", "")
		base := formBase.FindStringSubmatch(form)
		require.NotNil(t, base, form)
		status, body := p.post("/config/device", url.Values{"base": {base[1]}, "model": {"emulated gateway"}, "action": {"apply"}})
		require.Equal(t, http.StatusOK, status, body)
	})
	t.Logf("memory with the emulator: %s", peak(t, p))
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
	assert.Empty(t, v.children(), "SIGTERM ends tunnels")
	children, err := pair.A.Installed(t.Context(), "")
	require.NoError(t, err)
	assert.Empty(t, children, "SIGTERM ends tunnels")

	// The native program reads what the emulated one wrote.
	doc := readDocument(t, v.state)
	assert.Equal(t, "emulated gateway", doc.Device.Model)
	assert.Equal(t, time.Second, doc.Telemetry.Period.Std())
	require.Len(t, doc.IPsec.Connections, 1)
	assert.Equal(t, "thebigsecret", doc.IPsec.Connections[0].PreSharedKey.Reveal())
	require.Len(t, doc.OpenVPN.Instances, 1)
	assert.True(t, doc.SNMP.Enabled)

	// once more, all of it over TLS
	rewrite(t, v.state, `(?m)^(  tls: )auto`, `${1}on`)
	rewrite(t, v.state, `(?ms)^(api:.*?^  listen: )""`, fmt.Sprintf(`${1}"127.0.0.1:%d"`, ports["api"]))
	rewrite(t, v.state, `(?ms)^(api:.*?^  tls:[^\n]*\n    enabled: )false`, `${1}true`)
	password := p.password
	p = startEmulated(t, v.state, args...)
	p.password = password
	began := time.Now()
	status, _ := p.get("/login", "")
	t.Logf("first answer over TLS: %v", time.Since(began))
	assert.Equal(t, http.StatusOK, status)
	p.login()
	t.Run("api over TLS", func(t *testing.T) { emulatedTLS(t, v.state, ports["api"], key) })
	t.Run("again", func(t *testing.T) {
		emulatedTelemetry(t, collector, host, boot)
		emulatedSNMP(t, ports["snmp"], host)
		soon(t, "the tunnel is up", func() bool { return p.itemState("openvpn", "office") == string(openvpn.StateConnected) })
		soon(t, "the tunnel is up", func() bool { return p.itemState("ipsec", "demo0") == "up" })
	})
	t.Logf("memory with the emulator: %s", peak(t, p))
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}

// emulatedTelemetry expects two reports about this host, one after the other,
// of a start of the agent that is later than the one of that number. It
// returns the number of that start.
func emulatedTelemetry(t *testing.T, collector *telemetrytest.Collector, host string, after uint32) (boot uint32) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	first, err := collector.Next(ctx)
	require.NoError(t, err)
	second, err := collector.Next(ctx)
	require.NoError(t, err)
	for first.Boot.Value <= after || second.Boot != first.Boot { // what was underway, or the end of a start
		first = second
		second, err = collector.Next(ctx)
		require.NoError(t, err)
	}
	assert.Equal(t, first.Seq+1, second.Seq)
	assert.Equal(t, host, second.Host.Value)
	assert.InDelta(t, procUptime(t), second.Uptime.Value, 120)
	assert.Equal(t, memTotal(t), second.Memory.Total.Value)
	_, err = collector.Malformed()
	assert.NoError(t, err)
	return second.Boot.Value
}

func memTotal(t *testing.T) (kib uint64) {
	t.Helper()
	text, err := os.ReadFile("/proc/meminfo")
	require.NoError(t, err)
	_, err = fmt.Sscanf(string(text), "MemTotal: %d kB", &kib)
	require.NoError(t, err)
	return kib
}

// emulatedSNMP asks by the tools of net-snmp.
func emulatedSNMP(t *testing.T, port int, host string) {
	agent := fmt.Sprintf("udp:127.0.0.1:%d", port)
	ask := func(tool string, args ...string) string {
		t.Helper()
		if _, err := exec.LookPath(tool); err != nil {
			skip(t, "needs "+tool)
		}
		out, err := exec.Command(tool, append([]string{"-On", "-t", "10", "-r", "3"}, args...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	v2 := []string{"-v", "2c", "-c", "measure7", agent}
	v3 := []string{"-v", "3", "-u", "monitor", "-l", "authPriv", "-a", "SHA-256", "-A", "authenticates", "-x", "AES", "-X", "keepsitsecret", agent}
	for name, by := range map[string][]string{"v2c": v2, "v3": v3} {
		said := ask("snmpget", append(by, ".1.3.6.1.2.1.1.5.0", ".1.3.6.1.2.1.25.2.2.0")...)
		assert.Contains(t, said, `STRING: "`+host+`"`, name)
		assert.Contains(t, said, fmt.Sprintf("INTEGER: %d", memTotal(t)), name)
		said = ask("snmpwalk", append(by, ".1.3.6.1.2.1")...)
		assert.Contains(t, said, `.1.3.6.1.2.1.2.2.1.2.1 = STRING: "lo"`, name)
		assert.Contains(t, said, ".1.3.6.1.2.1.31.1.1.1.6.1 = Counter64: ", name)
		assert.Greater(t, strings.Count(said, "\n"), 100, name)
	}
}

// emulatedTLS asks the API for its version over TLS that is proven by the
// gateway's own certificate.
func emulatedTLS(t *testing.T, state string, port int, key string) {
	pem, err := os.ReadFile(filepath.Join(state, "api-tls.pem"))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("https://localhost:%d/api/version", port), nil)
	require.NoError(t, err)
	r.Header.Set("apiKey", key)
	resp, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	assert.Equal(t, http.StatusOK, resp.StatusCode)
}

// rewrite replaces what a pattern finds first in the stored configuration.
func rewrite(t *testing.T, state, pattern, with string) {
	t.Helper()
	path := filepath.Join(state, "gateway.yaml")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	found := regexp.MustCompile(pattern)
	at := found.FindSubmatchIndex(text)
	require.NotNil(t, at, "%s in %s", pattern, text)
	next := found.Expand(text[:at[0]:at[0]], []byte(with), text, at)
	require.NoError(t, os.WriteFile(path, append(next, text[at[1]:]...), 0o600))
}

// readDocument reads the configuration of a state folder.
func readDocument(t *testing.T, state string) document.Document {
	t.Helper()
	doc, err := options{state: state}.read()
	require.NoError(t, err)
	return doc
}

// peak is the memory of a process: resident now and at most.
func peak(t *testing.T, p *process) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	require.NoError(t, err)
	var said []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "VmHWM") {
			said = append(said, strings.Join(strings.Fields(line), " "))
		}
	}
	return strings.Join(said, ", ")
}

// A client sets a simulated serial line by RFC 2217, and bytes go both ways.
func TestIntegrationEmulatedSerial(t *testing.T) {
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import serial").Run() != nil {
		skip(t, "needs python3-serial")
	}
	port := freePort(t)
	state := newState(t, fmt.Sprintf(`
telemetry: {enabled: false}
ser2net:
  enabled: true
  ports: [{name: meter, enabled: true, listen: "127.0.0.1:%d", device: /dev/ttyS1, protocol: telnet, rfc2217: true}]
`, port))
	p := startEmulated(t, state, "-simulate")
	out, err := exec.Command(python, "-c", `
import serial, sys
port = serial.serial_for_url("rfc2217://127.0.0.1:" + sys.argv[1], baudrate=115200, bytesize=7, parity="E", timeout=30)
assert port.ri in (True, False)
port.write(b"0123456789")
while True:
    line = port.readline()
    assert line, "nothing came"
    if line == b"OK 10 bytes\r\n":
        break
port.baudrate = 38400 # fails unless the server confirms it
port.close()
`, strconv.Itoa(port)).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}
