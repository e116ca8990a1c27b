package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/internal/ptypair"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// The gateway on a machine with the reference device's processor and a kernel
// of 32 bits: what an emulator of system calls cannot show, serial devices
// before all. It logs what the gateway needs of memory there.
func TestIntegrationMachine(t *testing.T) {
	program := os.Getenv("FIELDGATE_GATEWAY")
	if program == "" {
		t.Skip("runs in an emulated machine only: make test-mips-machine")
	}
	raw, telnet := openLine(t), openLine(t)
	collector := telemetrytest.NewCollector()
	t.Cleanup(collector.Close)
	host, err := os.Hostname()
	require.NoError(t, err)

	state := filepath.Join(t.TempDir(), "state")
	began := time.Now()
	p := startProgram(t, []string{program}, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	t.Logf("the pages are served after %v; memory: %s", time.Since(began), peak(t, p))
	p.login()
	key := p.key()
	ports := map[string]int{"snmp": freePort(t), "raw": freePort(t), "telnet": freePort(t)}
	edit(t, state, "period: 10s", "period: 1s")
	edit(t, state, "port: 5150", fmt.Sprintf("port: %d", collector.Destination().Port))
	edit(t, state, "system_info: false", "system_info: true")
	edit(t, state, `listen: ["0.0.0.0:161"]`, fmt.Sprintf(`listen: ["127.0.0.1:%d"]
  communities: [{community: measure7, read: all}]`, ports["snmp"]))
	edit(t, state, "snmp:\n  enabled: false", "snmp:\n  enabled: true")
	edit(t, state, `ports: []`, fmt.Sprintf(`ports:
    - {name: raw, enabled: true, listen: "127.0.0.1:%d", device: %s}
    - {name: telnet, enabled: true, listen: "127.0.0.1:%d", device: %s, protocol: telnet, rfc2217: true}`,
		ports["raw"], raw.Name(), ports["telnet"], telnet.Name()))
	p.hangUp()
	soon(t, "the configuration is taken over", func() bool { return bytes.Contains([]byte(p.stderr.String()), []byte("is taken over")) })

	emulatedTelemetry(t, collector, host, 0)
	status, body := p.get("/api/systemInfo", key)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, fmt.Sprintf(`"hostname":%q`, host))
	askMachine(t, ports["snmp"], host)
	bytesBothWays(t, ports["raw"], raw)
	setRate(t, ports["telnet"], telnet)
	t.Logf("memory, all services on: %s", peak(t, p))
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}

func openLine(t *testing.T) *ptypair.Pair {
	t.Helper()
	line, err := ptypair.Open()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, line.Close()) })
	return line
}

// askMachine asks the agent for what comes from a kernel of 32 bits.
func askMachine(t *testing.T, port int, host string) {
	t.Helper()
	manager := gosnmp.GoSNMP{
		Target: "127.0.0.1", Port: uint16(port), Community: "measure7", Version: gosnmp.Version2c,
		Timeout: 10 * time.Second, Retries: 3, MaxOids: gosnmp.MaxOids,
	}
	require.NoError(t, manager.Connect())
	defer func() { _ = manager.Conn.Close() }()
	answer, err := manager.Get([]string{".1.3.6.1.2.1.1.5.0", ".1.3.6.1.2.1.25.2.2.0", ".1.3.6.1.2.1.31.1.1.1.6.1"})
	require.NoError(t, err)
	require.Len(t, answer.Variables, 3)
	assert.Equal(t, []byte(host), answer.Variables[0].Value)
	assert.EqualValues(t, memTotal(t), answer.Variables[1].Value)
	assert.Equal(t, gosnmp.Counter64, answer.Variables[2].Type)
	objects, err := manager.BulkWalkAll(".1.3.6.1.2.1")
	require.NoError(t, err)
	assert.Greater(t, len(objects), 100)
}

func dialPort(t *testing.T, port int) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	return conn
}

func bytesBothWays(t *testing.T, port int, line *ptypair.Pair) {
	t.Helper()
	conn := dialPort(t, port)
	for _, way := range []struct{ from, to io.ReadWriter }{{conn, line}, {line, conn}} {
		sent := []byte("\x00\x01 every byte counts \xfe\xff")
		_, err := way.from.Write(sent)
		require.NoError(t, err)
		got := make([]byte, len(sent))
		_, err = io.ReadFull(way.to, got)
		require.NoError(t, err)
		assert.Equal(t, sent, got)
	}
}

// setRate sets a rate by RFC 2217 that the kernel has no code for; the
// kernel's own settings show it.
func setRate(t *testing.T, port int, line *ptypair.Pair) {
	t.Helper()
	const rate = 12345
	conn := dialPort(t, port)
	set := func(command byte) []byte {
		return []byte{255, 250, 44, command, 0, 0, rate >> 8, rate & 0xff, 255, 240}
	}
	_, err := conn.Write(append([]byte{255, 251, 44}, set(1)...)) // WILL COM-PORT-OPTION, SET-BAUDRATE
	require.NoError(t, err)
	var said []byte
	for b := make([]byte, 64); !bytes.Contains(said, set(101)); {
		n, err := conn.Read(b)
		require.NoError(t, err, "it said % x", said)
		said = append(said, b[:n]...)
	}
	device, err := unix.Open(line.Name(), unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	defer func() { _ = unix.Close(device) }()
	settings, err := unix.IoctlGetTermios(device, unix.TCGETS2)
	require.NoError(t, err)
	assert.EqualValues(t, rate, settings.Ospeed)
}
