package fanout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// Primary is what the primary sink is called among the others.
const Primary = "primary"

// Fanout is a sink in front of several. The sinks stay the caller's, who
// closes them after Stop.
type Fanout struct {
	shell   *lifecycle.Shell
	options Options
	running atomic.Bool

	primary receiver.Sink
	outcome outcome // of the primary
	lanes   []*lane
}

var _ receiver.Sink = (*Fanout)(nil)

// New returns a Fanout of the primary sink and any number of others, by name.
// It fails on Options out of range, an empty name, the name
// [Primary] and a nil sink.
func New(primary receiver.Sink, others map[string]receiver.Sink, o Options) (*Fanout, error) {
	f := &Fanout{primary: primary, options: o.withDefaults()}
	f.shell = lifecycle.New("fanout", f.open)
	var faults config.Errors
	if primary == nil {
		faults.Addf("primary", "required: a sink")
	}
	f.options.validate(&faults)
	for name, sink := range others {
		switch {
		case name == "":
			faults.Addf("others", "a sink has no name")
		case name == Primary:
			faults.Addf("others."+name, "the primary sink is called so, take another name")
		case sink == nil:
			faults.Addf("others."+name, "required: a sink")
		}
		f.lanes = append(f.lanes, &lane{
			name:  name,
			sink:  sink,
			queue: newQueue(f.options.Queue),
			batch: f.options.Batch,
			pause: backoff.Backoff{Min: f.options.RetryMin, Max: f.options.RetryMax},
			log:   f.options.Logger,
		})
	}
	if err := faults.Err(); err != nil {
		return nil, fmt.Errorf("fanout: %w", err)
	}
	return f, nil
}

// Start begins to empty the queues.
func (f *Fanout) Start(ctx context.Context) error { return f.shell.Start(ctx) }

// Stop refuses further records, lets the other sinks take what is queued for
// as long as Options.Flush, counts the rest as dropped, and waits for the
// end. A Write to the primary that is under way goes on.
func (f *Fanout) Stop(ctx context.Context) error { return f.shell.Stop(ctx) }

// Done returns a channel that is closed when the Fanout has ended for good.
func (f *Fanout) Done() <-chan struct{} { return f.shell.Done() }

// Err is always nil: a Fanout does not end by itself.
func (f *Fanout) Err() error { return f.shell.Err() }

// Write writes the records to the primary sink and returns its answer. When
// that is final, nil or an error that wraps [receiver.ErrNotStored], it queues
// the records for the other sinks, which takes no time.
func (f *Fanout) Write(ctx context.Context, records []receiver.Record) error {
	if !f.running.Load() {
		return fmt.Errorf("fanout: %w", ErrNotRunning)
	}
	err := f.primary.Write(ctx, records)
	switch {
	case err == nil:
		if f.outcome.ok(len(records)) {
			f.options.Logger.Info("fanout: the primary sink works again")
		}
	case errors.Is(err, receiver.ErrNotStored):
		f.outcome.refused(len(records), err)
	default: // the same records come again
		if f.outcome.failed(err) {
			f.options.Logger.Warn("fanout: the primary sink fails", "error", err)
		}
		return err
	}
	for _, l := range f.lanes {
		l.queue.put(records)
	}
	return err
}

// Status returns the state of all sinks.
func (f *Fanout) Status() Status {
	s := Status{Primary: f.outcome.get(), Others: make(map[string]SinkStatus, len(f.lanes))}
	for _, l := range f.lanes {
		s.Others[l.name] = l.status()
	}
	return s
}

func (f *Fanout) open(context.Context) (lifecycle.Run, error) {
	f.running.Store(true)
	return f.run, nil
}

// run ends some time after ctx: what is queued gets options.Flush.
func (f *Fanout) run(ctx context.Context) error {
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var lanes sync.WaitGroup
	for _, l := range f.lanes {
		lanes.Go(func() { l.run(ctx, hard) })
	}
	<-ctx.Done()
	f.running.Store(false)
	flush := time.AfterFunc(f.options.Flush, cancel)
	defer flush.Stop()
	lanes.Wait()
	return nil
}
