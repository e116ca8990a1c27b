package ser2net_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

// A fault of the program, here of its driver, ends one connection or one use
// of the device, and nothing else.
func TestPanicEndsNothingElse(t *testing.T) {
	boom := func(op string) func(string, []byte) error {
		return func(at string, data []byte) error {
			if at == op && bytes.Contains(data, []byte("boom")) {
				panic("out of order")
			}
			return nil
		}
	}
	c := config(port(func(p *ser2net.PortConfig) { p.MaxClients = 2 }), second())
	t.Run("write", func(t *testing.T) {
		bubbleDriven(t, c, ser2nettest.Hardware{}, boom("write"), func(t *testing.T, r *rig) {
			r.hardware.Add("/dev/ttyUSB1", ser2nettest.Hardware{})
			other, beside := r.dial("127.0.0.1:2"), r.connect()
			for range 2 {
				bad := r.connect()
				bad.send("boom")
				assert.True(t, bad.ended())
			}
			beside.send("fine")
			assert.Equal(t, "fine", r.hear())
			assert.False(t, other.ended())
			assert.Equal(t, "internal error: out of order", r.service.Status().Ports[0].LastError)
			assert.Contains(t, r.kinds(), ser2net.EventFailed)
			assert.Equal(t, 1, strings.Count(r.logged(), "stack="), "once is enough")
			assert.Contains(t, r.logged(), "guard_test.go")
		})
	})
	t.Run("read", func(t *testing.T) {
		bubbleDriven(t, c, ser2nettest.Hardware{}, boom("read"), func(t *testing.T, r *rig) {
			client := r.connect()
			r.say("boom")
			assert.True(t, client.ended())
			again := r.connect()
			r.say("fine")
			assert.Equal(t, "fine", again.heard())
		})
	})
	t.Run("handshake", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			network, hardware := new(memnet.Network), new(ser2nettest.Opener)
			hardware.Add(device, ser2nettest.Hardware{})
			calls := 0
			s, err := ser2net.New(config(port(func(p *ser2net.PortConfig) { p.TLS.CertFile, p.TLS.KeyFile = "c", "k" })), ser2net.Options{
				Opener: hardware, Listen: network.Listen,
				TLS: func(ser2net.TLS) (ser2net.Handshake, error) {
					return func(_ context.Context, conn net.Conn) (net.Conn, string, error) {
						if calls++; calls == 1 {
							panic("out of order")
						}
						return conn, "", nil
					}, nil
				},
			})
			require.NoError(t, err)
			require.NoError(t, s.Start(t.Context()))
			for _, ends := range []bool{true, false} {
				conn, err := network.Dial(t.Context(), "tcp", "127.0.0.1:1")
				require.NoError(t, err)
				client := newPeer(t, conn)
				assert.Equal(t, ends, client.ended())
			}
			require.NoError(t, s.Stop(t.Context()))
		})
	})
}

// A driver that hangs holds up neither Status nor, for long, Stop.
func TestDriverHangs(t *testing.T) {
	for _, c := range []struct {
		name, op string
		limit    time.Duration
	}{
		{"asked_by_status", "mode", 0},
		{"asked_by_a_client", "lines", 5 * time.Second},
		{"asked_for_errors", "counters", 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			var hangs atomic.Pointer[chan struct{}]
			bubbleDriven(t, config(port(rfc2217)), ser2nettest.Hardware{}, func(op string, _ []byte) error {
				if release := hangs.Load(); op == c.op && release != nil {
					<-*release
				}
				return nil
			}, func(t *testing.T, r *rig) {
				client := r.connect()
				release := make(chan struct{})
				hangs.Store(&release)
				if c.op == "mode" {
					r.service.Status()
				} else {
					client.send(willComPort + com(10, "\x1e"))
					sleep(t, "1s")
				}
				begun := time.Now()
				require.NoError(t, r.service.Stop(t.Context()))
				assert.Equal(t, c.limit, time.Since(begun))
				if c.limit > 0 {
					assert.Equal(t, "the driver of /dev/ttyUSB0 hangs, the port was given up", r.service.Status().Ports[0].LastError)
				}
				assert.True(t, client.ended())
				close(release)
			})
		})
	}
}
