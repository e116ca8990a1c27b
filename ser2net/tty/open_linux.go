//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package tty

import (
	"cmp"
	"context"
	"errors"
	"io/fs"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/termio"
)

// Open opens a device, see [ser2net.Opener].
func (o *Opener) Open(ctx context.Context, device string, m ser2net.Mode) (ser2net.Port, error) {
	return o.openWith(ctx, device, m, start)
}

// openWith calls start in a goroutine, as the driver may hang.
func (o *Opener) openWith(ctx context.Context, device string, m ser2net.Mode,
	start func(string, ser2net.Mode) (*termio.Device, error),
) (ser2net.Port, error) {
	failed := func(err error) (ser2net.Port, error) {
		return nil, &fs.PathError{Op: "open", Path: device, Err: err}
	}
	if err := m.Validate(); err != nil {
		return failed(err)
	}
	if err := ctx.Err(); err != nil {
		return failed(err)
	}
	release, err := o.held.Take(device)
	if err != nil {
		return failed(reason(err))
	}

	type result struct {
		device *termio.Device
		err    error
	}
	opened := make(chan result)
	go func() {
		d, err := start(device, m)
		select {
		case opened <- result{d, err}:
			return
		case <-ctx.Done(): // nobody waits any more
		}
		if d != nil {
			_ = shut(d)
		}
		release()
	}()
	select {
	case r := <-opened:
		if r.err != nil {
			release()
			return failed(reason(r.err))
		}
		return newPort(r.device, release, cmp.Or(o.LinePoll, DefaultLinePoll)), nil
	case <-ctx.Done():
		return failed(ctx.Err())
	}
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

// shut closes a device that nobody reads or writes any more.
func shut(d *termio.Device) error {
	// The kernel would wait up to 30 s for output that the line does not
	// take. An error here means that the device has gone, which is fine.
	if n, err := d.Pending(); err == nil && n > 0 {
		_ = d.Flush(false, true)
	}
	_ = d.SetExclusive(false)
	return d.Close()
}

// reason strips operation and name, which Open puts in front itself.
func reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
