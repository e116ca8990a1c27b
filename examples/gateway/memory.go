package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

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
