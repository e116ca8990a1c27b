package hostmib

import (
	"math"
	"time"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
	"github.com/fieldgate/fieldgate/snmp"
)

// arcsDiskIO is diskIOTable of UCD-DISKIO-MIB.
var arcsDiskIO = []uint32{1, 3, 6, 1, 4, 1, 2021, 13, 15, 1}

// blockDevice is a row of diskIOTable.
type blockDevice struct {
	hostfacts.BlockDevice // its counts widened

	kernel hostfacts.BlockDevice // as the kernel has them

	index uint32     // its line in /proc/diskstats
	busy  [3]float64 // averages of the share of the time with open requests over 1, 5 and 15 minutes, in percent
}

// deviceSampler returns the reading of the block devices, which remembers
// their averages. They decay like load averages, and begin with the average
// since the boot. It is called by one at a time.
func (h *Host) deviceSampler() func() ([]blockDevice, error) {
	var last map[string]blockDevice
	var at time.Time
	return func() ([]blockDevice, error) {
		list, err := h.facts.BlockDevices()
		if err != nil {
			return nil, err
		}
		now := time.Now()
		up, err := h.facts.Uptime()
		if err != nil {
			up = 0 // the averages then begin with nothing
		}
		rows := make([]blockDevice, len(list))
		next := make(map[string]blockDevice, len(list))
		for i, d := range list {
			rows[i] = blockDevice{BlockDevice: d, kernel: d, index: uint32(i + 1)}
			before, known := last[d.Name]
			if known {
				rows[i].widen(before)
			}
			for j, minutes := range []float64{1, 5, 15} {
				if !known {
					rows[i].busy[j] = share(d.BusyMS, up)
					continue
				}
				passed := now.Sub(at)
				keep := math.Exp(-passed.Minutes() / minutes)
				rows[i].busy[j] = keep*before.busy[j] + (1-keep)*share(less(rows[i].BusyMS, before.BusyMS), passed)
			}
			next[d.Name] = rows[i]
		}
		last, at = next, now
		return rows, nil
	}
}

// widen goes on with the counts. The time has 32 bits in every kernel. What a
// device that was put in anew has counted before is forgotten.
func (d *blockDevice) widen(before blockDevice) {
	for _, c := range []struct{ to, shown, before *uint64 }{
		{&d.Reads, &before.Reads, &before.kernel.Reads},
		{&d.Writes, &before.Writes, &before.kernel.Writes},
		{&d.ReadSectors, &before.ReadSectors, &before.kernel.ReadSectors},
		{&d.WrittenSectors, &before.WrittenSectors, &before.kernel.WrittenSectors},
		{&d.BusyMS, &before.BusyMS, &before.kernel.BusyMS},
	} {
		*c.to, _ = widen(*c.shown, *c.before, *c.to)
	}
}

// share is a number of milliseconds in percent of a time.
func share(ms uint64, of time.Duration) float64 {
	if of <= 0 {
		return 0
	}
	return min(float64(ms)/float64(of.Milliseconds()+1)*100, 100)
}

// sector is the unit of /proc/diskstats in bytes.
const sector = 512

var diskIOColumns = []snmp.Column[blockDevice]{
	{Arc: 1, Value: func(d *blockDevice) snmp.Value { return snmp.Integer(int32(d.index)) }},
	{Arc: 2, Value: func(d *blockDevice) snmp.Value { return snmp.OctetString(d.Name) }},
	{Arc: 3, Value: func(d *blockDevice) snmp.Value { return snmp.Counter32(uint32(d.ReadSectors * sector)) }},
	{Arc: 4, Value: func(d *blockDevice) snmp.Value { return snmp.Counter32(uint32(d.WrittenSectors * sector)) }},
	{Arc: 5, Value: func(d *blockDevice) snmp.Value { return snmp.Counter32(uint32(d.Reads)) }},
	{Arc: 6, Value: func(d *blockDevice) snmp.Value { return snmp.Counter32(uint32(d.Writes)) }},
	{Arc: 9, Value: func(d *blockDevice) snmp.Value { return snmp.Integer(int32(d.busy[0])) }},
	{Arc: 10, Value: func(d *blockDevice) snmp.Value { return snmp.Integer(int32(d.busy[1])) }},
	{Arc: 11, Value: func(d *blockDevice) snmp.Value { return snmp.Integer(int32(d.busy[2])) }},
	{Arc: 12, Value: func(d *blockDevice) snmp.Value { return snmp.Counter64(d.ReadSectors * sector) }},
	{Arc: 13, Value: func(d *blockDevice) snmp.Value { return snmp.Counter64(d.WrittenSectors * sector) }},
	{Arc: 14, Value: func(d *blockDevice) snmp.Value { return snmp.Counter64(d.BusyMS * 1000) }},
}

// diskIO serves the block devices; busy time is in microseconds.
func (h *Host) diskIO(p *page) {
	rows, ok := use(p, h.devices)
	if !ok {
		rows = nil
	}
	snmp.AddTable(&p.Builder, below(arcsDiskIO, 1), diskIOColumns, rows, func(d *blockDevice) []uint32 { return []uint32{d.index} })
}
