//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package termio

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/ser2net"
)

// icount is struct serial_icounter_struct.
type icount struct {
	_                                             [4]uint32 // changes of CTS, DSR, RI, DCD
	rx, tx, frame, overrun, parity, brk, overflow uint32
	_                                             [9]uint32
}

// Counters returns what the driver has counted since Open. The driver's own
// counters have 32 bits: one that wraps twice between two calls is lost.
func (d *Device) Counters() (ser2net.Counters, error) {
	d.counting.Lock()
	defer d.counting.Unlock()
	var now icount
	if err := d.ioctl(unix.TIOCGICOUNT, pointer(&now)); err != nil {
		return ser2net.Counters{}, fmt.Errorf("the driver does not count: %w", err)
	}
	d.total = advance(d.total, d.counted, now)
	d.counted = now
	return d.total, nil
}

// advance adds to total what was counted from one reading to the next.
func advance(total ser2net.Counters, from, to icount) ser2net.Counters {
	total.Rx += uint64(to.rx - from.rx)
	total.Tx += uint64(to.tx - from.tx)
	total.Frame += uint64(to.frame - from.frame)
	total.Overrun += uint64(to.overrun - from.overrun)
	total.Parity += uint64(to.parity - from.parity)
	total.Break += uint64(to.brk - from.brk)
	total.BufOverrun += uint64(to.overflow - from.overflow)
	return total
}
