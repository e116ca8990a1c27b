package ber

import (
	"errors"
	"math"
	"math/bits"
)

// ErrNumber is the error of contents that are no number, or one out of range.
var ErrNumber = errors.New("not a number, or out of range")

// maxNumber is how long a number may be with needless octets in front: as long
// as the longest that needs its octets, a Counter64 that begins with a one.
const maxNumber = 9

// Int32 returns the INTEGER in the contents. Needless octets in front are
// tolerated, as other agents do.
func Int32(contents []byte) (int32, error) {
	if len(contents) == 0 || len(contents) > maxNumber {
		return 0, ErrNumber
	}
	n := int64(int8(contents[0]))
	for _, b := range contents[1:] {
		n = n<<8 | int64(b)
		if n < math.MinInt32 || n > math.MaxInt32 {
			return 0, ErrNumber
		}
	}
	return int32(n), nil
}

// Uint32 returns the Counter32, Gauge32 or TimeTicks in the contents. One of
// four octets that begins with a one is taken for large, not for negative:
// some managers leave out the zero in front.
func Uint32(contents []byte) (uint32, error) {
	n, err := Uint64(contents)
	if err != nil || n > math.MaxUint32 {
		return 0, ErrNumber
	}
	return uint32(n), nil
}

// Uint64 returns the Counter64 in the contents, with the same leniency.
func Uint64(contents []byte) (uint64, error) {
	if len(contents) == 0 || len(contents) > maxNumber {
		return 0, ErrNumber
	}
	var n uint64
	for _, b := range contents {
		if n > math.MaxUint64>>8 {
			return 0, ErrNumber
		}
		n = n<<8 | uint64(b)
	}
	return n, nil
}

// IntSize and UintSize return how many contents octets a number has.
func IntSize(n int64) int   { return bits.Len64(uint64(n^n>>63))/8 + 1 }
func UintSize(n uint64) int { return bits.Len64(n)/8 + 1 }
