package hostmib

import "github.com/fieldgate/fieldgate/internal/hostfacts"

// link is a row of ifTable and ifXTable.
type link struct {
	hostfacts.Link // its counters widened

	kernelRx, kernelTx hostfacts.Counters // as the kernel has them

	unicast       uint64 // received, that is no multicast
	oper          int32  // ifOperStatus
	changed       uint32 // ifLastChange
	discontinuity uint32 // ifCounterDiscontinuityTime
}

// linkTable is all interfaces at a moment.
type linkTable struct {
	rows    []link
	changed uint32 // ifTableLastChange
}

// linkTracker returns the reading of the interfaces, which remembers when
// they changed. The first reading is no change. It is called by one at a
// time.
func (h *Host) linkTracker() func() (linkTable, error) {
	var last map[int]link
	var changed uint32
	unreadable := false // one is, and the log says so
	return func() (linkTable, error) {
		list, err := h.facts.Links()
		if err != nil && len(list) == 0 {
			return linkTable{}, err
		}
		if err != nil && !unreadable {
			h.options.Logger.Warn("an interface cannot be read, so it is absent", "error", err)
		}
		unreadable = err != nil
		now := h.ticks()
		rows := make([]link, len(list))
		next := make(map[int]link, len(list))
		known := 0
		for i, l := range list {
			rows[i] = link{
				Link: l, kernelRx: l.Rx, kernelTx: l.Tx,
				oper: operStatus(l), unicast: less(l.Rx.Packets, l.Rx.Multicast),
			}
			switch before, there := last[l.Index]; {
			case there:
				known++
				rows[i].follow(before, now)
			case last != nil: // it has come, maybe in the place of one that has gone
				rows[i].changed, rows[i].discontinuity = now, now
			}
			next[l.Index] = rows[i]
		}
		if last != nil && (known < len(list) || known < len(last)) {
			changed = now
		}
		last = next
		return linkTable{rows, changed}, nil
	}
}

// follow takes over what is remembered of a row. Counters that have begun
// again say that another device has the index now, or that a driver has reset
// its own.
func (l *link) follow(before link, now uint32) {
	l.changed, l.discontinuity = before.changed, before.discontinuity
	if l.oper != before.oper {
		l.changed = now
	}
	rx, rxAgain := widenCounters(before.Rx, before.kernelRx, l.Rx)
	tx, txAgain := widenCounters(before.Tx, before.kernelTx, l.Tx)
	if rxAgain || txAgain {
		l.discontinuity = now
		return
	}
	l.Rx, l.Tx = rx, tx
	// A driver may know of multicasts before it counts their packets.
	l.unicast = max(less(rx.Packets, rx.Multicast), before.unicast)
}

// The values of ifOperStatus and ifAdminStatus (RFC 2863).
const (
	statusUp             = 1
	statusDown           = 2
	statusTesting        = 3
	statusUnknown        = 4
	statusDormant        = 5
	statusNotPresent     = 6
	statusLowerLayerDown = 7
)

// operStatus translates the kernel's word. Loopback and tunnels never say
// more than "unknown"; the kernel counts them as running while they are
// switched on.
func operStatus(l hostfacts.Link) int32 {
	switch l.OperState {
	case "up":
		return statusUp
	case "down":
		return statusDown
	case "testing":
		return statusTesting
	case "dormant":
		return statusDormant
	case "notpresent":
		return statusNotPresent
	case "lowerlayerdown":
		return statusLowerLayerDown
	}
	if l.AdminUp {
		return statusUp
	}
	return statusUnknown
}

func (l *link) adminStatus() int32 {
	if l.AdminUp {
		return statusUp
	}
	return statusDown
}

// The numbers of ARPHRD that matter, of linux/if_arp.h.
const (
	arphrdEther    = 1
	arphrdPPP      = 512
	arphrdTunnel   = 768
	arphrdTunnel6  = 769
	arphrdLoopback = 772
	arphrdSIT      = 776
	arphrdIPGRE    = 778
	arphrdIP6GRE   = 823
)

// ifType is the IANAifType.
func (l *link) ifType() int32 {
	switch l.Type {
	case arphrdEther:
		return 6 // ethernetCsmacd
	case arphrdPPP:
		return 23 // ppp
	case arphrdLoopback:
		return 24 // softwareLoopback
	case arphrdTunnel, arphrdTunnel6, arphrdSIT, arphrdIPGRE, arphrdIP6GRE:
		return 131 // tunnel
	}
	return 1 // other
}
