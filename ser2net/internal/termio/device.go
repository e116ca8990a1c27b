//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package termio

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/nowait"
)

// Device is an open serial device. Its methods are safe for concurrent use.
// Read and Write wait in Go's poller, without a thread.
type Device struct {
	*os.File
	raw  syscall.RawConn
	data *nowait.Conn

	counting sync.Mutex
	counted  icount           // the driver's counters when they were last read
	total    ser2net.Counters // since Open
}

// Open opens a device and locks it against other users of flock, as C ser2net
// does. It does not become the terminal of the process. Where the driver
// hangs, so does Open.
func Open(device string) (*Device, error) {
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.EBUSY) {
		err = ser2net.ErrPortBusy // someone has set TIOCEXCL
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: device, Err: err}
	}
	d := &Device{File: os.NewFile(uintptr(fd), device)}
	if err := d.begin(); err != nil {
		_ = d.File.Close()
		return nil, &fs.PathError{Op: "open", Path: device, Err: err}
	}
	return d, nil
}

func (d *Device) begin() (err error) {
	if d.raw, err = d.SyscallConn(); err != nil {
		return err
	}
	d.data = nowait.New(d.raw)
	if err := d.control(func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return ser2net.ErrPortBusy
		}
		return fmt.Errorf("lock: %w", err)
	}
	switch _, err := d.Mode(); {
	case errors.Is(err, unix.ENOTTY):
		return errors.New("not a serial device")
	case errors.Is(err, unix.EIO):
		return fmt.Errorf("the driver has no hardware for it: %w", err)
	case err != nil:
		return err
	}
	_, err = d.Counters()
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	d.total = ser2net.Counters{} // what came before Open does not count
	return err
}

// Read waits for at least one byte; io.EOF says that the device has gone.
func (d *Device) Read(p []byte) (int, error) { return d.data.Read(p) }

// Write writes all of p, and waits for room.
func (d *Device) Write(p []byte) (int, error) { return d.data.Write(p) }

// SetExclusive lets the kernel refuse (on), or admit again, whoever else
// opens the device, but for root. The kernel forgets it only when the last
// user closes.
func (d *Device) SetExclusive(on bool) error {
	request := uint(unix.TIOCNXCL)
	if on {
		request = unix.TIOCEXCL
	}
	return d.control(func(fd int) error { return unix.IoctlSetInt(fd, request, 0) })
}

// Gone tells whether err says that the device has gone.
func Gone(err error) bool {
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENXIO)
}

func (d *Device) control(request func(fd int) error) error {
	var result error
	if err := d.raw.Control(func(fd uintptr) { result = request(int(fd)) }); err != nil {
		return err
	}
	return result
}
