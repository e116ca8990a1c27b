package hostmib

import (
	"fmt"
	"math/bits"

	"github.com/fieldgate/fieldgate/snmp"
)

// arcsDisks is dskTable of UCD-SNMP-MIB.
var arcsDisks = []uint32{1, 3, 6, 1, 4, 1, 2021, 9}

// dskColumns are in KiB. The INTEGERs stop at 2 TiB; the pairs of low and
// high halves do not. Available leaves out what is reserved for the
// superuser, and percentages are of the whole, rounded to the nearest. A
// filesystem that makes inodes as it needs them has used up none.
var dskColumns = []snmp.Column[filesystem]{
	{Arc: 1, Value: func(f *filesystem) snmp.Value { return snmp.Integer(f.index) }},
	{Arc: 2, Value: func(f *filesystem) snmp.Value { return snmp.OctetString(cut(f.Mount, maxText)) }},
	{Arc: 3, Value: func(f *filesystem) snmp.Value { return snmp.OctetString(cut(f.Device, maxText)) }},
	{Arc: 4, Value: func(f *filesystem) snmp.Value { return snmp.Integer(orUnused(f.limit.MinKiB)) }},
	{Arc: 5, Value: func(f *filesystem) snmp.Value {
		if f.limit.MinKiB > 0 {
			return snmp.Integer(unused)
		}
		return snmp.Integer(orUnused(int32(f.limit.MinPercent)))
	}},
	{Arc: 6, Value: func(f *filesystem) snmp.Value { return snmp.Saturated(f.TotalKiB) }},
	{Arc: 7, Value: func(f *filesystem) snmp.Value { return snmp.Saturated(f.AvailableKiB) }},
	{Arc: 8, Value: func(f *filesystem) snmp.Value { return snmp.Saturated(f.usedKiB()) }},
	{Arc: 9, Value: func(f *filesystem) snmp.Value { return snmp.Integer(rounded(f.usedKiB(), f.TotalKiB)) }},
	{Arc: 10, Value: func(f *filesystem) snmp.Value {
		return snmp.Integer(rounded(less(f.Inodes, f.InodesFree), f.Inodes))
	}},
	{Arc: 11, Value: func(f *filesystem) snmp.Value { return low(f.TotalKiB) }},
	{Arc: 12, Value: func(f *filesystem) snmp.Value { return high(f.TotalKiB) }},
	{Arc: 13, Value: func(f *filesystem) snmp.Value { return low(f.AvailableKiB) }},
	{Arc: 14, Value: func(f *filesystem) snmp.Value { return high(f.AvailableKiB) }},
	{Arc: 15, Value: func(f *filesystem) snmp.Value { return low(f.usedKiB()) }},
	{Arc: 16, Value: func(f *filesystem) snmp.Value { return high(f.usedKiB()) }},
	{Arc: 100, Value: func(f *filesystem) snmp.Value { return flag(f.aboveLimit(0)) }},
	{Arc: 101, Value: func(f *filesystem) snmp.Value { return snmp.OctetString(cut(f.message(), maxText)) }},
}

// unused is a limit that does not count.
const unused = -1

func orUnused(n int32) int32 {
	if n <= 0 {
		return unused
	}
	return n
}

func low(n uint64) snmp.Value  { return snmp.Gauge32(uint32(n)) }
func high(n uint64) snmp.Value { return snmp.Gauge32(uint32(n >> 32)) }

// rounded is a part in percent of the whole, to the nearest; 0 of nothing.
func rounded(part, whole uint64) int32 {
	if whole == 0 {
		return 0
	}
	hi, lo := bits.Mul64(min(part, whole), 100)
	lo, carry := bits.Add64(lo, whole/2, 0)
	n, _ := bits.Div64(hi+carry, lo, whole)
	return int32(n)
}

func (f *filesystem) usedKiB() uint64 { return less(f.TotalKiB, f.FreeKiB) }

// freePercent is what dskPercent leaves.
func (f *filesystem) freePercent() int32 { return 100 - rounded(f.usedKiB(), f.TotalKiB) }

// aboveLimit tells that less is free than there should be, or not so much
// more that an alarm could end: by the percentage points of slack.
func (f *filesystem) aboveLimit(slack int32) bool {
	if f.limit.MinKiB > 0 {
		return f.AvailableKiB < uint64(f.limit.MinKiB)+f.TotalKiB/100*uint64(slack)
	}
	return f.limit.MinPercent > 0 && f.freePercent() < int32(f.limit.MinPercent)+slack
}

func (f *filesystem) message() string {
	switch {
	case !f.aboveLimit(0):
		return ""
	case f.limit.MinKiB > 0:
		return fmt.Sprintf("%s: less than %d free (= %d)", f.Mount, f.limit.MinKiB, f.AvailableKiB)
	}
	return fmt.Sprintf("%s: less than %d%% free (= %d%%)", f.Mount, f.limit.MinPercent, f.freePercent())
}

func (f *filesystem) arcs() []uint32 { return []uint32{uint32(f.index)} }

// disks serves dskTable.
func (h *Host) disks(p *page) {
	all, _ := use(p, h.filesystems)
	var rows []filesystem
	for _, f := range all {
		if f.limited {
			rows = append(rows, f)
		}
	}
	snmp.AddTable(&p.Builder, below(arcsDisks, 1), dskColumns, rows, (*filesystem).arcs)
}
