//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package termio

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/ser2net"
)

// The flags of struct serial_rs485.
const (
	rs485Enabled      = 1 << 0
	rs485RTSOnSend    = 1 << 1
	rs485RTSAfterSend = 1 << 2
	rs485RxDuringTx   = 1 << 4
	rs485TerminateBus = 1 << 5
)

// serialRS485 is struct serial_rs485.
type serialRS485 struct {
	flags       uint32
	delayBefore uint32 // ms
	delayAfter  uint32 // ms
	_           [5]uint32
}

func encodeRS485(r ser2net.RS485) serialRS485 {
	if !r.Enabled {
		return serialRS485{}
	}
	s := serialRS485{
		flags:       rs485Enabled | rs485RTSOnSend,
		delayBefore: uint32(r.DelayBefore.Std().Milliseconds()),
		delayAfter:  uint32(r.DelayAfter.Std().Milliseconds()),
	}
	if r.RTSAfterSend {
		s.flags = rs485Enabled | rs485RTSAfterSend
	}
	if r.RxDuringTx {
		s.flags |= rs485RxDuringTx
	}
	if r.TerminateBus {
		s.flags |= rs485TerminateBus
	}
	return s
}

func decodeRS485(s serialRS485) ser2net.RS485 {
	if s.flags&rs485Enabled == 0 {
		return ser2net.RS485{}
	}
	return ser2net.RS485{
		Enabled:      true,
		DelayBefore:  ser2net.Duration(time.Duration(s.delayBefore) * time.Millisecond),
		DelayAfter:   ser2net.Duration(time.Duration(s.delayAfter) * time.Millisecond),
		RTSAfterSend: s.flags&rs485RTSAfterSend != 0,
		RxDuringTx:   s.flags&rs485RxDuringTx != 0,
		TerminateBus: s.flags&rs485TerminateBus != 0,
	}
}

func (d *Device) rs485() (ser2net.RS485, error) {
	var s serialRS485
	err := d.ioctl(unix.TIOCGRS485, pointer(&s))
	if errors.Is(err, errors.ErrUnsupported) {
		return ser2net.RS485{}, nil
	}
	return decodeRS485(s), err
}

func (d *Device) setRS485(r ser2net.RS485) error {
	if !r.Enabled {
		if now, err := d.rs485(); err != nil || !now.Enabled {
			return err
		}
	}
	s := encodeRS485(r)
	err := d.ioctl(unix.TIOCSRS485, pointer(&s))
	if errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("the driver has no RS485: %w", err)
	}
	return err
}
