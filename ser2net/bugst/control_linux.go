//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package bugst

import (
	"context"

	"go.bug.st/serial"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/termio"
)

// side is the control by a second opening of the device.
type side struct{ device *termio.Device }

func openControl(device string) (control, error) {
	d, err := termio.Open(device)
	if err != nil {
		return nil, err
	}
	return side{d}, nil
}

func (side) attach(serial.Port) {}

func (s side) mode() (ser2net.Mode, error)  { return s.device.Mode() }
func (s side) setMode(m ser2net.Mode) error { return s.device.SetMode(m) }

func (s side) lines() (ser2net.Lines, error) { return s.device.Lines() }
func (s side) setLines(dtr, rts *bool) error { return s.device.SetLines(dtr, rts) }

func (s side) setBreak(ctx context.Context, on bool) error { return s.device.SetBreak(ctx, on) }
func (s side) drain(ctx context.Context) error             { return s.device.Drain(ctx) }
func (s side) counters() (ser2net.Counters, error)         { return s.device.Counters() }

func (s side) drop()   { _ = s.device.Drop() }
func (s side) wake()   { _ = s.device.Wake() }
func (s side) hangUp() { _ = s.device.HangUp() }
func (s side) close()  { _ = s.device.Close() }
