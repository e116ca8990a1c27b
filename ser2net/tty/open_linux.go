//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package tty

import (
	"cmp"
	"context"
	"errors"
	"io/fs"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/claims"
	"github.com/fieldgate/fieldgate/ser2net/internal/linepoll"
	"github.com/fieldgate/fieldgate/ser2net/internal/termio"
)

// Open opens a device, see [ser2net.Opener].
func (o *Opener) Open(ctx context.Context, device string, m ser2net.Mode) (ser2net.Port, error) {
	if err := m.Validate(); err != nil {
		return nil, &fs.PathError{Op: "open", Path: device, Err: err}
	}
	d, release, err := claims.Open(ctx, &o.held, device,
		func() (*termio.Device, error) { return start(device, m) },
		func(d *termio.Device) { _ = shut(d) })
	if err != nil {
		return nil, err
	}
	return newPort(d, release, cmp.Or(o.LinePoll, linepoll.Default)), nil
}

// start opens the device and sets it up; the lines first, see [ser2net.Mode].
func start(device string, m ser2net.Mode) (*termio.Device, error) {
	d, err := termio.Open(device)
	if err != nil {
		return nil, err
	}
	err = d.SetLines(m.DTR, m.RTS)
	if errors.Is(err, ser2net.ErrNoLines) {
		err = nil
	}
	if err == nil {
		err = d.SetExclusive(true)
	}
	if err == nil {
		err = d.SetMode(m)
	}
	if err != nil {
		return nil, errors.Join(err, shut(d))
	}
	return d, nil
}

// shut closes a device that nobody reads or writes any more. That the device
// has gone is no error here.
func shut(d *termio.Device) error {
	_ = d.Drop()
	_ = d.SetExclusive(false)
	return d.Close()
}
