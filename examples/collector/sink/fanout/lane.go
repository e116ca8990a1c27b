package fanout

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// lane is one of the other sinks, with its queue.
type lane struct {
	name    string
	sink    receiver.Sink
	queue   *queue
	batch   int
	pause   backoff.Backoff
	log     *slog.Logger
	outcome outcome
}

// run empties the queue until stop ends, then what is left in it until hard
// ends.
func (l *lane) run(stop, hard context.Context) {
	defer l.queue.close()
	var batch []receiver.Record
	for {
		clear(batch)
		batch = l.queue.take(batch[:0], l.batch)
		if len(batch) > 0 {
			l.queue.done(!l.deliver(hard, batch))
			continue
		}
		select {
		case <-l.queue.wake:
		case <-stop.Done():
			if depth, _ := l.queue.state(); depth == 0 || hard.Err() != nil {
				return
			}
		}
	}
}

// deliver writes the batch, however often that must be tried, and reports
// whether that came to an end before ctx.
func (l *lane) deliver(ctx context.Context, batch []receiver.Record) bool {
	defer l.pause.Reset()
	for ctx.Err() == nil {
		err := l.sink.Write(ctx, batch)
		switch {
		case err == nil:
			if l.outcome.ok(len(batch)) {
				_, dropped := l.queue.state()
				l.log.Info("fanout: the sink works again", "sink", l.name, "dropped", dropped)
			}
			return true
		case errors.Is(err, receiver.ErrNotStored):
			l.outcome.refused(len(batch), err)
			return true
		}
		if l.outcome.failed(err) {
			l.log.Warn("fanout: a sink fails, trying again", "sink", l.name, "error", err)
		}
		select {
		case <-time.After(l.pause.Next()):
		case <-ctx.Done():
		}
	}
	return false
}

func (l *lane) status() SinkStatus {
	status := l.outcome.get()
	status.Depth, status.Dropped = l.queue.state()
	status.Capacity = l.queue.limit
	return status
}
