package fanout

import (
	"log/slog"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// The ranges of Options.
const (
	MaxQueue = 1 << 22
	MaxBatch = 100_000
)

// Options are the settings of the queues. The zero value is usable.
type Options struct {
	// Queue is how many records wait for each of the other sinks at most, 1
	// to 4194304. A record takes about 1 to 2 KiB. Default 16384.
	Queue int
	// Batch is how many records one write hands over at most, 1 to 100000.
	// Default 1000.
	Batch int
	// RetryMin and RetryMax bound the pauses between the tries of a write,
	// 1ms or more. Default 500ms and 30s.
	RetryMin, RetryMax time.Duration
	// Flush is how long Stop lets the other sinks take what is queued.
	// Default 5s.
	Flush time.Duration
	// Logger gets a line when a sink begins to fail and when it works again.
	// nil: none.
	Logger *slog.Logger
}

// withDefaults returns o with the defaults in the place of zeros.
func (o Options) withDefaults() Options {
	setDefault(&o.Queue, 16384)
	setDefault(&o.Batch, 1000)
	setDefault(&o.RetryMin, 500*time.Millisecond)
	setDefault(&o.RetryMax, max(30*time.Second, o.RetryMin))
	setDefault(&o.Flush, 5*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (o Options) validate(faults *config.Errors) {
	if o.Queue < 1 || o.Queue > MaxQueue {
		faults.Addf("queue", "%d is out of range, allowed is 1 to %d records", o.Queue, MaxQueue)
	}
	if o.Batch < 1 || o.Batch > MaxBatch {
		faults.Addf("batch", "%d is out of range, allowed is 1 to %d records", o.Batch, MaxBatch)
	}
	if o.RetryMin < time.Millisecond {
		faults.Addf("retry_min", "%v is out of range, allowed is 1ms or more", o.RetryMin)
	}
	if o.RetryMax < o.RetryMin {
		faults.Addf("retry_max", "%v is out of range, allowed is retry_min (%v) or more", o.RetryMax, o.RetryMin)
	}
	if o.Flush < 0 {
		faults.Addf("flush", "%v is out of range, allowed is more than 0", o.Flush)
	}
}
