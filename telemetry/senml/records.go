package senml

import (
	"math"
	"math/bits"
	"strconv"

	"github.com/fieldgate/fieldgate/telemetry"
)

// list collects the records of one report, without base fields.
type list []Record

// records returns at least one record.
func records(m *telemetry.Message) list {
	var l list
	l.count("boot", telemetry.Maybe[uint64]{Value: uint64(m.Boot.Value), Known: m.Boot.Known})
	l.count("seq", telemetry.Known(m.Seq))
	l.uint("period", "s", 1, telemetry.Maybe[uint64]{Value: m.Period, Known: m.Period != 0})
	if m.Late {
		late := true
		l = append(l, Record{Name: "late", BoolValue: &late})
	}
	l.count("send_errors", m.Stats.SendErrors)
	l.count("dropped", m.Stats.Dropped)
	l.decimal("collect", "s", 3, m.Stats.CollectMS)
	l.uint("uptime", "s", 1, m.Uptime)
	l.text("host", m.Host)
	l.text("fw", m.Firmware)
	l.decimal("load1", "", 2, m.Load.One)
	l.decimal("load5", "", 2, m.Load.Five)
	l.decimal("load15", "", 2, m.Load.Fifteen)
	l.cpu(&m.CPU)
	l.memory(&m.Memory)
	for i := range m.Disks {
		l.disk(&m.Disks[i])
	}
	for i := range m.Interfaces {
		l.iface(&m.Interfaces[i])
	}
	l.modem(&m.Modem)
	l.count("ipsec:up", m.IPsec.Up)
	l.count("ipsec:down", m.IPsec.Down)
	l.count("openvpn:up", m.OpenVPN.Up)
	l.count("openvpn:down", m.OpenVPN.Down)
	return l
}

func (l *list) cpu(c *telemetry.CPU) {
	const ticks = 2 // of 10 ms: hundredths of a second
	l.decimal("cpu:user", "s", ticks, c.User)
	l.decimal("cpu:system", "s", ticks, c.System)
	l.decimal("cpu:idle", "s", ticks, c.Idle)
	l.decimal("cpu:irq", "s", ticks, c.IRQ)
	l.decimal("cpu:nice", "s", ticks, c.Nice)
	l.decimal("cpu:iowait", "s", ticks, c.IOWait)
	l.decimal("cpu:softirq", "s", ticks, c.SoftIRQ)
	l.decimal("cpu:steal", "s", ticks, c.Steal)
}

const kib = 1024

func (l *list) memory(m *telemetry.Memory) {
	l.uint("mem:total", "B", kib, m.Total)
	l.uint("mem:avail", "B", kib, m.Available)
	l.uint("mem:shared", "B", kib, m.Shared)
	l.uint("mem:buffers", "B", kib, m.Buffers)
	l.uint("mem:cached", "B", kib, m.Cached)
}

func (l *list) disk(d *telemetry.Disk) {
	name := "disk:" + tidyName(d.Mount) + ":"
	l.uint(name+"total", "B", kib, d.Total)
	l.uint(name+"used", "B", kib, d.Used)
	l.uint(name+"avail", "B", kib, d.Available)
	l.decimal(name+"inodes", "/", 2, d.InodesPercent)
}

func (l *list) iface(i *telemetry.Interface) {
	name := "net:" + tidyName(i.Name) + ":"
	l.uint(name+"rx_bytes", "B", 1, i.RxBytes)
	l.uint(name+"tx_bytes", "B", 1, i.TxBytes)
	l.count(name+"rx_packets", i.RxPackets)
	l.count(name+"tx_packets", i.TxPackets)
	l.count(name+"rx_errors", i.RxErrors)
	l.count(name+"tx_errors", i.TxErrors)
	l.count(name+"rx_dropped", i.RxDropped)
	l.count(name+"tx_dropped", i.TxDropped)
	l.uint(name+"mtu", "B", 1, i.MTU)
	l.uint(name+"speed", "bit/s", 1_000_000, i.Speed)
}

// milliwatt is a milliwatt in dBW.
const milliwatt = -30

func (l *list) modem(m *telemetry.Modem) {
	l.text("modem:operator", m.Operator)
	if dBm := m.SignalDBm; dBm.Known && dBm.Value >= math.MinInt64-milliwatt {
		*l = append(*l, Record{Name: "modem:signal", Unit: "dBW", Value: Number(strconv.FormatInt(dBm.Value+milliwatt, 10))})
	}
	l.text("modem:tech", telemetry.Maybe[string]{Value: m.Technology.Value.String(), Known: m.Technology.Known})
	l.text("modem:imei", m.IMEI)
}

func (l *list) count(name string, v telemetry.Maybe[uint64]) { l.uint(name, "count", 1, v) }

// uint adds v times factor.
func (l *list) uint(name, unit string, factor uint64, v telemetry.Maybe[uint64]) {
	high, product := bits.Mul64(v.Value, factor)
	if v.Known && high == 0 {
		*l = append(*l, Record{Name: name, Unit: unit, Value: Number(strconv.FormatUint(product, 10))})
	}
}

// decimal adds v with the given number of places behind the point.
func (l *list) decimal(name, unit string, places int, v telemetry.Maybe[uint64]) {
	if !v.Known {
		return
	}
	digits := strconv.FormatUint(v.Value, 10)
	for len(digits) <= places {
		digits = "0" + digits
	}
	point := len(digits) - places
	*l = append(*l, Record{Name: name, Unit: unit, Value: Number(digits[:point] + "." + digits[point:])})
}

func (l *list) text(name string, v telemetry.Maybe[string]) {
	if v.Known {
		*l = append(*l, Record{Name: name, StringValue: &v.Value})
	}
}
