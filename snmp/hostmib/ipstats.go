package hostmib

import (
	"time"

	"github.com/fieldgate/fieldgate/snmp"
)

// ipVersion is a row of ipSystemStatsTable (RFC 4293).
type ipVersion struct {
	number        uint32           // ipv4(1), ipv6(2)
	counts        map[string]int64 // of hostfacts
	group, extra  string           // what its names begin with there
	forwarded     string           // the name of what was passed on
	refreshMillis int64
}

// ipCount is a count of a row, if the kernel has it.
type ipCount func(*ipVersion) (n int64, known bool)

// basic is a count of RFC 1213, more one that RFC 4293 has added.
func basic(name string) ipCount {
	return func(v *ipVersion) (int64, bool) { n, known := v.counts[v.group+name]; return n, known }
}

func more(name string) ipCount {
	return func(v *ipVersion) (int64, bool) { n, known := v.counts[v.extra+name]; return n, known }
}

func outForwarded(v *ipVersion) (int64, bool) { n, known := v.counts[v.forwarded]; return n, known }

// inForwarded is also what no route was found for.
func inForwarded(v *ipVersion) (int64, bool) {
	n, known := outForwarded(v)
	return n + v.counts[v.extra+"InNoRoutes"], known
}

// fragmented is what had to be, whether it could or not.
func fragmented(v *ipVersion) (int64, bool) {
	n, known := basic("FragOKs")(v)
	return n + v.counts[v.group+"FragFails"], known
}

// transmitted is what the kernel says, since Linux 6.7, or else what was sent
// and passed on, in fragments where it had to be. What Linux discards is no
// part of that.
func transmitted(v *ipVersion) (int64, bool) {
	if n, known := basic("OutTransmits")(v); known {
		return n, true
	}
	n, known := basic("OutRequests")(v)
	passed, _ := outForwarded(v)
	whole, _ := fragmented(v)
	return n + passed - whole + v.counts[v.group+"FragCreates"], known
}

// ipStats are the columns. The second arc is that of the column with all 64
// bits, 0 where there is none.
var ipStats = []struct {
	arc, wide uint32
	count     ipCount
}{
	{3, 4, basic("InReceives")},
	{5, 6, more("InOctets")},
	{7, 0, basic("InHdrErrors")},
	{8, 0, more("InNoRoutes")},
	{9, 0, basic("InAddrErrors")},
	{10, 0, basic("InUnknownProtos")},
	{11, 0, more("InTruncatedPkts")},
	{12, 13, inForwarded},
	{14, 0, basic("ReasmReqds")},
	{15, 0, basic("ReasmOKs")},
	{16, 0, basic("ReasmFails")},
	{17, 0, basic("InDiscards")},
	{18, 19, basic("InDelivers")},
	{20, 21, basic("OutRequests")},
	{22, 0, basic("OutNoRoutes")},
	{23, 24, outForwarded},
	{25, 0, basic("OutDiscards")},
	{26, 0, fragmented},
	{27, 0, basic("FragOKs")},
	{28, 0, basic("FragFails")},
	{29, 0, basic("FragCreates")},
	{30, 31, transmitted},
	{32, 33, more("OutOctets")},
	{34, 35, more("InMcastPkts")},
	{36, 37, more("InMcastOctets")},
	{38, 39, more("OutMcastPkts")},
	{40, 41, more("OutMcastOctets")},
	{42, 43, more("InBcastPkts")},
	{44, 45, more("OutBcastPkts")},
}

// ipStatsColumns are in the order of their arcs. The kernel never resets its
// counts, and RefreshRate is in milliseconds.
func ipStatsColumns() []snmp.Column[ipVersion] {
	columns := make([]snmp.Column[ipVersion], 0, 2*len(ipStats)+2)
	for _, s := range ipStats {
		column := func(arc uint32, value func(uint64) snmp.Value) {
			columns = append(columns, snmp.Column[ipVersion]{Arc: arc, Value: func(v *ipVersion) snmp.Value {
				n, known := s.count(v)
				if !known {
					return snmp.Value{}
				}
				return value(uint64(n))
			}})
		}
		column(s.arc, func(n uint64) snmp.Value { return snmp.Counter32(uint32(n)) })
		if s.wide != 0 {
			column(s.wide, snmp.Counter64)
		}
	}
	return append(columns,
		snmp.Column[ipVersion]{Arc: 46, Value: func(*ipVersion) snmp.Value { return snmp.TimeTicks(0) }},
		snmp.Column[ipVersion]{Arc: 47, Value: func(v *ipVersion) snmp.Value { return snmp.SaturatedGauge(uint64(v.refreshMillis)) }},
	)
}

// ipVersions serves ipSystemStatsTable, with a row for each version of IP that
// the host has.
func (h *Host) ipVersions(p *page) {
	counts, _ := use(p, h.protocols)
	refresh := int64(h.options.TTL / time.Millisecond)
	var rows []ipVersion
	for _, v := range []ipVersion{
		{1, counts, "Ip.", "IpExt.", "Ip.ForwDatagrams", refresh},
		{2, counts, "Ip6.", "Ip6.", "Ip6.OutForwDatagrams", refresh},
	} {
		if _, there := basic("InReceives")(&v); there {
			rows = append(rows, v)
		}
	}
	snmp.AddTable(&p.Builder, below(arcsIP, 31, 1, 1), ipStatsColumns(), rows, func(v *ipVersion) []uint32 { return []uint32{v.number} })
}
