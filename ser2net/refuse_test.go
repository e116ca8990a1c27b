package ser2net_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
	"github.com/fieldgate/fieldgate/ser2net/tlsport"
)

// options is what C ser2net sends on a telnet connection before all else.
const options = "\xff\xfb\x03\xff\xfd\x03\xff\xfb\x01\xff\xfe\x01\xff\xfd\x00\xff\xfb\x00"

func telnet(p *ser2net.PortConfig)  { p.Protocol = ser2net.ProtocolTelnet }
func rfc2217(p *ser2net.PortConfig) { p.Protocol, p.RFC2217 = ser2net.ProtocolTelnet, true }

// Every text is the one that C ser2net sends.
func TestRefusals(t *testing.T) {
	beside := port(func(p *ser2net.PortConfig) { p.Name, p.Listen = "b", "127.0.0.1:2" })
	for name, c := range map[string]struct {
		before func(r *rig)
		addr   string
		want   string
	}{
		"place_taken":    {func(r *rig) { r.connect() }, "127.0.0.1:1", "Port already in use\r\n"},
		"other_port":     {func(r *rig) { r.connect() }, "127.0.0.1:2", "Port's device already in use\r\n"},
		"other_program":  {func(r *rig) { r.line.Occupy(true) }, "127.0.0.1:1", "Port's device already in use\r\n"},
		"device_missing": {func(r *rig) { r.line.Unplug() }, "127.0.0.1:1", "Device open failure: Value or file not found\r\n"},
		"no_permission": {
			func(r *rig) { r.hardware.FailNext(fs.ErrPermission) },
			"127.0.0.1:1", "Device open failure: Permission denied\r\n",
		},
		"open_hangs": {func(r *rig) { r.hardware.Delay(time.Hour) }, "127.0.0.1:1", "Device open failure: Operation timed out\r\n"},
		"other_error": {
			func(r *rig) { r.hardware.FailNext(errors.New("no\r\nconnection")) },
			"127.0.0.1:1", "Device open failure: no, connection\r\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, config(port(), beside), func(t *testing.T, r *rig) {
				c.before(r)
				client := r.dial(c.addr)
				sleep(t, "11s")
				assert.Equal(t, c.want, client.heard())
				assert.True(t, client.ended())
			})
		})
	}
}

func TestTelnetRefusalFollowsTheOptions(t *testing.T) {
	for name, c := range map[string]struct {
		protocol func(*ser2net.PortConfig)
		options  string
	}{
		"telnet": {telnet, options}, "rfc2217": {rfc2217, options + "\xff\xfd\x2c"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, config(port(c.protocol)), func(t *testing.T, r *rig) {
				first := r.connect()
				assert.Equal(t, c.options, first.heard())
				client := r.connect()
				assert.Equal(t, c.options+"Port already in use\r\n", client.heard())
				assert.True(t, client.ended())
				assert.False(t, first.ended())
			})
		})
	}
}

func TestKick(t *testing.T) {
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.OnBusy = ser2net.OnBusyKick })), func(t *testing.T, r *rig) {
		old := r.connect()
		client := r.connect()
		assert.Equal(t, "kicked off, new user is coming\r\n", old.heard())
		assert.True(t, old.ended())
		client.send("mine")
		assert.Equal(t, "mine", r.hear())
		r.say("yours")
		assert.Equal(t, "yours", client.heard())
		assert.Len(t, r.service.Status().Ports[0].Clients, 1)
	})
}

func TestKickTheOldestOfTwo(t *testing.T) {
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.OnBusy, p.MaxClients = ser2net.OnBusyKick, 2 })), func(t *testing.T, r *rig) {
		one, two, three := r.connect(), r.connect(), r.connect()
		assert.True(t, one.ended())
		r.say("x")
		assert.Equal(t, "x", two.heard())
		assert.Equal(t, "x", three.heard())
		assert.EqualValues(t, 1, r.service.Status().Ports[0].Opens, "the device stays open")
	})
}

// A client that waits for a device to open has its place already.
func TestKickWhileTheDeviceOpens(t *testing.T) {
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.OnBusy = ser2net.OnBusyKick })), func(t *testing.T, r *rig) {
		r.hardware.Delay(time.Second)
		old := r.connect()
		client := r.connect()
		assert.Equal(t, "kicked off, new user is coming\r\n", old.heard())
		assert.True(t, old.ended())
		sleep(t, "2s")
		client.send("mine")
		assert.Equal(t, "mine", r.hear())
	})
}

// A driver that does another rate would let only garbage through.
func TestWrongRateIsRefused(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) { p.Mode.Baud = 250000 }))
	bubbleOn(t, c, ser2nettest.Hardware{MaxBaud: 115200}, func(t *testing.T, r *rig) {
		client := r.connect()
		assert.Equal(t, "Device open failure: the driver does 9600 baud, not 250000\r\n", client.heard())
		assert.True(t, client.ended())
		assert.Zero(t, r.hardware.InUse())
		assert.Contains(t, r.service.Status().Ports[0].LastError, "9600 baud, not 250000")
	})
}

func TestAllowList(t *testing.T) {
	for name, c := range map[string]struct {
		protocol func(*ser2net.PortConfig)
		allow    string
		want     string
	}{
		"allowed":        {func(*ser2net.PortConfig) {}, "127.0.0.0/8", ""},
		"refused":        {func(*ser2net.PortConfig) {}, "192.0.2.0/24", "Accessed denied due to your net address\r\n"},
		"refused_telnet": {telnet, "192.0.2.0/24", options + "Accessed denied due to your net address\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hardware := new(ser2nettest.Opener)
			line := hardware.Add(device, ser2nettest.Hardware{})
			s := startReal(t, hardware, port(c.protocol, func(p *ser2net.PortConfig) {
				p.Listen, p.Allow = "127.0.0.1:0", []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix(c.allow)}
			}))
			conn := dialReal(t, s, 0)
			if c.want != "" {
				got, err := io.ReadAll(conn)
				require.NoError(t, err)
				assert.Equal(t, c.want, string(got))
				return
			}
			_, err := conn.Write([]byte("x"))
			require.NoError(t, err)
			_, err = io.ReadFull(line.Far(), make([]byte, 1))
			require.NoError(t, err)
		})
	}
}

// startReal starts a proxy on real sockets.
func startReal(t *testing.T, opener ser2net.Opener, ports ...ser2net.PortConfig) *ser2net.Service {
	t.Helper()
	s, err := ser2net.New(config(ports...), ser2net.Options{Opener: opener, TLS: tlsport.Load, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	return s
}

// dialReal connects to the i-th port.
func dialReal(t *testing.T, s *ser2net.Service, i int) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Status().Ports[i].Listening)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}
