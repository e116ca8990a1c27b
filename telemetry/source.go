package telemetry

import "context"

// Source gives the facts of the device. It must allow concurrent calls.
//
// A fact that cannot be read is left unknown; the facts that come with an
// error are sent all the same. A Sample must not change after its return.
// Sample should end soon after its ctx; the agent goes on without it if not.
type Source interface {
	Sample(ctx context.Context) (Sample, error)
}

// Maybe is a value or the statement that it is not known. The zero value is
// unknown.
type Maybe[T any] struct {
	Value T
	Known bool
}

// Known returns v as a known value.
func Known[T any](v T) Maybe[T] { return Maybe[T]{Value: v, Known: true} }

// IsZero reports whether the value is unknown.
func (m Maybe[T]) IsZero() bool { return !m.Known }

// Sample is the facts of a device at one moment. Every field may be unknown.
// Counters are cumulative, never differences; a counter of 32 bits in the
// kernel is given as it is.
type Sample struct {
	Uptime     Maybe[uint64] `json:"uptime,omitzero"` // seconds since boot
	Host       Maybe[string] `json:"host,omitzero"`   // host name
	Firmware   Maybe[string] `json:"fw,omitzero"`     // firmware version
	Load       Load          `json:"load,omitzero"`
	CPU        CPU           `json:"cpu,omitzero"`
	Memory     Memory        `json:"mem,omitzero"`
	Disks      []Disk        `json:"disks,omitzero"`
	Interfaces []Interface   `json:"ifs,omitzero"`
	Modem      Modem         `json:"gsm,omitzero"`
	IPsec      Tunnels       `json:"ipsec,omitzero"`
	OpenVPN    Tunnels       `json:"openvpn,omitzero"`
}

// Load is the load average over 1, 5 and 15 minutes in hundredths: 150 is a
// load of 1.50.
type Load struct {
	One     Maybe[uint64] `json:"1m,omitzero"`
	Five    Maybe[uint64] `json:"5m,omitzero"`
	Fifteen Maybe[uint64] `json:"15m,omitzero"`
}

// CPU is the time that all processors together have spent since boot, in
// ticks of 10 ms. The kinds do not overlap: their sum is the whole time.
type CPU struct {
	User    Maybe[uint64] `json:"user,omitzero"` // without Nice
	System  Maybe[uint64] `json:"system,omitzero"`
	Idle    Maybe[uint64] `json:"idle,omitzero"` // without IOWait
	IRQ     Maybe[uint64] `json:"irq,omitzero"`
	Nice    Maybe[uint64] `json:"nice,omitzero"`
	IOWait  Maybe[uint64] `json:"iowait,omitzero"`
	SoftIRQ Maybe[uint64] `json:"softirq,omitzero"`
	Steal   Maybe[uint64] `json:"steal,omitzero"`
}

// Memory is the main memory in KiB.
type Memory struct {
	Total     Maybe[uint64] `json:"total,omitzero"`
	Available Maybe[uint64] `json:"avail,omitzero"`
	Shared    Maybe[uint64] `json:"shared,omitzero"`
	Buffers   Maybe[uint64] `json:"buffers,omitzero"`
	Cached    Maybe[uint64] `json:"cached,omitzero"` // page cache and reclaimable slab
}

// Disk is one mounted filesystem; sizes are in KiB.
type Disk struct {
	Mount         string        `json:"mount"` // mount point; "" = unknown
	Total         Maybe[uint64] `json:"total,omitzero"`
	Used          Maybe[uint64] `json:"used,omitzero"`
	Available     Maybe[uint64] `json:"avail,omitzero"`  // to users without privileges
	InodesPercent Maybe[uint64] `json:"inodes,omitzero"` // used inodes, 0 to 100
}

// Interface is one network interface with its counters since it exists.
type Interface struct {
	Name      string        `json:"name"` // "" = unknown
	RxBytes   Maybe[uint64] `json:"rx_bytes,omitzero"`
	TxBytes   Maybe[uint64] `json:"tx_bytes,omitzero"`
	RxPackets Maybe[uint64] `json:"rx_packets,omitzero"`
	TxPackets Maybe[uint64] `json:"tx_packets,omitzero"`
	RxErrors  Maybe[uint64] `json:"rx_errors,omitzero"`
	TxErrors  Maybe[uint64] `json:"tx_errors,omitzero"`
	RxDropped Maybe[uint64] `json:"rx_dropped,omitzero"`
	TxDropped Maybe[uint64] `json:"tx_dropped,omitzero"`
	MTU       Maybe[uint64] `json:"mtu,omitzero"`   // bytes
	Speed     Maybe[uint64] `json:"speed,omitzero"` // Mbit/s
}

// Modem is the state of the mobile modem.
type Modem struct {
	Operator   Maybe[string]     `json:"operator,omitzero"`
	SignalDBm  Maybe[int64]      `json:"dbm,omitzero"` // signal strength, negative
	Technology Maybe[Technology] `json:"tech,omitzero"`
	IMEI       Maybe[string]     `json:"imei,omitzero"`
}

// Tunnels counts the tunnels of one kind.
type Tunnels struct {
	Up   Maybe[uint64] `json:"up,omitzero"`
	Down Maybe[uint64] `json:"down,omitzero"`
}
