//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package termio

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Flush drops the bytes that wait in the driver.
func (d *Device) Flush(input, output bool) error {
	var queue int
	switch {
	case input && output:
		queue = unix.TCIOFLUSH
	case input:
		queue = unix.TCIFLUSH
	case output:
		queue = unix.TCOFLUSH
	default:
		return nil
	}
	return d.control(func(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, queue) })
}

// Wake lets a blocking writer of another opening see that a Flush has made
// room, which pseudo terminals do not tell it.
func (d *Device) Wake() error {
	return d.control(func(fd int) error {
		if err := unix.IoctlSetInt(fd, unix.TCXONC, unix.TCOOFF); err != nil {
			return err
		}
		return unix.IoctlSetInt(fd, unix.TCXONC, unix.TCOON)
	})
}

// HangUp ends every opening of the device, with all that waits in the driver.
// The kernel allows it only to root.
func (d *Device) HangUp() error {
	return d.control(func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCVHANGUP, 0) })
}

// Pending counts the bytes of output that wait in the driver.
func (d *Device) Pending() (n int, err error) {
	err = d.control(func(fd int) (err error) {
		n, err = unix.IoctlGetInt(fd, unix.TIOCOUTQ)
		return err
	})
	return n, err
}

// Drain waits until no output waits in the driver. It ends with an error when
// the line takes none for long, see [ser2net.DrainPort].
func (d *Device) Drain(ctx context.Context) error {
	const interval = 5 * time.Millisecond
	last, err := d.Pending()
	if err != nil || last == 0 {
		return err
	}
	m, err := d.Mode()
	if err != nil {
		return err
	}
	// USB adapters take output in blocks, so it may stand still for as long
	// as a block takes; a character has at most 12 bits.
	limit := 500*time.Millisecond + 512*12*time.Second/time.Duration(max(m.Baud, 1))
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for moved := time.Now(); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		n, err := d.Pending()
		switch {
		case err != nil || n == 0:
			return err
		case n != last:
			last, moved = n, time.Now()
		case time.Since(moved) > limit:
			return fmt.Errorf("the line takes no output, %d bytes wait: %w", n, os.ErrDeadlineExceeded)
		}
	}
}

// SetBreak switches the break condition. The kernel would wait for output
// without end, so what the line does not take is dropped before; where the
// driver cannot drop, that is an error.
func (d *Device) SetBreak(ctx context.Context, on bool) error {
	if stuck := d.Drain(ctx); stuck != nil {
		if ctx.Err() != nil {
			return stuck
		}
		if err := d.Flush(false, true); err != nil {
			return err
		}
		if n, err := d.Pending(); err != nil || n > 0 {
			return cmp.Or(err, stuck)
		}
	}
	request := uint(unix.TIOCCBRK)
	if on {
		request = unix.TIOCSBRK
	}
	return d.control(func(fd int) error { return unix.IoctlSetInt(fd, request, 0) })
}
