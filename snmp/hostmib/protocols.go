package hostmib

import "github.com/fieldgate/fieldgate/snmp"

// The groups of RFC 1213 that hold what the kernel counts of protocols.
var (
	arcsIP   = []uint32{1, 3, 6, 1, 2, 1, 4}
	arcsICMP = []uint32{1, 3, 6, 1, 2, 1, 5}
	arcsTCP  = []uint32{1, 3, 6, 1, 2, 1, 6}
	arcsUDP  = []uint32{1, 3, 6, 1, 2, 1, 7}
)

// protocolScalar is a scalar and its name in /proc/net/snmp.
type protocolScalar struct {
	arc  uint32
	name string
	kind snmp.Kind
	v6   string // what is counted of IPv6 apart, to be added
}

var ipScalars = []protocolScalar{
	{1, "Ip.Forwarding", snmp.KindInteger, ""},
	{2, "Ip.DefaultTTL", snmp.KindInteger, ""},
	{3, "Ip.InReceives", snmp.KindCounter32, ""},
	{4, "Ip.InHdrErrors", snmp.KindCounter32, ""},
	{5, "Ip.InAddrErrors", snmp.KindCounter32, ""},
	{6, "Ip.ForwDatagrams", snmp.KindCounter32, ""},
	{7, "Ip.InUnknownProtos", snmp.KindCounter32, ""},
	{8, "Ip.InDiscards", snmp.KindCounter32, ""},
	{9, "Ip.InDelivers", snmp.KindCounter32, ""},
	{10, "Ip.OutRequests", snmp.KindCounter32, ""},
	{11, "Ip.OutDiscards", snmp.KindCounter32, ""},
	{12, "Ip.OutNoRoutes", snmp.KindCounter32, ""},
	{13, "Ip.ReasmTimeout", snmp.KindInteger, ""},
	{14, "Ip.ReasmReqds", snmp.KindCounter32, ""},
	{15, "Ip.ReasmOKs", snmp.KindCounter32, ""},
	{16, "Ip.ReasmFails", snmp.KindCounter32, ""},
	{17, "Ip.FragOKs", snmp.KindCounter32, ""},
	{18, "Ip.FragFails", snmp.KindCounter32, ""},
	{19, "Ip.FragCreates", snmp.KindCounter32, ""},
}

var icmpScalars = []protocolScalar{
	{1, "Icmp.InMsgs", snmp.KindCounter32, ""},
	{2, "Icmp.InErrors", snmp.KindCounter32, ""},
	{3, "Icmp.InDestUnreachs", snmp.KindCounter32, ""},
	{4, "Icmp.InTimeExcds", snmp.KindCounter32, ""},
	{5, "Icmp.InParmProbs", snmp.KindCounter32, ""},
	{6, "Icmp.InSrcQuenchs", snmp.KindCounter32, ""},
	{7, "Icmp.InRedirects", snmp.KindCounter32, ""},
	{8, "Icmp.InEchos", snmp.KindCounter32, ""},
	{9, "Icmp.InEchoReps", snmp.KindCounter32, ""},
	{10, "Icmp.InTimestamps", snmp.KindCounter32, ""},
	{11, "Icmp.InTimestampReps", snmp.KindCounter32, ""},
	{12, "Icmp.InAddrMasks", snmp.KindCounter32, ""},
	{13, "Icmp.InAddrMaskReps", snmp.KindCounter32, ""},
	{14, "Icmp.OutMsgs", snmp.KindCounter32, ""},
	{15, "Icmp.OutErrors", snmp.KindCounter32, ""},
	{16, "Icmp.OutDestUnreachs", snmp.KindCounter32, ""},
	{17, "Icmp.OutTimeExcds", snmp.KindCounter32, ""},
	{18, "Icmp.OutParmProbs", snmp.KindCounter32, ""},
	{19, "Icmp.OutSrcQuenchs", snmp.KindCounter32, ""},
	{20, "Icmp.OutRedirects", snmp.KindCounter32, ""},
	{21, "Icmp.OutEchos", snmp.KindCounter32, ""},
	{22, "Icmp.OutEchoReps", snmp.KindCounter32, ""},
	{23, "Icmp.OutTimestamps", snmp.KindCounter32, ""},
	{24, "Icmp.OutTimestampReps", snmp.KindCounter32, ""},
	{25, "Icmp.OutAddrMasks", snmp.KindCounter32, ""},
	{26, "Icmp.OutAddrMaskReps", snmp.KindCounter32, ""},
}

var tcpScalars = []protocolScalar{
	{1, "Tcp.RtoAlgorithm", snmp.KindInteger, ""},
	{2, "Tcp.RtoMin", snmp.KindInteger, ""},
	{3, "Tcp.RtoMax", snmp.KindInteger, ""},
	{4, "Tcp.MaxConn", snmp.KindInteger, ""},
	{5, "Tcp.ActiveOpens", snmp.KindCounter32, ""},
	{6, "Tcp.PassiveOpens", snmp.KindCounter32, ""},
	{7, "Tcp.AttemptFails", snmp.KindCounter32, ""},
	{8, "Tcp.EstabResets", snmp.KindCounter32, ""},
	{9, "Tcp.CurrEstab", snmp.KindGauge32, ""},
	{10, "Tcp.InSegs", snmp.KindCounter32, ""},
	{11, "Tcp.OutSegs", snmp.KindCounter32, ""},
	{12, "Tcp.RetransSegs", snmp.KindCounter32, ""},
	{14, "Tcp.InErrs", snmp.KindCounter32, ""},
	{15, "Tcp.OutRsts", snmp.KindCounter32, ""},
}

var udpScalars = []protocolScalar{
	{1, "Udp.InDatagrams", snmp.KindCounter32, "Udp6.InDatagrams"},
	{2, "Udp.NoPorts", snmp.KindCounter32, "Udp6.NoPorts"},
	{3, "Udp.InErrors", snmp.KindCounter32, "Udp6.InErrors"},
	{4, "Udp.OutDatagrams", snmp.KindCounter32, "Udp6.OutDatagrams"},
}

func (h *Host) ip(p *page) {
	h.protocol(p, arcsIP, ipScalars)
	p.Scalar(below(arcsIP, 23), snmp.Counter32(0)) // Linux keeps no route back for want of room
	v6, ok := use(p, h.ipv6)
	var forwarding, hops snmp.Value
	if ok {
		forwarding, hops = snmp.Integer(2), snmp.Saturated(v6.HopLimit)
		if v6.Forwarding {
			forwarding = snmp.Integer(1)
		}
	}
	p.Scalar(below(arcsIP, 25), forwarding)
	p.Scalar(below(arcsIP, 26), hops)
	h.ipVersions(p)
}

func (h *Host) icmp(p *page) { h.protocol(p, arcsICMP, icmpScalars) }
func (h *Host) tcp(p *page)  { h.protocol(p, arcsTCP, tcpScalars) }

// udp serves both versions of IP (RFC 4113).
func (h *Host) udp(p *page) { h.protocol(p, arcsUDP, udpScalars) }

// protocol serves those scalars that the kernel knows.
func (h *Host) protocol(p *page, base []uint32, scalars []protocolScalar) {
	counts, _ := use(p, h.protocols)
	for _, s := range scalars {
		n, known := counts[s.name]
		n += counts[s.v6]
		var v snmp.Value
		switch {
		case !known:
		case s.kind == snmp.KindInteger:
			v = snmp.Integer(int32(min(max(n, -1), 1<<31-1)))
		case s.kind == snmp.KindGauge32:
			v = snmp.SaturatedGauge(uint64(max(n, 0)))
		default:
			v = snmp.Counter32(uint32(n))
		}
		p.Scalar(below(base, s.arc), v)
	}
}
