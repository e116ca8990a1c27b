//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package termio

import "golang.org/x/sys/unix"

// dontWait is ASYNC_CLOSING_WAIT_NONE.
const dontWait = 65535

// serialStruct is struct serial_struct.
type serialStruct struct {
	_           [8]int32 // type, line, port, irq, flags, xmit_fifo_size, custom_divisor, baud_base
	_           uint16   // close_delay
	_           [2]byte  // io_type, reserved_char
	_           int32    // hub6
	closingWait uint16   // 1/100 s
	_           uint16   // closing_wait2
	_           uintptr  // iomem_base
	_           uint16   // iomem_reg_shift
	_           uint32   // port_high
	_           uintptr  // iomap_base
}

// Drop drops output that the hardware has not taken, so that the kernel does
// not wait 30 s for it while it closes the device. Some drivers of USB devices
// cannot drop (cdc-acm of Linux 6.1): for these it makes closing not wait from
// now on, which the kernel allows only to root.
func (d *Device) Drop() error {
	n, err := d.Pending()
	if err != nil || n == 0 {
		return err
	}
	if err := d.Flush(false, true); err != nil {
		return err
	}
	if n, err = d.Pending(); err != nil || n == 0 {
		return err
	}
	var s serialStruct
	if err := d.ioctl(unix.TIOCGSERIAL, pointer(&s)); err != nil {
		return err
	}
	s.closingWait = dontWait
	return d.ioctl(unix.TIOCSSERIAL, pointer(&s))
}
