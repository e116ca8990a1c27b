package hostmib

import (
	"context"
	"time"

	"github.com/fieldgate/fieldgate/snmp"
)

// watch runs until ctx ends.
type watch func(ctx context.Context, notify func(snmp.Notification))

// watched is a subtree that has to be looked at even if nobody asks.
type watched struct {
	*subtree
	watch watch
}

var (
	_ snmp.Watcher     = (*watched)(nil)
	_ snmp.Snapshotter = (*watched)(nil)
)

// Watch tells of what happens until ctx ends.
func (w *watched) Watch(ctx context.Context, notify func(snmp.Notification)) { w.watch(ctx, notify) }

// every calls look at once and then after each period.
func every(ctx context.Context, period time.Duration, look func()) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		look()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// watchProcessors takes the samples of the averages.
func (h *Host) watchProcessors(ctx context.Context, _ func(snmp.Notification)) {
	every(ctx, interval, func() { _, _, _ = h.kernel.get() }) // the source logs its errors
}

// watchDevices does so for the block devices.
func (h *Host) watchDevices(ctx context.Context, _ func(snmp.Notification)) {
	every(ctx, interval, func() { _, _, _ = h.devices.get() })
}

// The notifications of RFC 2863.
var (
	arcsLinkDown = []uint32{1, 3, 6, 1, 6, 3, 1, 1, 5, 3}
	arcsLinkUp   = []uint32{1, 3, 6, 1, 6, 3, 1, 1, 5, 4}
)

// watchLinks looks at the interfaces every TTL. An interface that the first
// look finds is told of when it changes. One that comes later was down before,
// as the kernel makes it; one that goes was switched off first.
func (h *Host) watchLinks(ctx context.Context, notify func(snmp.Notification)) {
	var last map[int]link
	every(ctx, h.options.TTL, func() {
		table, _, err := h.links.get()
		if err != nil {
			return
		}
		now := make(map[int]link, len(table.rows))
		for _, l := range table.rows {
			now[l.Index] = l
			before, known := last[l.Index]
			if !known {
				before.oper = statusDown
			}
			if last != nil && !h.options.QuietLinks {
				tellLink(l, before.oper, notify)
			}
		}
		for index, gone := range last {
			if _, there := now[index]; !there && !h.options.QuietLinks {
				before := gone.oper
				gone.oper, gone.AdminUp = statusDown, false
				tellLink(gone, before, notify)
			}
		}
		last = now
	})
}

// tellLink tells that an interface has entered the state down, or has left it
// (RFC 2863, section 3.1.15). Neither is so for notPresent on the other side,
// nor for lowerLayerDown, which the lower layer tells of.
func tellLink(l link, before int32, notify func(snmp.Notification)) {
	var trap []uint32
	switch {
	case l.oper == before, l.oper == statusNotPresent, before == statusNotPresent:
		return
	case l.oper == statusDown:
		trap = arcsLinkDown
	case before == statusDown:
		trap = arcsLinkUp
	default:
		return
	}
	column := func(arc uint32, n int32) snmp.VarBind {
		return snmp.VarBind{OID: below(arcsInterfaces, 2, 1, arc, uint32(l.Index)), Value: snmp.Integer(n)}
	}
	notify(snmp.Notification{Trap: trap, Binds: []snmp.VarBind{
		column(1, int32(l.Index)), column(7, l.adminStatus()), column(8, l.oper),
	}})
}

// slack is how many percentage points more than its limit a filesystem must
// have free before it is told of again.
const slack = 1

// watchDisks tells of filesystems above their limit, also of those that the
// first look finds so: nobody else would.
func (h *Host) watchDisks(ctx context.Context, notify func(snmp.Notification)) {
	if len(h.options.DiskTrap) == 0 {
		return
	}
	told := make(map[string]bool)
	every(ctx, slow*h.options.TTL, func() {
		list, _, err := h.filesystems.get()
		if err != nil {
			return
		}
		for i := range list {
			f := &list[i]
			switch {
			case !f.limited:
			case f.aboveLimit(0) && !told[f.Mount]:
				told[f.Mount] = true
				notify(snmp.Notification{Trap: h.options.DiskTrap, Binds: []snmp.VarBind{
					{OID: below(arcsDisks, 1, 2, uint32(f.index)), Value: snmp.OctetString(cut(f.Mount, maxText))},
					{OID: below(arcsDisks, 1, 9, uint32(f.index)), Value: snmp.Integer(rounded(f.usedKiB(), f.TotalKiB))},
					{OID: below(arcsDisks, 1, 101, uint32(f.index)), Value: snmp.OctetString(cut(f.message(), maxText))},
				}})
			case !f.aboveLimit(slack):
				delete(told, f.Mount)
			}
		}
	})
}
