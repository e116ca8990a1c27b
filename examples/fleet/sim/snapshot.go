package sim

import (
	"math/rand/v2"

	"github.com/fieldgate/fieldgate/telemetry"
)

// nature tells the values of one device at one moment. They follow from the
// seed, the device and the period alone, so that no device has to remember
// them. Its methods must be called in the same order each time.
type nature struct {
	fixed  rand.PCG // what kind of device it is: the same in every report
	moving rand.PCG // this report
	n      uint64   // periods since the device booted
}

// counter grows by about rate in a period, never shrinks within a boot, and
// starts again at a boot.
func (n *nature) counter(rate uint64) telemetry.Maybe[uint64] {
	each := rate/2 + n.fixed.Uint64()%rate + 1
	return telemetry.Known(n.n*each + n.moving.Uint64()%each)
}

// rare counts something that happens once in many periods.
func (n *nature) rare(periods uint64) telemetry.Maybe[uint64] {
	return telemetry.Known(n.n / (periods/2 + n.fixed.Uint64()%periods + 1))
}

// gauge stays within a tenth of the range around the device's own level.
func (n *nature) gauge(low, high uint64) telemetry.Maybe[uint64] {
	narrow := (high - low) / 10
	level := low + n.fixed.Uint64()%(high-low-narrow+1)
	return telemetry.Known(level + n.moving.Uint64()%(narrow+1))
}

// constant is a property of the device.
func (n *nature) constant(low, high uint64) uint64 {
	return low + n.fixed.Uint64()%(high-low+1)
}

// snapshot fills s with the facts of device index: the 65 values of a gateway
// with two disks, three interfaces, a modem and tunnels. age is the device's
// uptime at the first report of its boot. Uptime, host and firmware included,
// only Disks and Interfaces of s are used again.
func (f *Fleet) snapshot(s *telemetry.Sample, index int, age, seq uint64) {
	period := f.config.seconds()
	n := &nature{n: age/period + seq}
	n.fixed.Seed(f.config.Seed, uint64(index))
	n.moving.Seed(f.config.Seed^uint64(index)<<32, age+seq)

	*s = telemetry.Sample{
		Uptime:     telemetry.Known(age + seq*period),
		Host:       telemetry.Known(f.hosts[index]),
		Firmware:   telemetry.Known(firmwares[n.constant(0, uint64(len(firmwares))-1)]),
		Load:       telemetry.Load{One: n.gauge(0, 250), Five: n.gauge(0, 200), Fifteen: n.gauge(0, 150)},
		Disks:      s.Disks[:0],
		Interfaces: s.Interfaces[:0],
	}
	ticks := 100 * period // of one processor in a period
	s.CPU = telemetry.CPU{
		User: n.counter(ticks / 20), System: n.counter(ticks / 25), Idle: n.counter(ticks * 9 / 10), IRQ: n.counter(ticks/500 + 1),
	}
	total := uint64(61_044)
	s.Memory = telemetry.Memory{
		Total: telemetry.Known(total), Available: n.gauge(18_000, 30_000), Shared: n.gauge(300, 500),
		Buffers: n.gauge(2_000, 3_000), Cached: n.gauge(9_000, 13_000),
	}
	used := n.gauge(900, 4_000)
	s.Disks = append(s.Disks,
		telemetry.Disk{Mount: "/", Total: telemetry.Known(uint64(8192)), Used: telemetry.Known(uint64(8192)),
			Available: telemetry.Known(uint64(0)), InodesPercent: telemetry.Known(uint64(100))},
		telemetry.Disk{Mount: "/overlay", Total: telemetry.Known(uint64(5120)), Used: used,
			Available: telemetry.Known(5120 - used.Value), InodesPercent: n.gauge(3, 40)})
	s.Interfaces = append(s.Interfaces,
		n.iface("eth0", 3000*period, 1500, 100),
		n.iface("eth1", 400*period, 1500, 100),
		n.iface("wwan0", 1500*period, 1420, 50))
	s.Modem = telemetry.Modem{
		Operator:   telemetry.Known(operators[n.constant(0, uint64(len(operators))-1)]),
		SignalDBm:  telemetry.Known(-int64(n.gauge(55, 110).Value)),
		Technology: telemetry.Known(telemetry.Technology(n.constant(uint64(telemetry.TechUMTS), uint64(telemetry.TechNR)))),
		IMEI:       telemetry.Known(f.imeis[index]),
	}
	s.IPsec = n.tunnels(2)
	s.OpenVPN = n.tunnels(2)
}

// iface is an interface that receives about rate bytes in a period.
func (n *nature) iface(name string, rate, mtu, speed uint64) telemetry.Interface {
	return telemetry.Interface{
		Name:    name,
		RxBytes: n.counter(rate), TxBytes: n.counter(rate / 3), RxPackets: n.counter(rate/500 + 1), TxPackets: n.counter(rate/800 + 1),
		RxErrors: n.rare(9000), TxErrors: n.rare(90_000), RxDropped: n.rare(100), TxDropped: n.rare(4000),
		MTU: telemetry.Known(mtu), Speed: telemetry.Known(speed),
	}
}

func (n *nature) tunnels(all uint64) telemetry.Tunnels {
	up := n.moving.Uint64() % (all + 1)
	return telemetry.Tunnels{Up: telemetry.Known(up), Down: telemetry.Known(all - up)}
}

var firmwares = [...]string{"2.4.1", "2.4.0", "2.3.7", "2.3.2"}

var operators = [...]string{"Example Mobile", "Sample Tel", "Test Networks", "Specimen 4G"}
