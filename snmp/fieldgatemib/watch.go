package fieldgatemib

import (
	"context"
	"time"

	"github.com/fieldgate/fieldgate/snmp"
)

// The last arcs of the notifications.
const (
	tunnelDown = 1 + iota
	tunnelUp
	serialPortLost
	serialPortBack
	diskAboveLimit
	diskBelowLimit
	openVpnDown
	openVpnUp
)

// Watch looks at the facts once in an Interval and tells of what has changed,
// until ctx ends. A row that appears or vanishes is no event, except a disk
// that is above its limit when it is first seen.
func (h *Handler) Watch(ctx context.Context, notify func(snmp.Notification)) {
	ticker := time.NewTicker(h.options.Interval)
	defer ticker.Stop()
	old := new(facts)
	for ctx.Err() == nil {
		now := h.current()
		h.compare(old, now, notify)
		old = now
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// compare tells of the differences between two moments.
func (h *Handler) compare(old, now *facts, notify func(snmp.Notification)) {
	tell := func(trap, table uint32, name string, columns ...uint32) {
		n := snmp.Notification{Trap: h.root.Append(0, trap)}
		for _, column := range columns {
			object := h.entry(table).Append(column).Append(snmp.StringIndex(name)...)
			if v := now.list.Get(object); v.Exists() {
				n.Binds = append(n.Binds, snmp.VarBind{OID: object, Value: v})
			}
		}
		notify(n)
	}
	turn := func(is, was bool, on, off, table uint32, name string, columns ...uint32) {
		switch {
		case is && !was:
			tell(on, table, name, columns...)
		case was && !is:
			tell(off, table, name, columns...)
		}
	}

	tunnels := byName(old.tunnels, func(t *Tunnel) string { return t.Name })
	for _, t := range now.tunnels {
		if was, ok := tunnels[t.Name]; ok {
			turn(t.State == TunnelUp, was.State == TunnelUp, tunnelUp, tunnelDown, tunnelsArc, t.Name, 2, 3)
		}
	}
	instances := byName(old.instances, func(i *Instance) string { return i.Name })
	for _, i := range now.instances {
		if was, ok := instances[i.Name]; ok {
			turn(i.State == InstanceConnected, was.State == InstanceConnected, openVpnUp, openVpnDown, instancesArc, i.Name, 3, 2)
		}
	}
	ports := byName(old.ports, func(p *SerialPort) string { return p.Name })
	for _, p := range now.ports {
		// A lost port that is switched off, or cannot be started, is not back.
		if was, ok := ports[p.Name]; ok && p.State != PortOff && p.State != PortFailed {
			turn(p.State == PortLost, was.State == PortLost, serialPortLost, serialPortBack, portsArc, p.Name, 3, 2)
		}
	}
	disks := byName(old.disks, func(d *disk) string { return d.Path })
	for _, d := range now.disks {
		turn(d.above, disks[d.Path].above, diskAboveLimit, diskBelowLimit, disksArc, d.Path, 4, 2, 3)
	}
}

func byName[Row any](rows []Row, name func(*Row) string) map[string]Row {
	named := make(map[string]Row, len(rows))
	for i := range rows {
		named[name(&rows[i])] = rows[i]
	}
	return named
}
