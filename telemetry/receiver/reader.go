package receiver

import (
	"context"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

const (
	// The pauses after a failed read, so that a lasting fault takes no
	// processor.
	minPause = 10 * time.Millisecond
	maxPause = time.Second
	// dropsEvery is how often the kernel is asked for its drops.
	dropsEvery = 5 * time.Second
)

// reader reads one socket and fills the queue.
type reader struct {
	s      *Service
	life   *life
	socket *socket
	items  []item

	examiner examiner
}

func (r *reader) run(ctx context.Context) {
	pause := backoff.Backoff{Min: minPause, Max: maxPause}
	failing := false
	for ctx.Err() == nil {
		err := r.read(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.s.count.readErrors.Add(1)
			if !failing {
				r.s.opts.Logger.Warn("receiver: reading a socket fails, going on", "address", r.socket.addr.String(), "error", err)
			}
			failing = true
			sleep(ctx, pause.Next())
		case failing:
			failing = false
			pause.Reset()
			r.s.opts.Logger.Info("receiver: reading the socket works again", "address", r.socket.addr.String())
		}
	}
}

// read takes one batch from the socket to the queue.
func (r *reader) read(ctx context.Context) error {
	s := r.s
	r.items = r.items[:0]
	var now time.Time
	_, err := r.socket.read(func(p packet) {
		if now.IsZero() {
			now = s.opts.Now() // once for a batch
		}
		s.count.datagrams.Add(1)
		s.count.bytes.Add(uint64(len(p.b)))
		it := item{socket: r.socket, to: p.to}
		if o := r.examiner.examine(ctx, p.b, p.from, now, &it); o != received {
			s.count.count(o, 1)
			return
		}
		r.items = append(r.items, it)
	})
	for _, it := range r.items[r.life.keeper.queue.put(r.items):] {
		s.count.count(queueFull, 1)
		r.life.table.dropped(it.record.Device)
	}
	clear(r.items) // let go of the messages
	return err
}

// watchDrops asks the kernel for its drops until ctx ends, and once more
// then.
func watchDrops(ctx context.Context, sockets []*socket) {
	byInode := make(map[uint64]*socket)
	for _, s := range sockets {
		if s.inode != 0 {
			byInode[s.inode] = s
		}
	}
	for len(byInode) > 0 {
		more := sleep(ctx, dropsEvery)
		readKernelDrops(func(inode, drops uint64) {
			if s := byInode[inode]; s != nil {
				s.drops.Store(drops)
			}
		})
		if !more {
			return
		}
	}
}

// sleep waits for d. It reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
