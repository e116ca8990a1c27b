package hostmib

import (
	"fmt"

	"github.com/fieldgate/fieldgate/snmp"
)

// arcsLoad is laTable of UCD-SNMP-MIB.
var arcsLoad = []uint32{1, 3, 6, 1, 4, 1, 2021, 10}

// average is a row of laTable.
type average struct {
	index      int32
	minutes    int
	hundredths uint64
	limit      float64
}

func (a *average) tooHigh() bool { return float64(a.hundredths) > 100*a.limit }

// decimals is the load with two of them, as /proc/loadavg has it.
func (a *average) decimals() string {
	return fmt.Sprintf("%d.%02d", a.hundredths/100, a.hundredths%100)
}

var laColumns = []snmp.Column[average]{
	{Arc: 1, Value: func(a *average) snmp.Value { return snmp.Integer(a.index) }},
	{Arc: 2, Value: func(a *average) snmp.Value { return snmp.OctetString(fmt.Sprintf("Load-%d", a.minutes)) }},
	{Arc: 3, Value: func(a *average) snmp.Value { return snmp.OctetString(a.decimals()) }},
	{Arc: 4, Value: func(a *average) snmp.Value { return snmp.OctetString(fmt.Sprintf("%.2f", a.limit)) }},
	{Arc: 5, Value: func(a *average) snmp.Value { return snmp.Saturated(a.hundredths) }},
	{Arc: 6, Value: func(a *average) snmp.Value { return snmp.Float(float32(a.hundredths) / 100) }},
	{Arc: 100, Value: func(a *average) snmp.Value { return flag(a.tooHigh()) }},
	{Arc: 101, Value: func(a *average) snmp.Value {
		if !a.tooHigh() {
			return snmp.OctetString("")
		}
		return snmp.OctetString(fmt.Sprintf("%d min Load Average too high (= %s)", a.minutes, a.decimals()))
	}},
}

// flag is an error flag of UCD-SNMP-MIB.
func flag(set bool) snmp.Value {
	if set {
		return snmp.Integer(1)
	}
	return snmp.Integer(0)
}

// loads serves the load averages. laLoad, laLoadInt and laLoadFloat are the
// same number.
func (h *Host) loads(p *page) {
	l, ok := use(p, h.load)
	var rows []average
	if ok {
		for i, hundredths := range []uint64{l.One, l.Five, l.Fifteen} {
			rows = append(rows, average{int32(i + 1), []int{1, 5, 15}[i], hundredths, h.options.MaxLoad[i]})
		}
	}
	snmp.AddTable(&p.Builder, below(arcsLoad, 1), laColumns, rows, func(a *average) []uint32 { return []uint32{uint32(a.index)} })
}
