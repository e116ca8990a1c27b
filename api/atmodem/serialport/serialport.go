// Package serialport opens the command port of a modem with the library
// go.bug.st/serial, for package atmodem. It works on Linux, macOS, the BSDs and
// Windows.
package serialport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"go.bug.st/serial"

	"github.com/fieldgate/fieldgate/api/atmodem"
)

// Port is a serial device.
type Port struct {
	// Device is its name, such as "/dev/ttyUSB2"; better a lasting one below
	// /dev/serial/by-id. Required.
	Device string
	// Baud is the speed in bit/s, with 8 data bits, no parity and one stop
	// bit. Zero means 115200. Modems on USB take any.
	Baud int
}

var _ atmodem.Opener = Port{}.Open

// defaultBaud is the speed most modems start with, or find.
const defaultBaud = 115200

// Open opens the device for this process alone. The error wraps
// fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid (speed) or ctx's; a device
// in use is an error that says so.
func (p Port) Open(ctx context.Context) (io.ReadWriteCloser, error) {
	type result struct {
		port *port
		err  error
	}
	done := make(chan result, 1)
	go func() { // a driver may hang in open(2)
		opened, err := p.open()
		done <- result{opened, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, &fs.PathError{Op: "open", Path: p.Device, Err: r.err}
		}
		return r.port, nil
	case <-ctx.Done():
		go func() {
			if r := <-done; r.err == nil {
				_ = r.port.Close()
			}
		}()
		return nil, &fs.PathError{Op: "open", Path: p.Device, Err: ctx.Err()}
	}
}

func (p Port) open() (*port, error) {
	baud := cmp.Or(p.Baud, defaultBaud)
	if baud < 0 {
		return nil, fmt.Errorf("%w: a speed of %d bit/s", fs.ErrInvalid, baud)
	}
	lib, err := serial.Open(p.Device, &serial.Mode{BaudRate: baud})
	if err != nil {
		return nil, explain(err, baud)
	}
	opened := &port{lib: lib}
	if err := opened.prepare(); err != nil {
		return nil, errors.Join(err, lib.Close())
	}
	return opened, nil
}

// explain turns an error of the library into one that others know.
func explain(err error, baud int) error {
	var lib *serial.PortError
	if !errors.As(err, &lib) {
		return err
	}
	switch lib.Code() {
	case serial.PortBusy:
		return errors.New("another program uses it")
	case serial.PortNotFound:
		return fs.ErrNotExist
	case serial.PermissionDenied:
		return fs.ErrPermission
	case serial.InvalidSerialPort:
		return errors.New("not a serial device")
	case serial.InvalidSpeed:
		return fmt.Errorf("%w: it has no speed of %d bit/s", fs.ErrInvalid, baud)
	}
	return err
}

// slice is how long the library waits in one Read; Close waits as long.
const slice = 100 * time.Millisecond

// closeLimit is how long Close waits for a driver that hangs.
const closeLimit = 2 * time.Second

// port is an open device. The library closes the file under a Read that is
// under way, whose number may be another file's at once, so that Close has to
// wait until both Read and Write have left.
type port struct {
	lib serial.Port

	mu     sync.Mutex
	users  sync.WaitGroup
	closed bool
}

// prepare sets the waiting of Read, and tries it: the library waits with
// select(2), which has room for 1,024 files, and panics beyond.
func (p *port) prepare() (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("go.bug.st/serial serves no file beyond the first 1,024 of a process: %w", errors.ErrUnsupported)
		}
	}()
	if err := p.lib.SetReadTimeout(0); err != nil {
		return err
	}
	_, _ = p.lib.Read(nil) // only panics matter
	return p.lib.SetReadTimeout(slice)
}

func (p *port) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.users.Add(1)
	return true
}

func (p *port) Read(b []byte) (int, error) {
	for {
		if !p.enter() {
			return 0, os.ErrClosed
		}
		n, err := p.lib.Read(b)
		p.users.Done()
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
	}
}

// Write drops what the device has not taken of earlier commands, which nobody
// waits for any more: so there is room for this one, and it does not wait.
func (p *port) Write(b []byte) (n int, err error) {
	if !p.enter() {
		return 0, os.ErrClosed
	}
	defer p.users.Done()
	if err := p.lib.ResetOutputBuffer(); err != nil {
		return 0, err
	}
	for n < len(b) && err == nil {
		var wrote int
		wrote, err = p.lib.Write(b[n:])
		n += wrote
	}
	return n, err
}

// Close waits for Read to leave, and does not wait for what is not sent.
func (p *port) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return os.ErrClosed
	}
	p.closed = true
	p.mu.Unlock()

	done := make(chan error, 1)
	go func() {
		p.users.Wait()
		_ = p.lib.ResetOutputBuffer() // else the driver tries for up to 30 s to send it
		done <- p.lib.Close()
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(closeLimit):
		return fmt.Errorf("close the serial port: the driver hangs: %w", os.ErrDeadlineExceeded)
	}
}
