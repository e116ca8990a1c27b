package hostmib

import (
	"math"
	"os"

	"github.com/fieldgate/fieldgate/snmp"
)

// arcsStats is systemStats of UCD-SNMP-MIB.
var arcsStats = []uint32{1, 3, 6, 1, 4, 1, 2021, 11}

// systemStats serves the processors' times, and the counts and rates of
// interrupts, context switches and paging. Columns of /proc/stat are in ticks
// of 1/100 s. What went to disk is "sent", in blocks of 512 bytes.
func (h *Host) systemStats(p *page) {
	u, ok := use(p, h.kernel)
	now, base := u.now.stat, u.base.stat
	scalar := func(arc uint32, known bool, v snmp.Value) {
		if !known {
			v = snmp.Value{}
		}
		p.Scalar(below(arcsStats, arc), v)
	}
	counter := func(arc uint32, n uint64) { scalar(arc, ok, snmp.Counter32(uint32(n))) }
	paged, timed := ok && u.paged, ok && u.span > 0
	rate := func(arc uint32, known bool, count, base uint64) {
		var v snmp.Value
		if known && timed {
			v = snmp.Saturated(u.rate(count, base))
		}
		scalar(arc, known && timed, v)
	}
	kib := uint64(os.Getpagesize()) / 1024

	scalar(1, true, snmp.Integer(1))
	scalar(2, true, snmp.OctetString("systemStats"))
	rate(3, paged, u.now.paging.SwapIn*kib, u.base.paging.SwapIn*kib)
	rate(4, paged, u.now.paging.SwapOut*kib, u.base.paging.SwapOut*kib)
	rate(5, paged, u.now.paging.OutKiB*2, u.base.paging.OutKiB*2)
	rate(6, paged, u.now.paging.InKiB*2, u.base.paging.InKiB*2)
	rate(7, true, now.Interrupts, base.Interrupts)
	rate(8, true, now.Contexts, base.Contexts)
	share := func(arc uint32, part, partBase uint64) {
		scalar(arc, ok, snmp.Integer(percent(part, partBase, now.All.Total(), base.All.Total())))
	}
	share(9, now.All.User, base.All.User)
	share(10, now.All.System, base.All.System)
	share(11, now.All.Idle, base.All.Idle)
	counter(50, now.All.User)
	counter(51, now.All.Nice)
	counter(52, now.All.System)
	counter(53, now.All.Idle)
	counter(54, now.All.IOWait)
	counter(55, 0) // Linux has no such column
	counter(56, now.All.IRQ)
	scalar(57, paged, snmp.Counter32(uint32(u.now.paging.OutKiB*2)))
	scalar(58, paged, snmp.Counter32(uint32(u.now.paging.InKiB*2)))
	counter(59, now.Interrupts)
	counter(60, now.Contexts)
	counter(61, now.All.SoftIRQ)
	scalar(62, paged, snmp.Counter32(uint32(u.now.paging.SwapIn)))
	scalar(63, paged, snmp.Counter32(uint32(u.now.paging.SwapOut)))
	counter(64, now.All.Steal)
	counter(65, now.All.Guest)
	counter(66, now.All.GuestNice)
	scalar(67, ok, snmp.Integer(int32(min(len(now.Processors), math.MaxInt32))))
}
