package hostfacts

import (
	"fmt"
	"math"
	"math/bits"
)

// Space is what a filesystem holds and has left. Available leaves out the
// blocks reserved for the superuser, so it may be less than Free. Inodes is
// 0 on filesystems that make inodes as they need them (btrfs, vfat).
type Space struct {
	TotalKiB, FreeKiB, AvailableKiB uint64
	Inodes, InodesFree              uint64

	// BlockBytes is the unit in which the filesystem counts, 0 where it is
	// not known.
	BlockBytes uint64
}

// Space measures the filesystem that holds path. On a network filesystem
// whose server is gone, the call lasts as long as the kernel waits.
func (h *Host) Space(path string) (Space, error) {
	s, err := h.statfs(path)
	if err != nil {
		return Space{}, fmt.Errorf("hostfacts: space of %s: %w", path, err)
	}
	return s, nil
}

// UsedKiB is the space in use, blocks reserved for the superuser not
// counted: total - free, as df(1) shows it.
func (f Filesystem) UsedKiB() uint64 { return less(f.TotalKiB, f.FreeKiB) }

// InodesUsedPercent is the share of the inodes in use, 0..100, rounded to
// the nearest. It is not known where the filesystem counts no inodes.
func (f Filesystem) InodesUsedPercent() (percent uint64, known bool) {
	if f.Inodes == 0 {
		return 0, false
	}
	hi, lo := bits.Mul64(less(f.Inodes, f.InodesFree), 100)
	lo, carry := bits.Add64(lo, f.Inodes/2, 0)
	percent, _ = bits.Div64(hi+carry, lo, f.Inodes)
	return percent, true
}

// less returns a - b, or 0 where a racing reading made b the larger one.
func less(a, b uint64) uint64 { return a - min(a, b) }

// kib returns the size of n blocks of size bytes in KiB.
func kib(n, size uint64) uint64 {
	hi, lo := bits.Mul64(n, size)
	if hi >= 1024 {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, 1024)
	return q
}
