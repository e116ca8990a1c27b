package ser2net_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

// onFake starts a proxy on real sockets with a device in memory.
func onFake(t *testing.T, hw ser2nettest.Hardware, changes ...func(*ser2net.PortConfig)) (*ser2net.Service, *ser2nettest.Line) {
	t.Helper()
	hardware := new(ser2nettest.Opener)
	line := hardware.Add(device, hw)
	p := port(changes...)
	p.Listen = "127.0.0.1:0"
	return startReal(t, hardware, p), line
}

// needsTCPInfo skips a test where the kernel's word on a connection comes
// wrong: qemu-user takes the first bytes of struct tcp_info for one number, and
// turns them around for a big-endian processor.
func needsTCPInfo(t *testing.T) {
	t.Helper()
	s, _ := onFake(t, ser2nettest.Hardware{})
	raw, err := dialReal(t, s, 0).SyscallConn()
	require.NoError(t, err)
	const established = 1 // of tcp_states.h, the first byte
	var info int
	require.NoError(t, raw.Control(func(fd uintptr) {
		info, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_INFO)
	}))
	require.NoError(t, err)
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 && info == established {
		t.Skip("the emulator turns struct tcp_info around")
	}
}

func empty(s *ser2net.Service) func() bool {
	return func() bool { return len(s.Status().Ports[0].Clients) == 0 }
}

// The port of a device that takes nothing is not kept by clients that have
// gone, however they went.
func TestWedgedDeviceIsNotKeptByTheDead(t *testing.T) {
	t.Parallel()
	needsTCPInfo(t)
	cases := []struct {
		name string
		die  func(s *ser2net.Service, conn *net.TCPConn) error
	}{
		{"reset", func(_ *ser2net.Service, conn *net.TCPConn) error { return errors.Join(conn.SetLinger(0), conn.Close()) }},
		{"closed", func(_ *ser2net.Service, conn *net.TCPConn) error { return conn.Close() }},
		{"cut_off", func(_ *ser2net.Service, conn *net.TCPConn) error { deaf(t, conn); return nil }},
		{"disconnected", func(s *ser2net.Service, _ *net.TCPConn) error { return s.Disconnect("a", 0) }},
	}
	services, lines := make([]*ser2net.Service, len(cases)), make([]*ser2nettest.Line, len(cases))
	for i, c := range cases { // all at a time, since they wait most of it
		services[i], lines[i] = onFake(t, ser2nettest.Hardware{}, func(p *ser2net.PortConfig) { p.KeepAlive, p.UserTimeout = seconds(1), seconds(3) })
		lines[i].Wedge(true)
		conn := dialReal(t, services[i], 0)
		_, err := conn.Write(make([]byte, 30_000)) // more than is read at a time
		require.NoError(t, err)
		require.Eventually(t, func() bool { return services[i].Status().Ports[0].ToDevice > 256 }, 10*time.Second, time.Millisecond, "stuck")
		require.NoError(t, c.die(services[i], conn))
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Eventually(t, empty(services[i]), 30*time.Second, 10*time.Millisecond)
			lines[i].Wedge(false)
			_, err := dialReal(t, services[i], 0).Write([]byte("next"))
			require.NoError(t, err)
			expect(t, lines[i].Far(), "next")
		})
	}
}

// Who comes at once after a crash finds the place free, not taken by its own
// dead connection.
func TestNewcomerFindsTheDead(t *testing.T) {
	t.Parallel()
	needsTCPInfo(t)
	s, line := onFake(t, ser2nettest.Hardware{})
	line.Wedge(true)
	conn := dialReal(t, s, 0)
	_, err := conn.Write(make([]byte, 30_000))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.Status().Ports[0].ToDevice > 256 }, 10*time.Second, time.Millisecond, "stuck")
	require.NoError(t, conn.SetLinger(0))
	require.NoError(t, conn.Close())
	next := dialReal(t, s, 0)
	line.Wedge(false)
	_, err = next.Write([]byte("next"))
	require.NoError(t, err)
	expect(t, line.Far(), "next")
	assert.Len(t, s.Status().Ports[0].Clients, 1)
}

// Who has closed in good order is served to the end by a device that is only
// slow: longer than one that takes nothing is waited for.
func TestSlowDeviceGetsEverything(t *testing.T) {
	t.Parallel()
	s, line := onFake(t, ser2nettest.Hardware{Paced: true})
	conn := dialReal(t, s, 0)
	want := pattern(16 << 10) // 17 s
	_, err := conn.Write([]byte(want))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	got := make([]byte, len(want))
	_, err = io.ReadFull(line.Far(), got)
	require.NoError(t, err)
	assert.Equal(t, want, string(got))
	assert.Eventually(t, empty(s), 10*time.Second, 10*time.Millisecond)
}

// A storm of breaks ends with the client that sent it.
func TestBreakStormEndsWithItsClient(t *testing.T) {
	t.Parallel()
	needsTCPInfo(t)
	s, _ := onFake(t, ser2nettest.Hardware{}, telnet)
	conn := dialReal(t, s, 0)
	_, err := conn.Write([]byte(strings.Repeat("\xff\xf3.", 5000))) // 20 minutes of them
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !empty(s)() }, 10*time.Second, time.Millisecond)
	require.NoError(t, conn.Close())
	assert.Eventually(t, empty(s), 30*time.Second, 10*time.Millisecond)
}
