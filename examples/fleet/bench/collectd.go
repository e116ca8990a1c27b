package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// The parts of collectd's binary network protocol and the kinds of values
// (https://collectd.org/wiki/index.php/Binary_protocol).
const (
	partHost           = 0x0000
	partTime           = 0x0008 // in units of 2^-30 s
	partInterval       = 0x0009 // the same
	partPlugin         = 0x0002
	partPluginInstance = 0x0003
	partType           = 0x0004
	partTypeInstance   = 0x0005
	partValues         = 0x0006
	partSignature      = 0x0200

	kindGauge  = 1
	kindDerive = 2
)

// collectdMax is the largest packet that stock collectd takes, 1452 bytes,
// without a signature.
const collectdMax = 1452 - 4 - sha256.Size - len(collectdUser)

// value is one number of a value list.
type value struct {
	kind   byte
	number uint64 // the bits of a float64 for a gauge
}

func gauge(v float64) value                  { return value{kindGauge, math.Float64bits(v)} }
func whole(v telemetry.Maybe[uint64]) value  { return gauge(float64(v.Value)) }
func derive(v telemetry.Maybe[uint64]) value { return value{kindDerive, v.Value} }

// packer writes value lists into as many packets as they need. Like
// collectd's own, it names only what differs from the list before in the
// same packet.
type packer struct {
	host     string
	at       time.Time
	interval time.Duration

	packets [][]byte
	last    [4]string // plugin, plugin instance, type, type instance
	values  int
}

// list adds one value list.
func (p *packer) list(plugin, pluginInstance, typ, typeInstance string, values ...value) {
	names := [4]string{plugin, pluginInstance, typ, typeInstance}
	p.values += len(values)
	if len(p.packets) > 0 {
		current := &p.packets[len(p.packets)-1]
		b := p.append(*current, names, values)
		if len(b) <= collectdMax {
			*current, p.last = b, names
			return
		}
	}
	p.last = [4]string{}
	b := appendText(nil, partHost, p.host)
	b = appendNumber(b, partTime, collectdTime(p.at.Sub(time.Unix(0, 0))))
	b = appendNumber(b, partInterval, collectdTime(p.interval))
	p.packets = append(p.packets, p.append(b, names, values))
	p.last = names
}

func (p *packer) append(b []byte, names [4]string, values []value) []byte {
	for i, kind := range [...]uint16{partPlugin, partPluginInstance, partType, partTypeInstance} {
		if names[i] != p.last[i] {
			b = appendText(b, kind, names[i])
		}
	}
	b = appendHead(b, partValues, 2+9*len(values))
	b = binary.BigEndian.AppendUint16(b, uint16(len(values)))
	for _, v := range values {
		b = append(b, v.kind)
	}
	for _, v := range values {
		if v.kind == kindGauge {
			b = binary.LittleEndian.AppendUint64(b, v.number) // the only value in this order
		} else {
			b = binary.BigEndian.AppendUint64(b, v.number)
		}
	}
	return b
}

func appendHead(b []byte, kind uint16, size int) []byte {
	b = binary.BigEndian.AppendUint16(b, kind)
	return binary.BigEndian.AppendUint16(b, uint16(4+size))
}

func appendText(b []byte, kind uint16, text string) []byte {
	b = appendHead(b, kind, len(text)+1)
	b = append(b, text...)
	return append(b, 0)
}

func appendNumber(b []byte, kind uint16, v uint64) []byte {
	return binary.BigEndian.AppendUint64(appendHead(b, kind, 8), v)
}

// sign returns the packet with a signature in front, as collectd wants it
// with SecurityLevel Sign: HMAC-SHA-256 of the user's name and the packet.
func sign(packet []byte, user, password string) []byte {
	mac := hmac.New(sha256.New, []byte(password))
	mac.Write([]byte(user))
	mac.Write(packet)
	b := appendHead(nil, partSignature, sha256.Size+len(user))
	b = mac.Sum(b)
	b = append(b, user...)
	return append(b, packet...)
}

// collectdTime is d in units of 2^-30 s.
func collectdTime(d time.Duration) uint64 {
	return uint64(d/time.Second)<<30 + uint64(d%time.Second)<<30/uint64(time.Second)
}

// collectdPackets returns the numbers of m, which are all that collectd can
// carry, and how many they are. The stock types.db knows their types.
func collectdPackets(m *telemetry.Message, at time.Time) (packets [][]byte, values int) {
	p := &packer{host: m.Serial, at: at, interval: time.Duration(m.Period) * time.Second}
	p.list("uptime", "", "uptime", "", whole(m.Uptime))
	p.list("agent", "", "count", "boot", gauge(float64(m.Boot.Value)))
	p.list("agent", "", "count", "seq", gauge(float64(m.Seq)))
	hundredths := func(v telemetry.Maybe[uint64]) value { return gauge(float64(v.Value) / 100) }
	p.list("load", "", "load", "", hundredths(m.Load.One), hundredths(m.Load.Five), hundredths(m.Load.Fifteen))
	p.list("cpu", "0", "cpu", "user", derive(m.CPU.User))
	p.list("cpu", "0", "cpu", "system", derive(m.CPU.System))
	p.list("cpu", "0", "cpu", "idle", derive(m.CPU.Idle))
	p.list("cpu", "0", "cpu", "interrupt", derive(m.CPU.IRQ))
	p.list("memory", "", "memory", "total", whole(m.Memory.Total))
	p.list("memory", "", "memory", "free", whole(m.Memory.Available))
	p.list("memory", "", "memory", "shared", whole(m.Memory.Shared))
	p.list("memory", "", "memory", "buffered", whole(m.Memory.Buffers))
	p.list("memory", "", "memory", "cached", whole(m.Memory.Cached))
	for _, d := range m.Disks {
		p.list("df", d.Mount, "df_complex", "total", whole(d.Total))
		p.list("df", d.Mount, "df_complex", "used", whole(d.Used))
		p.list("df", d.Mount, "df_complex", "free", whole(d.Available))
		p.list("df", d.Mount, "percent_inodes", "used", whole(d.InodesPercent))
	}
	for _, i := range m.Interfaces {
		p.list("interface", i.Name, "if_octets", "", derive(i.RxBytes), derive(i.TxBytes))
		p.list("interface", i.Name, "if_packets", "", derive(i.RxPackets), derive(i.TxPackets))
		p.list("interface", i.Name, "if_errors", "", derive(i.RxErrors), derive(i.TxErrors))
		p.list("interface", i.Name, "if_dropped", "", derive(i.RxDropped), derive(i.TxDropped))
		p.list("interface", i.Name, "gauge", "mtu", whole(i.MTU))
		p.list("interface", i.Name, "gauge", "speed", whole(i.Speed))
	}
	p.list("modem", "", "signal_power", "", gauge(float64(m.Modem.SignalDBm.Value)))
	p.list("modem", "", "gauge", "tech", gauge(float64(m.Modem.Technology.Value)))
	p.list("ipsec", "", "count", "up", whole(m.IPsec.Up))
	p.list("ipsec", "", "count", "down", whole(m.IPsec.Down))
	p.list("openvpn", "", "count", "up", whole(m.OpenVPN.Up))
	p.list("openvpn", "", "count", "down", whole(m.OpenVPN.Down))
	return p.packets, p.values
}
