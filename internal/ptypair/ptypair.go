//go:build linux

// Package ptypair makes pseudo terminals, for what tests or measures serial
// ports.
package ptypair

import (
	"errors"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Pair is a pseudo terminal: what is written to the Pair is read from the
// device of that name, and the other way round. The device is kept open, so
// that it outlives its users.
type Pair struct {
	name   string
	hold   int
	unplug sync.Once
	master *os.File
}

// Open makes a pseudo terminal.
func Open() (*Pair, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: "/dev/ptmx", Err: err}
	}
	p := &Pair{hold: -1}
	number, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		p.name = "/dev/pts/" + strconv.FormatUint(uint64(number), 10)
		p.hold, err = unix.Open(p.name, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	p.master = os.NewFile(uintptr(fd), p.name+" (other end)")
	return p, nil
}

// Name is the path of the device.
func (p *Pair) Name() string { return p.name }

// Read reads what was written to the device.
func (p *Pair) Read(b []byte) (int, error) { return p.master.Read(b) }

// Write writes what the device reads.
func (p *Pair) Write(b []byte) (int, error) { return p.master.Write(b) }

// SetReadDeadline ends Read at a time, with os.ErrDeadlineExceeded; the zero
// time stands for never.
func (p *Pair) SetReadDeadline(t time.Time) error { return p.master.SetReadDeadline(t) }

// Close takes the pseudo terminal away; whoever has the device open sees it
// hang up.
func (p *Pair) Close() error {
	err := error(os.ErrClosed)
	p.unplug.Do(func() { err = errors.Join(unix.Close(p.hold), p.master.Close()) })
	return err
}
