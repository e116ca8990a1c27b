package telemetry_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func num(v uint64) telemetry.Maybe[uint64] { return telemetry.Known(v) }

// snapshot is the 65 values of a gateway in the field: with 2 disks, 3
// interfaces, a modem and tunnels, without period and stats.
func snapshot() *telemetry.Message {
	return &telemetry.Message{
		Version: 1,
		Serial:  "GK0123456789",
		Boot:    telemetry.Known(uint32(97)),
		Seq:     20713,
		Time:    num(1794993408),
		Sample: telemetry.Sample{
			Uptime:   num(1242780),
			Host:     telemetry.Known("gateway-0042"),
			Firmware: telemetry.Known("2.4.1"),
			Load:     telemetry.Load{One: num(42), Five: num(37), Fifteen: num(31)},
			CPU:      telemetry.CPU{User: num(4217345), System: num(2873412), Idle: num(116102377), IRQ: num(187322)},
			Memory:   telemetry.Memory{Total: num(61044), Available: num(23816), Shared: num(412), Buffers: num(2408), Cached: num(11236)},
			Disks: []telemetry.Disk{
				{Mount: "/", Total: num(8192), Used: num(8192), Available: num(0), InodesPercent: num(100)},
				{Mount: "/overlay", Total: num(5120), Used: num(1344), Available: num(3776), InodesPercent: num(7)},
			},
			Interfaces: []telemetry.Interface{
				iface("eth0", 3712345678, 1523456789, 8123456, 5234567, 1500, 100),
				iface("eth1", 523456789, 98765432, 1123456, 734567, 1500, 100),
				iface("wwan0", 1812345678, 623456789, 2723456, 1834567, 1420, 50),
			},
			Modem: telemetry.Modem{
				Operator:   telemetry.Known("Example Mobile"),
				SignalDBm:  telemetry.Known(int64(-87)),
				Technology: telemetry.Known(telemetry.TechLTE),
				IMEI:       telemetry.Known("356938035643809"),
			},
			IPsec:   telemetry.Tunnels{Up: num(2), Down: num(0)},
			OpenVPN: telemetry.Tunnels{Up: num(1), Down: num(1)},
		},
	}
}

func iface(name string, rxB, txB, rxP, txP, mtu, speed uint64) telemetry.Interface {
	return telemetry.Interface{
		Name: name, RxBytes: num(rxB), TxBytes: num(txB), RxPackets: num(rxP), TxPackets: num(txP),
		RxErrors: num(3), TxErrors: num(0), RxDropped: num(211), TxDropped: num(5), MTU: num(mtu), Speed: num(speed),
	}
}

// full has every field, the ends of the number ranges, an unknown in the
// middle of arrays, and facts of a later version.
func full() *telemetry.Message {
	m := snapshot()
	m.Boot = telemetry.Known(uint32(4294967295))
	m.Host = telemetry.Known("größe-ü")
	m.CPU.Nice, m.CPU.IOWait, m.CPU.SoftIRQ, m.CPU.Steal = num(23), num(24), num(255), num(256)
	m.Load.Five = telemetry.Maybe[uint64]{}
	m.Disks[1].Available = telemetry.Maybe[uint64]{}
	m.Interfaces[0].RxBytes, m.Interfaces[0].TxBytes = num(18446744073709551615), num(4294967296)
	m.Interfaces[2].Speed, m.Interfaces[2].MTU = telemetry.Maybe[uint64]{}, telemetry.Maybe[uint64]{}
	m.Part = telemetry.Part{Index: 1, Count: 1}
	m.Late = true
	m.Period = 60
	m.Stats = telemetry.Stats{SendErrors: num(65535), Dropped: num(65536), CollectMS: num(17)}
	m.Extra = []telemetry.Extra{
		{ID: 24, Raw: []byte{0x19, 0x03, 0xe8}},
		{Name: "x.y", Raw: []byte{0xa1, 0x61, 'a', 0x82, 0x20, 0xf5}},
	}
	return m
}

func minimal() *telemetry.Message { return &telemetry.Message{Version: 1} }

// large does not fit into one datagram.
func large() *telemetry.Message {
	m := snapshot()
	m.Period = 60
	m.Stats = telemetry.Stats{SendErrors: num(0), Dropped: num(0), CollectMS: num(17)}
	for i := range uint64(25) {
		m.Interfaces = append(m.Interfaces, iface("vlan"+string(rune('a'+i)), 3712345678+i, 1523456789, 8123456, 5234567, 1500, 1000))
	}
	return m
}
