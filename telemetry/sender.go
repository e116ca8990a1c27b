package telemetry

import (
	"context"
	"log/slog"
	"net"
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
	// maxDTLSRecord is what a record adds to a message at the most: 37 bytes,
	// a connection identifier, and 1 byte where there is one.
	maxDTLSRecord = 64
	// maxLate is how often a report is sent late before it is given up.
	maxLate = 5
)

// sender brings reports to one destination, in a goroutine and over a socket
// of its own.
type sender struct {
	connection
	in      chan *Message // has room for all that the ring has room for
	encoder Encoder
	limit   int // bytes of a datagram
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
		limit:      MaxDatagram,
		serial:     o.Serial,
		acks:       c.Acks,
		clock:      o.Clock,
		log:        o.Logger.With("destination", d.String()),
		ring:       ring{size: c.Ring},
		retry:      backoff.Backoff{Min: minRetry, Max: maxRetry},
		replies:    make(chan reply),
		status:     DestinationStatus{Destination: d},
	}
	switch d.transport() {
	case TransportUDP:
		s.dial, s.probe = dialUDP(o.Dial), true
	case TransportDTLS:
		s.limit -= maxDTLSRecord // the packet is to be no larger than over UDP
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
