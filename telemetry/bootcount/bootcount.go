// Package bootcount keeps the number of starts of a device in a file. The
// number is the boot of a telemetry message: with the sequence number since
// that start it makes the message unique.
//
//	opts.NextBoot = func(context.Context) (uint32, error) {
//		return bootcount.Next("/var/lib/gateway/boot")
//	}
package bootcount

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
)

// floor is the least number that is taken instead of one that cannot be read:
// 1 January 2026 in Unix seconds, far above any count of starts.
const floor = 1767225600

// Next returns the number of this start and stores it in the file at path,
// as decimal digits. The file belongs to one process at a time; its folder
// must exist. A file path+".new" is made beside it and renamed over it, and
// both file and folder are synced: after a power cut path holds either the
// old number or the new one.
//
// The number is one more than the stored one. It is 1 where there is no file.
// Where there is one but its number cannot be read, or is the greatest there
// is, the number is the Unix time in seconds, at least that of 1 January
// 2026: above any count, so that a server that knows the device sees the
// numbers grow.
//
// An error tells that the number could not be stored. The number is good all
// the same, once: the next start may get it again, and a server then takes
// its messages for repetitions of this one's.
func Next(path string) (uint32, error) {
	n := following(path)
	if err := atomicfile.Write(path, strconv.AppendUint(nil, uint64(n), 10)); err != nil {
		return n, fmt.Errorf("bootcount: boot %d is not stored: %w", n, err)
	}
	return n, nil
}

func following(path string) uint32 {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 1
	}
	last, parseErr := strconv.ParseUint(strings.TrimSpace(string(content)), 10, 32)
	if err != nil || parseErr != nil || last == math.MaxUint32 {
		return uint32(min(max(time.Now().Unix(), floor), math.MaxUint32))
	}
	return uint32(last) + 1
}
