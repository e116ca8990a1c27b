package hostmib

import (
	"math"
	"unicode/utf8"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
	"github.com/fieldgate/fieldgate/snmp"
)

// Subtrees about interfaces.
var (
	arcsInterfaces = []uint32{1, 3, 6, 1, 2, 1, 2}        // interfaces of IF-MIB
	arcsIfMIB      = []uint32{1, 3, 6, 1, 2, 1, 31, 1}    // ifMIBObjects of IF-MIB
	arcsDot3       = []uint32{1, 3, 6, 1, 2, 1, 10, 7, 2} // dot3StatsTable of EtherLike-MIB
)

// The Counter32 of a row are the low half of the reading that its Counter64
// are. Linux does not tell multicasts and broadcasts apart that were sent, nor
// broadcasts that were received.
var ifColumns = []snmp.Column[link]{
	{Arc: 1, Value: func(l *link) snmp.Value { return snmp.Integer(int32(l.Index)) }},
	{Arc: 2, Value: func(l *link) snmp.Value { return snmp.OctetString(l.Name) }},
	{Arc: 3, Value: func(l *link) snmp.Value { return snmp.Integer(l.ifType()) }},
	{Arc: 4, Value: func(l *link) snmp.Value { return snmp.Saturated(l.MTU) }},
	{Arc: 5, Value: func(l *link) snmp.Value { return snmp.SaturatedGauge(uint64(max(l.SpeedMbit, 0)) * 1e6) }},
	{Arc: 6, Value: func(l *link) snmp.Value { return snmp.Octets(l.HardwareAddr) }},
	{Arc: 7, Value: func(l *link) snmp.Value { return snmp.Integer(l.adminStatus()) }},
	{Arc: 8, Value: func(l *link) snmp.Value { return snmp.Integer(l.oper) }},
	{Arc: 9, Value: func(l *link) snmp.Value { return snmp.TimeTicks(l.changed) }},
	{Arc: 10, Value: func(l *link) snmp.Value { return snmp.Counter32(uint32(l.Rx.Bytes)) }},
	{Arc: 11, Value: func(l *link) snmp.Value { return snmp.Counter32(uint32(l.unicast)) }},
	{Arc: 12, Value: func(l *link) snmp.Value { return snmp.Counter32(uint32(l.Rx.Multicast)) }},
	{Arc: 13, Value: func(l *link) snmp.Value { return snmp.Counter32(uint32(l.Rx.Drops)) }},
	{Arc: 14, Value: func(l *link) snmp.Value { return snmp.Counter32(uint32(l.Rx.Errors)) }},
	{Arc: 15, Value: func(l *link) snmp.Value { return snmp.Counter32(0) }},
	{Arc: 16, Value: func(l *link) snmp.Value { return snmp.Counter32(uint32(l.Tx.Bytes)) }},
	{Arc: 17, Value: func(l *link) snmp.Value { return snmp.Counter32(uint32(l.Tx.Packets)) }},
	{Arc: 18, Value: func(l *link) snmp.Value { return snmp.Counter32(0) }},
	{Arc: 19, Value: func(l *link) snmp.Value { return snmp.Counter32(uint32(l.Tx.Drops)) }},
	{Arc: 20, Value: func(l *link) snmp.Value { return snmp.Counter32(uint32(l.Tx.Errors)) }},
	{Arc: 21, Value: func(l *link) snmp.Value { return snmp.Gauge32(0) }},
	{Arc: 22, Value: func(l *link) snmp.Value { return nothing() }},
}

// ifXColumns lacks ifLinkUpDownTrapEnable, which depends on an option.
var ifXColumns = []snmp.Column[link]{
	{Arc: 1, Value: func(l *link) snmp.Value { return snmp.OctetString(l.Name) }},
	{Arc: 2, Value: func(l *link) snmp.Value { return snmp.Counter32(uint32(l.Rx.Multicast)) }},
	{Arc: 3, Value: func(l *link) snmp.Value { return snmp.Counter32(0) }},
	{Arc: 4, Value: func(l *link) snmp.Value { return snmp.Counter32(0) }},
	{Arc: 5, Value: func(l *link) snmp.Value { return snmp.Counter32(0) }},
	{Arc: 6, Value: func(l *link) snmp.Value { return snmp.Counter64(l.Rx.Bytes) }},
	{Arc: 7, Value: func(l *link) snmp.Value { return snmp.Counter64(l.unicast) }},
	{Arc: 8, Value: func(l *link) snmp.Value { return snmp.Counter64(l.Rx.Multicast) }},
	{Arc: 9, Value: func(l *link) snmp.Value { return snmp.Counter64(0) }},
	{Arc: 10, Value: func(l *link) snmp.Value { return snmp.Counter64(l.Tx.Bytes) }},
	{Arc: 11, Value: func(l *link) snmp.Value { return snmp.Counter64(l.Tx.Packets) }},
	{Arc: 12, Value: func(l *link) snmp.Value { return snmp.Counter64(0) }},
	{Arc: 13, Value: func(l *link) snmp.Value { return snmp.Counter64(0) }},
	{Arc: 15, Value: func(l *link) snmp.Value { return snmp.SaturatedGauge(uint64(max(l.SpeedMbit, 0))) }},
	{Arc: 16, Value: func(l *link) snmp.Value { return truth(l.Promiscuous) }},
	{Arc: 17, Value: func(l *link) snmp.Value { return truth(l.Type != arphrdLoopback) }},
	{Arc: 18, Value: func(l *link) snmp.Value { return snmp.OctetString(cut(l.Alias, 64)) }},
	{Arc: 19, Value: func(l *link) snmp.Value { return snmp.TimeTicks(l.discontinuity) }},
}

// ethernet is a row of dot3StatsTable.
type ethernet struct {
	link
	hostfacts.EthernetErrors
	counted bool // the driver has these counters
}

// dot3Columns leave out what Linux has no count of its own for.
var dot3Columns = []snmp.Column[ethernet]{
	{Arc: 1, Value: func(e *ethernet) snmp.Value { return snmp.Integer(int32(e.Index)) }},
	{Arc: 2, Value: func(e *ethernet) snmp.Value { return e.count(e.Alignment) }},
	{Arc: 3, Value: func(e *ethernet) snmp.Value { return e.count(e.FCS) }},
	{Arc: 8, Value: func(e *ethernet) snmp.Value { return e.count(e.LateCollisions) }},
	{Arc: 9, Value: func(e *ethernet) snmp.Value { return e.count(e.ExcessiveCollisions) }},
	{Arc: 11, Value: func(e *ethernet) snmp.Value { return e.count(e.CarrierSense) }},
	{Arc: 19, Value: func(e *ethernet) snmp.Value {
		switch e.Duplex {
		case "half":
			return snmp.Integer(2)
		case "full":
			return snmp.Integer(3)
		}
		return snmp.Integer(1)
	}},
}

func (e *ethernet) count(n uint64) snmp.Value {
	if !e.counted {
		return snmp.Value{}
	}
	return snmp.Counter32(uint32(n))
}

func (l *link) arcs() []uint32 { return []uint32{uint32(l.Index)} }

// truth is a TruthValue (RFC 2579).
func truth(v bool) snmp.Value {
	if v {
		return snmp.Integer(1)
	}
	return snmp.Integer(2)
}

// maxText is the longest DisplayString (RFC 2579), in octets.
const maxText = 255

// cut holds a text within what its object may have, without cutting a
// character of UTF-8 in two.
func cut(text string, octets int) string {
	if len(text) <= octets {
		return text
	}
	for end := octets; end > octets-utf8.UTFMax; end-- {
		if utf8.RuneStart(text[end]) {
			return text[:end]
		}
	}
	return text[:octets]
}

// interfaces serves ifNumber and ifTable.
func (h *Host) interfaces(p *page) {
	t, ok := use(p, h.links)
	var number snmp.Value
	if ok {
		number = snmp.Integer(int32(min(len(t.rows), math.MaxInt32)))
	}
	p.Scalar(below(arcsInterfaces, 1), number)
	snmp.AddTable(&p.Builder, below(arcsInterfaces, 2, 1), ifColumns, t.rows, (*link).arcs)
}

// interfacesX serves ifXTable and ifTableLastChange.
func (h *Host) interfacesX(p *page) {
	t, ok := use(p, h.links)
	snmp.AddTable(&p.Builder, below(arcsIfMIB, 1, 1), h.ifXColumns(), t.rows, (*link).arcs)
	var changed snmp.Value
	if ok {
		changed = snmp.TimeTicks(t.changed)
	}
	p.Scalar(below(arcsIfMIB, 5), changed)
}

// ifXColumns adds ifLinkUpDownTrapEnable: enabled(1) or disabled(2).
func (h *Host) ifXColumns() []snmp.Column[link] {
	enable := snmp.Column[link]{Arc: 14, Value: func(*link) snmp.Value { return truth(!h.options.QuietLinks) }}
	columns := make([]snmp.Column[link], 0, len(ifXColumns)+1)
	for _, c := range ifXColumns {
		if c.Arc == 15 {
			columns = append(columns, enable)
		}
		columns = append(columns, c)
	}
	return columns
}

// ethernets serves duplex and errors of Ethernet interfaces.
func (h *Host) ethernets(p *page) {
	t, _ := use(p, h.links)
	var rows []ethernet
	for _, l := range t.rows {
		if l.Type == arphrdEther {
			errors, err := h.facts.EthernetErrors(l.Name)
			rows = append(rows, ethernet{l, errors, err == nil})
		}
	}
	snmp.AddTable(&p.Builder, below(arcsDot3, 1), dot3Columns, rows, func(e *ethernet) []uint32 { return e.arcs() })
}
