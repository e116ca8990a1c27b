package bugst

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"go.bug.st/serial"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/claims"
	"github.com/fieldgate/fieldgate/ser2net/internal/linepoll"
)

// Opener opens serial devices. The zero value is ready. All users of a
// process should share one: it knows which devices they hold.
type Opener struct {
	// LinePoll is how often WaitLines of a port looks at the modem lines.
	// Zero means 50 ms. A line that changes and returns in between is not
	// seen.
	LinePoll time.Duration

	held   claims.Set
	narrow bool // do without the side door, as on systems that have none
}

var _ ser2net.Opener = (*Opener)(nil)

// Open opens a device, see [ser2net.Opener].
func (o *Opener) Open(ctx context.Context, device string, m ser2net.Mode) (ser2net.Port, error) {
	if err := m.Validate(); err != nil {
		return nil, &fs.PathError{Op: "open", Path: device, Err: err}
	}
	p, release, err := claims.Open(ctx, &o.held, device,
		func() (*port, error) { return o.start(device, m) },
		func(p *port) { _ = p.Close() })
	if err != nil {
		return nil, err
	}
	p.setRelease(release)
	return p, nil
}

func (o *Opener) start(device string, m ser2net.Mode) (_ *port, err error) {
	if err := refuse(m); err != nil {
		return nil, err
	}
	open := openControl // before the library, which keeps others away
	if o.narrow {
		open = openNarrow
	}
	control, err := open(device)
	if err != nil {
		return nil, err
	}
	lib, err := serial.Open(device, libraryMode(m))
	if err != nil {
		control.close()
		return nil, explain(err)
	}
	p := newPort(device, lib, control, cmp.Or(o.LinePoll, linepoll.Default))
	if err = servable(lib); err == nil {
		err = p.configure(m)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// refuse returns what the library has no means for.
func refuse(m ser2net.Mode) error {
	switch {
	case m.StopBits == ser2net.StopBits15:
		return fmt.Errorf("go.bug.st/serial has no 1.5 stop bits: %w", errors.ErrUnsupported)
	case m.RS485.Enabled:
		return fmt.Errorf("go.bug.st/serial has no RS485: %w", errors.ErrUnsupported)
	}
	return nil
}

func libraryMode(m ser2net.Mode) *serial.Mode {
	m = m.Normal()
	mode := &serial.Mode{BaudRate: m.Baud, DataBits: m.DataBits}
	switch m.Parity {
	case ser2net.ParityOdd:
		mode.Parity = serial.OddParity
	case ser2net.ParityEven:
		mode.Parity = serial.EvenParity
	case ser2net.ParityMark:
		mode.Parity = serial.MarkParity
	case ser2net.ParitySpace:
		mode.Parity = serial.SpaceParity
	}
	if m.StopBits == ser2net.StopBits2 {
		mode.StopBits = serial.TwoStopBits
	}
	return mode
}

// explain turns an error of the library into one of [ser2net.Opener].
func explain(err error) error {
	var port *serial.PortError
	if !errors.As(err, &port) {
		return err
	}
	switch port.Code() {
	case serial.PortBusy:
		return ser2net.ErrPortBusy
	case serial.PortNotFound:
		return fs.ErrNotExist
	case serial.PermissionDenied:
		return fs.ErrPermission
	}
	return err
}

// servable tries a Read of nothing: the library waits with select(2), which
// has room for 1,024 files, and panics when the port is one more.
func servable(lib serial.Port) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("go.bug.st/serial can serve no port beyond the first 1,024 files of a process: %w",
				errors.ErrUnsupported)
		}
	}()
	if err := lib.SetReadTimeout(0); err != nil {
		return err
	}
	_, _ = lib.Read(nil) // its result says nothing
	return lib.SetReadTimeout(readSlice)
}
