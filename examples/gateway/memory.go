package main

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

const (
	// memoryShare is which part of the memory of the host the Go runtime of the
	// gateway may fill before it collects garbage early. The daemons of the
	// tunnels, the kernel and the pages of the program need the rest.
	memoryShare = 4
	// memoryLeast is below which collecting early is of no use: idle, the
	// gateway needs half of it, with 64 clients of the API two thirds.
	memoryLeast = 16 << 20
	// smallHost is up to how much memory, in KiB, a host has less of it than of
	// processor time: collecting twice as often takes 1 to 2 MB less, and an
	// eighth more processor time for each request of the API.
	smallHost        = 256 << 10
	smallHostPercent = 50
	// usualPercent is what the Go runtime does unless GOGC tells otherwise.
	usualPercent = 100
)

// tuneMemory lets the garbage collector work harder where the memory of the
// host is small. On a device with 64 MB a large configuration that is read or
// imported takes 5 MB less. None of this is a hard limit: what is in use
// stays. GOMEMLIMIT and GOGC in the environment win. Of a host that does not
// tell its memory nothing is assumed.
func tuneMemory() {
	memory, err := hostfacts.New(hostfacts.Options{}).Memory()
	if err != nil {
		return
	}
	debug.SetMemoryLimit(memoryLimit(debug.SetMemoryLimit(-1), memory.Total))
	usual := debug.SetGCPercent(usualPercent)
	debug.SetGCPercent(gcPercent(usual, memory.Total))
}

// gcPercent returns how much garbage there may be for what is in use, from the
// percentage that there is and the memory of the host in KiB.
func gcPercent(now int, host uint64) int {
	if now != usualPercent || host == 0 || host > smallHost {
		return now
	}
	return smallHostPercent
}

// memoryLimit returns the limit in bytes, from the one that there is and the
// memory of the host in KiB.
func memoryLimit(now int64, host uint64) int64 {
	if now != math.MaxInt64 || host == 0 {
		return now
	}
	return max(int64(host)<<10/memoryShare, memoryLeast)
}

const (
	// memoryLook is how often memory is looked at.
	memoryLook = 30 * time.Second
	// memoryGrowth is from which growth on it is given back: what a crowd of
	// clients or a large file has left behind, and not the usual garbage.
	memoryGrowth = 1.25
)

// giveBackMemory returns memory that the gateway does not need any more to the
// system, until ctx ends. By itself the runtime does so some minutes later,
// and in part: it waits for the next use, for which a device with little memory
// has other programs.
func giveBackMemory(ctx context.Context) {
	ticker := time.NewTicker(memoryLook)
	defer ticker.Stop()
	low := uint64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if float64(heldMemory()) > memoryGrowth*float64(low) {
			debug.FreeOSMemory()
			low = heldMemory()
		}
	}
}

// heldMemory is what the runtime has of the system, in bytes.
func heldMemory() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
