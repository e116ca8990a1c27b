package hostmib

import (
	"math"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

// widen goes on with a counter of 64 bits while the kernel's own may have 32:
// a kernel of 32 bits counts what block devices do in 32, and what interfaces
// do wherever the driver leaves that to it (ag71xx of the AR9331 does), so that
// 4 GiB are all that it can tell. shown is what was served when the kernel
// said before. A fall from the upper half of 32 bits to the lower is a wrap:
// a counter that nobody reads for longer than it takes to begin again has lost
// that. After any other fall the counter has begun again.
func widen(shown, before, now uint64) (next uint64, again bool) {
	switch {
	case now >= before:
		return shown + (now - before), false
	case before <= math.MaxUint32 && before > math.MaxUint32/2 && now <= math.MaxUint32/2:
		return shown + (1<<32 - before + now), false
	}
	return now, true
}

// widenCounters does so for one direction of an interface. Where one of them
// has begun again, all have.
func widenCounters(shown, before, now hostfacts.Counters) (next hostfacts.Counters, again bool) {
	next = now
	for _, c := range []struct{ to, shown, before *uint64 }{
		{&next.Bytes, &shown.Bytes, &before.Bytes},
		{&next.Packets, &shown.Packets, &before.Packets},
		{&next.Errors, &shown.Errors, &before.Errors},
		{&next.Drops, &shown.Drops, &before.Drops},
		{&next.Multicast, &shown.Multicast, &before.Multicast},
	} {
		if *c.to, again = widen(*c.shown, *c.before, *c.to); again {
			return now, true
		}
	}
	return next, false
}
