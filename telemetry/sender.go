package telemetry

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
)

const (
	minRetry = time.Second
	maxRetry = time.Minute
	// latePause is the time between two datagrams that are sent late.
	latePause = 200 * time.Millisecond
	// lateRest is how long the first report after a failure is left alone: a
	// refusal by the far end would show meanwhile.
	lateRest = 5 * time.Second
	// wellAfter is how many reports in a row must leave after a failure
	// before the destination counts as well again.
	wellAfter = 2
	// maxLate is how often a report is sent late before it is given up.
	maxLate = 5
)

// sender brings reports to one destination, in a goroutine and over a socket
// of its own.
type sender struct {
	connection
	in      chan *Message // has room for all that the ring has room for
	encoder Encoder
	serial  string
	acks    bool
	key     Key // of the acks
	clock   func() (time.Time, bool)
	log     *slog.Logger

	// Only run uses these.
	live    *report   // the newest, while it has not left
	retryAt time.Time // when to try to send live
	waiting []*report // have left, wait for their acks; by deadline
	ring    ring      // wait to be sent late
	lateAt  time.Time // when the next one may be
	silent  int       // acks that were overdue since the last that came
	streak  int       // reports that have left since the last failure
	stale   bool      // the addresses in use are not of the latest look-up
	retry   backoff.Backoff
	replies chan reply

	mu     sync.Mutex
	status DestinationStatus
}

func newSender(d Destination, c Config, o Options) *sender {
	s := &sender{
		connection: connection{dest: d, lookUp: o.LookUp, dial: o.Dialers[d.transport()]},
		in:         make(chan *Message, 1+c.Ring),
		encoder:    o.Encoders[d.encoding()],
		serial:     o.Serial,
		acks:       c.Acks,
		clock:      o.Clock,
		log:        o.Logger.With("destination", d.String()),
		ring:       ring{size: c.Ring},
		retry:      backoff.Backoff{Min: minRetry, Max: maxRetry},
		replies:    make(chan reply),
		status:     DestinationStatus{Destination: d},
	}
	if d.transport() == TransportUDP {
		s.dial, s.probe = dialUDP(o.Dial), true
	}
	return s
}

// use sets the key, before run.
func (s *sender) use(key Key) {
	s.key = key
	if s.dest.encoding() == EncodingCBOR {
		s.encoder = CBOR{Key: key}
	}
}

// put hands over a message and never waits: the oldest that still waits
// gives way. It is for one goroutine.
func (s *sender) put(m *Message) {
	select {
	case s.in <- m:
		return
	default:
	}
	select {
	case <-s.in:
		s.update(func(st *DestinationStatus) { st.Dropped++ })
	default: // run has just taken it
	}
	s.in <- m
}

// run sends until ctx ends. It looks the name up at once, so that Status
// shows a wrong one before the first message is due.
func (s *sender) run(ctx context.Context) {
	var readers sync.WaitGroup
	defer readers.Wait()
	defer s.hangUp()
	s.opened = func(conn net.Conn) {
		if s.acks {
			nth := s.nth
			readers.Go(func() { s.listen(ctx, conn, nth) })
		}
	}
	if err := s.dialUp(ctx); err != nil {
		s.failed(ctx, err)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-s.in:
			s.accept(m)
		case r := <-s.replies:
			s.answered(ctx, r)
		case <-timer.C:
		}
		s.expire(time.Now())
		if len(s.in) == 0 { // the newest comes first
			s.work(ctx)
		}
		s.update(func(st *DestinationStatus) { st.Waiting = len(s.ring.list) })
		timer.Reset(time.Until(s.due()))
	}
}

// accept makes m the live report, with the counters of this destination.
func (s *sender) accept(m *Message) {
	if s.live != nil {
		s.keep(s.live)
	}
	own := *m
	st := s.snapshot()
	own.Stats.SendErrors = Known(st.Failed)
	own.Stats.Dropped = Known(own.Stats.Dropped.Value + st.Dropped)
	s.live = &report{m: own}
	for _, old := range s.ring.forget(m.Seq) {
		s.giveUp(old)
	}
}

// work sends one report, if one may be sent now.
func (s *sender) work(ctx context.Context) {
	now := time.Now()
	switch {
	case s.live != nil && !now.Before(s.retryAt):
		s.sendLive(ctx)
	case s.mayBeLate() && !now.Before(s.lateAt):
		s.sendLate(ctx)
	}
}

// mayBeLate reports whether the destination is well enough, as far as can be
// seen, for what was not sent in time.
func (s *sender) mayBeLate() bool {
	return s.live == nil && len(s.ring.list) > 0 && s.streak > 0 && s.silent < maxSilent
}

// due returns when there is something to do next.
func (s *sender) due() time.Time {
	next := time.Now().Add(time.Hour)
	if s.live != nil {
		next = s.retryAt
	} else if s.mayBeLate() {
		next = s.lateAt
	}
	if len(s.waiting) > 0 && s.waiting[0].deadline.Before(next) {
		next = s.waiting[0].deadline
	}
	return next
}

func (s *sender) sendLive(ctx context.Context) {
	r := s.live
	if r.datagrams == nil {
		if err := r.encode(s.encoder); err != nil {
			s.live = nil
			s.failed(ctx, err)
			s.giveUp(r)
			return
		}
		s.follow(ctx)
	}
	if _, err := s.transmit(ctx, r); err != nil {
		s.failed(ctx, err)
		s.retryAt = time.Now().Add(s.retry.Next())
		return
	}
	s.live = nil
	s.sent(r)
}

// sendLate sends the oldest report of the ring.
func (s *sender) sendLate(ctx context.Context) {
	r := s.ring.list[0]
	r.m.Late = true
	err := r.encode(s.encoder)
	if err != nil {
		s.ring.list = slices.Delete(s.ring.list, 0, 1)
		s.failed(ctx, err)
		s.giveUp(r)
		return
	}
	n, err := s.transmit(ctx, r)
	s.lateAt = time.Now().Add(time.Duration(max(n, 1)) * latePause)
	if err != nil {
		s.failed(ctx, err)
		return
	}
	s.ring.list = slices.Delete(s.ring.list, 0, 1)
	r.late++
	s.update(func(st *DestinationStatus) { st.Late++ })
	s.sent(r)
}

// transmit sends what is missing of r from where the try stands, and returns
// how many datagrams have left.
func (s *sender) transmit(ctx context.Context, r *report) (n int, err error) {
	for ; r.next < len(r.datagrams); r.next++ {
		if !r.missing[r.next] {
			continue
		}
		if err := s.dialUp(ctx); err != nil {
			return n, err
		}
		if err := s.write(ctx, r.datagrams[r.next]); err != nil {
			return n, err
		}
		n++
		if !s.acks {
			r.missing[r.next] = false
		}
	}
	return n, nil
}

// keep puts a report that did not leave, or was not acked, into the ring.
func (s *sender) keep(r *report) {
	r.datagrams = nil
	if s.ring.size == 0 || r.late >= maxLate {
		s.giveUp(r)
		return
	}
	for _, old := range s.ring.add(r) {
		s.giveUp(old)
	}
}

// giveUp counts a report that will not be sent again.
func (s *sender) giveUp(r *report) {
	s.update(func(st *DestinationStatus) {
		if r.left {
			st.Unacked++
		} else {
			st.Dropped++
		}
	})
}

// sent notes a report that has left.
func (s *sender) sent(r *report) {
	now := time.Now()
	first := !r.left
	r.left, r.datagrams = true, nil
	if s.acks {
		r.deadline = now.Add(ackTimeout)
		s.waiting = append(s.waiting, r)
	}
	s.retry.Reset()
	if s.streak++; s.streak == 1 {
		s.lateAt = now.Add(lateRest)
	}
	s.update(func(st *DestinationStatus) {
		if first {
			st.Sent++
		}
		st.LastSent = now
	})
	s.heal()
}

// heal notes that the destination is well again. A refusal by the far end
// only shows at the next write, so one report that has left proves nothing.
func (s *sender) heal() {
	if s.streak < wellAfter || s.silent >= maxSilent {
		return
	}
	healed := false
	s.update(func(st *DestinationStatus) { healed, st.Failing = st.Failing, false })
	if healed {
		s.log.Info("telemetry: sending works again")
	}
}

// dialUp provides a socket, and notes whether its address is one that the
// name has just led to.
func (s *sender) dialUp(ctx context.Context) error {
	before := s.nth
	if err := s.connect(ctx); err != nil {
		return err
	}
	if s.nth == before {
		return nil
	}
	address := s.host
	if a := s.conn.RemoteAddr(); a != nil {
		address = a.String()
	}
	s.update(func(st *DestinationStatus) {
		st.Address = address
		if s.broken != nil {
			st.Failed++
			st.note(s.broken)
		}
	})
	switch {
	case s.broken != nil && !s.stale:
		s.log.Warn("telemetry: look-up fails, going on with the last address", "address", address, "error", s.broken)
	case s.broken == nil && s.stale:
		s.log.Info("telemetry: look-up works again")
	}
	s.stale = s.broken != nil
	return nil
}

// failed notes a failed attempt, unless it failed because ctx has ended.
func (s *sender) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.streak = 0
	s.update(func(st *DestinationStatus) { st.Failed++ })
	s.ail(err)
}

// ail notes that the destination is not well.
func (s *sender) ail(err error) {
	began := false
	s.update(func(st *DestinationStatus) {
		began = !st.Failing
		st.Failing = true
		st.note(err)
	})
	if began {
		s.log.Warn("telemetry: sending fails, trying again", "error", err)
	}
}
