package receiver

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
	"github.com/fieldgate/fieldgate/telemetry"
)

const (
	// stopGrace is how long the sink has after Stop.
	stopGrace = 3 * time.Second
	// ackTime is how long the acks of a group may wait for the socket
	// together. What is late then is not sent: the device sends again.
	ackTime  = 100 * time.Millisecond
	ackGroup = 512
	// The pauses before a failed batch is tried again.
	minRetry = 100 * time.Millisecond
	maxRetry = 10 * time.Second
)

// keeper takes batches from the queue, refuses what came before, hands the
// rest to the sink, and then, in this order: counts it, puts it on disk,
// acknowledges it. It is one goroutine, so what it does needs no further
// order.
type keeper struct {
	queue *queue
	table *table
	state *stateFile // nil = none
	sink  Sink
	acks  bool
	delay time.Duration
	sync  time.Duration
	now   func() time.Time
	log   *slog.Logger
	count *counters

	items   []item
	records []Record
	places  []uint32 // of records, in their order
	before  []saved
	again   []int // items that were surely taken before
	ack     []int // items that are taken now
	frames  []byte
	packet  []byte

	ackUntil time.Time

	// order is held while an entry of the journal is made and appended, so
	// that of two entries of a device the later one counts. The lock of the
	// table is not held over the writing: readers wait for that.
	order sync.Mutex

	mu        sync.Mutex
	sinkError error // while the sink fails
}

// saved is a device as it was before a batch.
type saved struct {
	place  uint32
	device device
	parts  *partWindow
}

// run works until received is closed and the queue is empty. ctx ends with
// Stop, sinkCtx some time after.
func (k *keeper) run(ctx, sinkCtx context.Context, ended <-chan struct{}) {
	ticker := time.NewTicker(k.sync)
	defer ticker.Stop()
	for {
		select {
		case <-k.queue.some:
			k.fill(ended)
			k.batch(ctx, sinkCtx)
		case now := <-ticker.C:
			if k.state != nil {
				k.state.tick(now)
			}
		case <-ended:
			for k.queue.len() > 0 {
				k.batch(ctx, sinkCtx)
			}
			return
		}
		for k.state != nil && k.state.step() && k.queue.len() == 0 {
		}
	}
}

// fill waits until there is a full batch or the first message of it has
// waited long enough.
func (k *keeper) fill(ended <-chan struct{}) {
	if k.delay <= 0 {
		return
	}
	timer := time.NewTimer(k.delay)
	defer timer.Stop()
	select {
	case <-k.queue.full:
	case <-timer.C:
	case <-ended:
	}
}

// batch takes one batch from the queue to its end.
func (k *keeper) batch(ctx, sinkCtx context.Context) {
	k.items = k.queue.take(k.items[:0])
	k.admit()
	if k.write(ctx, sinkCtx) {
		k.keep()
	} else {
		k.giveUp()
	}
	clear(k.items) // let go of the messages
	clear(k.records)
	clear(k.before)
}

// admit compares the items with what is known, notes those that are new and
// makes records of them.
func (k *keeper) admit() {
	k.records, k.places, k.before = k.records[:0], k.places[:0], k.before[:0]
	k.ack, k.again = k.ack[:0], k.again[:0]
	k.table.mu.Lock()
	defer k.table.mu.Unlock()
	for i := range k.items {
		r := &k.items[i].record
		place, ok := k.table.admit(r.Device, r.Sealed)
		if !ok {
			k.count.count(noRoom, 1)
			continue
		}
		d := k.table.at(place)
		switch v := d.judge(r.Message, k.table.parts[place]); v {
		case replayed:
			d.replayed++
			k.count.count(tooOld, 1)
		case duplicate:
			d.duplicate++
			k.count.count(duplicated, 1)
			if r.Message.Boot.Known { // else it may be of another run, and not be stored
				k.again = append(k.again, i)
			}
		default:
			k.save(place, d)
			if !d.has(flagUsed) {
				k.table.used++
			}
			d.take(v, r, k.table.partsFor(place, r.Message.Part.Count))
			d.set(flagTouched, true)
			k.records = append(k.records, *r)
			k.places = append(k.places, place)
			k.ack = append(k.ack, i)
		}
	}
}

// save keeps a device as it is before the first change of the batch.
func (k *keeper) save(place uint32, d *device) {
	if !d.has(flagTouched) {
		k.before = append(k.before, saved{place, *d, k.table.parts[place].clone()})
	}
}

// write hands the records to the sink until it takes them. It reports false
// when they are given up.
func (k *keeper) write(ctx, sinkCtx context.Context) bool {
	if len(k.records) == 0 {
		return true
	}
	pause := backoff.Backoff{Min: minRetry, Max: maxRetry}
	for {
		err := k.sink.Write(sinkCtx, k.records)
		k.sinkResult(err)
		switch {
		case err == nil:
			return true
		case errors.Is(err, ErrNotStored), ctx.Err() != nil:
			return false
		}
		timer := time.NewTimer(pause.Next())
		select {
		case <-timer.C:
		case <-ctx.Done(): // one more try
			timer.Stop()
		}
	}
}

func (k *keeper) sinkResult(err error) {
	k.mu.Lock()
	was := k.sinkError
	k.sinkError = err
	k.mu.Unlock()
	if err != nil {
		k.count.sinkErrors.Add(1)
	}
	switch {
	case err != nil && was == nil:
		k.log.Error("receiver: the sink fails", "error", err)
	case err == nil && was != nil:
		k.log.Info("receiver: the sink takes records again")
	}
}

func (k *keeper) lastSinkError() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sinkError
}

// keep makes the changes of a batch last.
func (k *keeper) keep() {
	k.count.count(received, len(k.records))
	persisted := k.persist()
	if !k.acks || !persisted {
		return
	}
	for n, i := range append(k.again, k.ack...) {
		it := &k.items[i]
		if n%ackGroup == 0 {
			k.ackUntil = time.Now().Add(ackTime)
		}
		k.answer(it)
	}
}

// persist writes the devices of the batch to the journal. It reports whether
// all is on its way to the disk, or is not wanted there.
func (k *keeper) persist() bool {
	k.order.Lock()
	defer k.order.Unlock()
	f := framer{b: k.frames[:0]}
	k.table.mu.Lock()
	for _, b := range k.before {
		d := k.table.at(b.place)
		d.set(flagTouched, false)
		if k.state != nil {
			f.add(d, k.table.parts[b.place])
		}
	}
	k.table.mu.Unlock()
	k.frames = f.end()
	return k.state == nil || k.state.append(k.frames)
}

// forget drops the state of a device, in memory and in the journal.
func (k *keeper) forget(serial string) bool {
	k.order.Lock()
	defer k.order.Unlock()
	entry, known := k.table.forget(serial)
	if known && k.state != nil {
		k.state.append(entry)
	}
	return known
}

// giveUp undoes the changes of a batch that the sink did not take: the
// messages may come again.
func (k *keeper) giveUp() {
	k.count.count(notStored, len(k.records))
	k.table.mu.Lock()
	defer k.table.mu.Unlock()
	for i := range k.before {
		b := &k.before[i]
		d := k.table.at(b.place)
		if !d.has(flagTouched) {
			continue // forgotten meanwhile
		}
		was := b.device
		was.duplicate, was.replayed, was.dropped = d.duplicate, d.replayed, d.dropped
		k.table.replace(b.place, was, b.parts)
	}
	for _, place := range k.places {
		k.table.at(place).dropped++
	}
}

// answer acknowledges a sealed message, if the answer is not longer.
func (k *keeper) answer(it *item) {
	if !it.record.Sealed {
		return
	}
	m := it.record.Message
	ack := telemetry.Ack{
		Serial: m.Serial, Boot: m.Boot.Value, Seq: m.Seq, Part: m.Part.Index,
		Time: uint64(max(k.now().Unix(), 0)),
	}
	var err error
	k.packet, err = telemetry.AppendAck(k.packet[:0], &ack, it.key)
	if err != nil || len(k.packet) > len(it.record.Raw) {
		k.count.ackErrors.Add(1)
		return
	}
	if err := it.socket.reply(k.packet, it.to, it.record.Source, k.ackUntil); err != nil {
		k.count.ackErrors.Add(1)
		return
	}
	k.count.acks.Add(1)
}
