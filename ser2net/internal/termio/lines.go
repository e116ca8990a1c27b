//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package termio

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/ser2net"
)

// Lines returns the modem lines.
func (d *Device) Lines() (ser2net.Lines, error) {
	var bits int32
	if err := d.lineIoctl(unix.TIOCMGET, &bits); err != nil {
		return ser2net.Lines{}, err
	}
	return ser2net.Lines{
		DTR: bits&unix.TIOCM_DTR != 0,
		RTS: bits&unix.TIOCM_RTS != 0,
		CTS: bits&unix.TIOCM_CTS != 0,
		DSR: bits&unix.TIOCM_DSR != 0,
		RI:  bits&unix.TIOCM_RI != 0,
		DCD: bits&unix.TIOCM_CD != 0,
	}, nil
}

// SetLines sets the outputs that are not nil.
func (d *Device) SetLines(dtr, rts *bool) error {
	var raise, drop int32
	for bit, level := range map[int32]*bool{unix.TIOCM_DTR: dtr, unix.TIOCM_RTS: rts} {
		switch {
		case level == nil:
		case *level:
			raise |= bit
		default:
			drop |= bit
		}
	}
	// A call without a bit finds out whether there are lines at all.
	if err := d.lineIoctl(unix.TIOCMBIS, &raise); err != nil || drop == 0 {
		return err
	}
	return d.lineIoctl(unix.TIOCMBIC, &drop)
}

func (d *Device) lineIoctl(request uint, bits *int32) error {
	err := d.ioctl(request, pointer(bits))
	if errors.Is(err, errors.ErrUnsupported) {
		return ser2net.ErrNoLines
	}
	return err
}
