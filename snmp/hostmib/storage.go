package hostmib

import (
	"math"
	"math/bits"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
	"github.com/fieldgate/fieldgate/snmp"
)

// arcsHRStorage is hrStorage of HOST-RESOURCES-MIB (RFC 2790).
var arcsHRStorage = []uint32{1, 3, 6, 1, 2, 1, 25, 2}

// The last arcs of the types of HOST-RESOURCES-TYPES.
const (
	storageOther     = 1
	storageRAM       = 2
	storageVirtual   = 3
	storageFixedDisk = 4
)

// storage is a row of hrStorageTable.
type storage struct {
	index       int32
	kind        uint32
	description string
	unit        uint64 // bytes, 1..2^30
	size, used  uint64 // units
}

// newStorage counts KiB in a unit, which it doubles until the size fits into
// 31 bits.
func newStorage(index int32, kind uint32, description string, unit, sizeKiB, usedKiB uint64) storage {
	if unit == 0 || unit > 1<<30 {
		unit = 1024
	}
	for units(sizeKiB, unit) > math.MaxInt32 && unit < 1<<30 {
		unit *= 2
	}
	return storage{index, kind, description, unit, units(sizeKiB, unit), units(usedKiB, unit)}
}

// units is a number of KiB in units of so many bytes.
func units(kib, unit uint64) uint64 {
	hi, lo := bits.Mul64(kib, 1024)
	if hi >= unit {
		return math.MaxUint64
	}
	n, _ := bits.Div64(hi, lo, unit)
	return n
}

var hrStorageColumns = []snmp.Column[storage]{
	{Arc: 1, Value: func(s *storage) snmp.Value { return snmp.Integer(s.index) }},
	{Arc: 2, Value: func(s *storage) snmp.Value { return snmp.ObjectID(below(arcsHRStorage, 1, s.kind)) }},
	{Arc: 3, Value: func(s *storage) snmp.Value { return snmp.OctetString(cut(s.description, maxText)) }},
	{Arc: 4, Value: func(s *storage) snmp.Value { return snmp.Saturated(s.unit) }},
	{Arc: 5, Value: func(s *storage) snmp.Value { return snmp.Saturated(s.size) }},
	{Arc: 6, Value: func(s *storage) snmp.Value { return snmp.Saturated(s.used) }},
}

// firstDisk is what the index of a filesystem is added to.
const firstDisk = 30

// memoryRows are the rows about memory, all in KiB.
func memoryRows(m hostfacts.Memory) []storage {
	row := func(index int32, kind uint32, description string, size, used uint64) storage {
		return newStorage(index, kind, description, 1024, size, used)
	}
	return []storage{
		row(1, storageRAM, "Physical memory", m.Total, less(m.Total, m.Free)),
		row(3, storageVirtual, "Virtual memory", m.Total+m.SwapTotal, less(m.Total+m.SwapTotal, m.Free+m.SwapFree)),
		row(6, storageOther, "Memory buffers", m.Total, m.Buffers),
		row(7, storageOther, "Cached memory", m.Cached, m.Cached),
		row(8, storageOther, "Shared memory", m.Shared, m.Shared),
		row(10, storageVirtual, "Swap space", m.SwapTotal, less(m.SwapTotal, m.SwapFree)),
		row(11, storageOther, "Available memory", m.Available, 0),
	}
}

// storage serves hrMemorySize and hrStorageTable.
func (h *Host) storage(p *page) {
	var size snmp.Value
	var rows []storage
	if m, ok := use(p, h.memory); ok {
		size = snmp.Saturated(m.Total)
		rows = memoryRows(m)
	}
	filesystems, _ := use(p, h.filesystems)
	for i := range filesystems {
		f := &filesystems[i]
		rows = append(rows, newStorage(firstDisk+f.index, storageFixedDisk, f.Mount, f.BlockBytes, f.TotalKiB, f.usedKiB()))
	}
	p.Scalar(below(arcsHRStorage, 2), size)
	snmp.AddTable(&p.Builder, below(arcsHRStorage, 3, 1), hrStorageColumns, rows, func(s *storage) []uint32 { return []uint32{uint32(s.index)} })
}
