package telemetry

// The integer keys of the message map. A key is never used again for
// something else.
const (
	keyVersion = iota
	keySerial
	keyBoot
	keySeq
	keyTime
	keyUptime
	keyHost
	keyFirmware
	keyLoad
	keyCPU
	keyMemory
	keyDisks
	keyInterfaces
	keyModem
	keyIPsec
	keyOpenVPN
	keyPart
	keyLate
	keyPeriod
	keyStats
	keyExtra // the first that this version does not know
)

// fieldNames are the names of the keys, for errors.
var fieldNames = [keyExtra]string{
	"v", "serial", "boot", "seq", "time", "uptime", "host", "fw", "load", "cpu", "mem",
	"disks", "ifs", "gsm", "ipsec", "openvpn", "part", "late", "period", "stats",
}

// The elements functions are the one place that knows the order of the
// numbers in an array: the encoder reads through them, the decoder writes.

func (l *Load) elements() [3]*Maybe[uint64] {
	return [...]*Maybe[uint64]{&l.One, &l.Five, &l.Fifteen}
}

func (c *CPU) elements() [8]*Maybe[uint64] {
	return [...]*Maybe[uint64]{&c.User, &c.System, &c.Idle, &c.IRQ, &c.Nice, &c.IOWait, &c.SoftIRQ, &c.Steal}
}

func (m *Memory) elements() [5]*Maybe[uint64] {
	return [...]*Maybe[uint64]{&m.Total, &m.Available, &m.Shared, &m.Buffers, &m.Cached}
}

// The name is element 0 of a row of disks and of interfaces.

func (d *Disk) elements() [4]*Maybe[uint64] {
	return [...]*Maybe[uint64]{&d.Total, &d.Used, &d.Available, &d.InodesPercent}
}

func (i *Interface) elements() [10]*Maybe[uint64] {
	return [...]*Maybe[uint64]{
		&i.RxBytes, &i.TxBytes, &i.RxPackets, &i.TxPackets,
		&i.RxErrors, &i.TxErrors, &i.RxDropped, &i.TxDropped, &i.MTU, &i.Speed,
	}
}

func (t *Tunnels) elements() [2]*Maybe[uint64] {
	return [...]*Maybe[uint64]{&t.Up, &t.Down}
}

func (s *Stats) elements() [3]*Maybe[uint64] {
	return [...]*Maybe[uint64]{&s.SendErrors, &s.Dropped, &s.CollectMS}
}
