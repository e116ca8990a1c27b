package lineprotocol

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// Encoder makes datagrams of lines, for an agent that reports to a server of
// this protocol over UDP. The zero value is ready for use.
type Encoder struct{}

var _ telemetry.Encoder = Encoder{}

// Encode implements [telemetry.Encoder]. Each datagram holds whole lines. The
// error wraps [telemetry.ErrUnencodable] when limit has no room for a line
// with a single field; a limit of 1,200 has, for every message that
// [telemetry.Decode] accepts with a serial of up to [telemetry.MaxSerial].
func (Encoder) Encode(m *telemetry.Message, limit int) ([][]byte, error) {
	w := writer{limit: limit, end: lineEnd(m.Time, time.Time{})}
	w.message(m)
	if w.overlong != "" {
		return nil, fmt.Errorf("lineprotocol: a line of %s cannot fit into %d bytes: %w", w.overlong, limit, telemetry.ErrUnencodable)
	}
	var datagrams [][]byte
	start, end := 0, 0 // of the datagram
	for line := range bytes.Lines(w.b) {
		if end-start+len(line) > limit {
			datagrams = append(datagrams, w.b[start:end:end])
			start = end
		}
		end += len(line)
	}
	if start < end {
		datagrams = append(datagrams, w.b[start:end:end])
	}
	return datagrams, nil
}

// AppendLines appends the lines of m to dst, each with its newline, for a
// server that takes any number of them at once, as InfluxDB's POST /write
// does with precision=ns. A message without time gets defaultTime, such as
// that of its arrival; when that is zero too, the server takes its own.
func AppendLines(dst []byte, m *telemetry.Message, defaultTime time.Time) []byte {
	w := writer{b: dst, limit: math.MaxInt, end: lineEnd(m.Time, defaultTime)}
	w.message(m)
	return w.b
}

func (w *writer) message(m *telemetry.Message) {
	w.serial = m.Serial
	w.agent(m)
	w.system(m)
	w.cpu(&m.CPU)
	w.memory(&m.Memory)
	for i := range m.Disks {
		w.disk(&m.Disks[i])
	}
	for i := range m.Interfaces {
		w.iface(&m.Interfaces[i])
	}
	w.modem(&m.Modem)
	w.tunnels("fieldgate_ipsec", m.IPsec)
	w.tunnels("fieldgate_openvpn", m.OpenVPN)
	w.flush()
}

func (w *writer) agent(m *telemetry.Message) {
	w.begin("fieldgate_agent", "", "")
	w.uint("boot", telemetry.Maybe[uint64]{Value: uint64(m.Boot.Value), Known: m.Boot.Known})
	w.uint("seq", telemetry.Known(m.Seq))
	w.uint("period", telemetry.Maybe[uint64]{Value: m.Period, Known: m.Period != 0})
	if m.Late {
		w.key("late")
		w.scratch = append(w.scratch, "true"...)
		w.add("late")
	}
	w.uint("send_errors", m.Stats.SendErrors)
	w.uint("dropped", m.Stats.Dropped)
	w.uint("collect_ms", m.Stats.CollectMS)
}

func (w *writer) system(m *telemetry.Message) {
	w.begin("fieldgate_system", "", "")
	w.uint("uptime", m.Uptime)
	w.text("host", m.Host)
	w.text("fw", m.Firmware)
	w.hundredths("load1", m.Load.One)
	w.hundredths("load5", m.Load.Five)
	w.hundredths("load15", m.Load.Fifteen)
}

func (w *writer) cpu(c *telemetry.CPU) {
	w.begin("fieldgate_cpu", "", "")
	w.uint("user", c.User)
	w.uint("system", c.System)
	w.uint("idle", c.Idle)
	w.uint("irq", c.IRQ)
	w.uint("nice", c.Nice)
	w.uint("iowait", c.IOWait)
	w.uint("softirq", c.SoftIRQ)
	w.uint("steal", c.Steal)
}

func (w *writer) memory(m *telemetry.Memory) {
	w.begin("fieldgate_mem", "", "")
	w.uint("total", m.Total)
	w.uint("avail", m.Available)
	w.uint("shared", m.Shared)
	w.uint("buffers", m.Buffers)
	w.uint("cached", m.Cached)
}

func (w *writer) disk(d *telemetry.Disk) {
	w.begin("fieldgate_disk", "mount", d.Mount)
	w.uint("total", d.Total)
	w.uint("used", d.Used)
	w.uint("avail", d.Available)
	w.uint("inodes", d.InodesPercent)
}

func (w *writer) iface(i *telemetry.Interface) {
	w.begin("fieldgate_net", "interface", i.Name)
	w.uint("rx_bytes", i.RxBytes)
	w.uint("tx_bytes", i.TxBytes)
	w.uint("rx_packets", i.RxPackets)
	w.uint("tx_packets", i.TxPackets)
	w.uint("rx_errors", i.RxErrors)
	w.uint("tx_errors", i.TxErrors)
	w.uint("rx_dropped", i.RxDropped)
	w.uint("tx_dropped", i.TxDropped)
	w.uint("mtu", i.MTU)
	w.uint("speed", i.Speed)
}

func (w *writer) modem(m *telemetry.Modem) {
	w.begin("fieldgate_modem", "", "")
	w.text("operator", m.Operator)
	w.int("dbm", m.SignalDBm)
	w.text("tech", telemetry.Maybe[string]{Value: m.Technology.Value.String(), Known: m.Technology.Known})
	w.text("imei", m.IMEI)
}

func (w *writer) tunnels(measurement string, t telemetry.Tunnels) {
	w.begin(measurement, "", "")
	w.uint("up", t.Up)
	w.uint("down", t.Down)
}
