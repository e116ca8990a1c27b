//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package hardware_test

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/bugst"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest/suite"
	"github.com/fieldgate/fieldgate/ser2net/tty"
)

// backends are the openers under test, with what they leave out of a rig.
var backends = []struct {
	name  string
	build func() ser2net.Opener
	limit func(r *suite.Rig)
}{
	{"tty", func() ser2net.Opener { return &tty.Opener{} }, func(*suite.Rig) {}},
	{"bugst", func() ser2net.Opener { return &bugst.Opener{} }, func(r *suite.Rig) { r.HalfStop, r.RS485 = false, false }},
}

func conformance(t *testing.T, build func(t *testing.T) suite.Rig) {
	machine(t)
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			suite.TestOpener(t, func(t *testing.T) suite.Rig {
				r := build(t)
				r.Opener = b.build()
				b.limit(&r)
				return r
			})
		})
	}
}

// peer opens the other end of a line.
func peer(t *testing.T, device string) ser2net.Port {
	p, err := new(tty.Opener).Open(t.Context(), device, ser2net.Mode{Baud: 115200})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	return p
}

// data is what the other end of a line can do that has no further wires.
type data struct{ io.ReadWriter }

func TestUART(t *testing.T) {
	conformance(t, func(t *testing.T) suite.Rig {
		return suite.Rig{
			Device: uart, Peer: data{peer(t, uartPeer)},
			AnyFrame: true, HalfStop: true, Carrier: true, Flow: true, StopsAtXOFF: true, Lines: true, Counts: true, CountsBytes: true,
			Large: 32 << 10, Unlimited: true,
		}
	})
}

func TestFTDI(t *testing.T) {
	conformance(t, func(t *testing.T) suite.Rig {
		var plug func()
		return suite.Rig{
			Device: ftdi, Peer: data{peer(t, ftdiPeer)},
			Unplug: func() { plug = unplugFTDI(t) }, Plug: func() { plug() },
			HalfStop: true, Carrier: true, Flow: true, Lines: true, Counts: true, CountsBytes: true,
			Large:     8 << 10, // qemu stops when more is on the way than a socket holds
			Unlimited: true,
		}
	})
}

// cable is the other end of the CDC-ACM device, which comes and goes with it.
type cable struct {
	t    *testing.T
	port ser2net.Port
}

func (c *cable) Read(b []byte) (int, error)  { return c.port.Read(b) }
func (c *cable) Write(b []byte) (int, error) { return c.port.Write(b) }
func (c *cable) SetBreak(on bool) error      { return c.port.(ser2net.BreakPort).SetBreak(on) }

func (c *cable) plug() {
	require.NoError(c.t, loadGadget())
	var err error
	c.port, err = new(tty.Opener).Open(context.Background(), acmPeer, ser2net.DefaultMode())
	require.NoError(c.t, err)
}

// unplug closes first, as the kernel waits for that.
func (c *cable) unplug() {
	assert.NoError(c.t, c.port.Close())
	require.NoError(c.t, unloadGadget())
}

// The gadget does not go on after its peer has left with data on the way, so
// each case has a cable of its own.
func TestACM(t *testing.T) {
	machine(t)
	if _, err := os.Stat(gadget); err != nil {
		t.Skip("the kernel of this machine has no gadgets")
	}
	conformance(t, func(t *testing.T) suite.Rig {
		c := &cable{t: t}
		c.plug()
		t.Cleanup(c.unplug)
		return suite.Rig{
			Device: acm, Peer: c, Unplug: c.unplug, Plug: c.plug,
			AnyRate: true, AnyFrame: true, HalfStop: true, Carrier: true, Flow: true, Lines: true, Counts: true,
			ZeroForBreak: true,
		}
	})
}
