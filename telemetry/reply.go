package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

const (
	// ackTimeout is how long an ack may take: the way there and back over a
	// slow link, and the server's writing to disk.
	ackTimeout = 10 * time.Second
	// maxSilent is how many acks in a row may be missing before the server
	// counts as gone.
	maxSilent = 2
)

var errNoAcks = errors.New("no acks come")

// reply is what came back on a socket.
type reply struct {
	nth int   // the socket
	ack *Ack  // nil: the socket has failed, nothing more comes
	err error // why
}

// listen hands over what comes back on conn until it is closed.
func (s *sender) listen(ctx context.Context, conn net.Conn, nth int) {
	buf := make([]byte, MaxDatagram+1)
	for {
		n, err := conn.Read(buf)
		r := reply{nth: nth, err: err}
		if err == nil {
			if r.ack = s.open(buf[:n]); r.ack == nil {
				continue
			}
		}
		select {
		case s.replies <- r:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// open returns the ack in a datagram, nil if there is none for this device.
func (s *sender) open(datagram []byte) *Ack {
	ack, err := ParseAck(datagram, s.key)
	if err != nil || ack.Serial != s.serial {
		s.update(func(st *DestinationStatus) { st.BadAcks++ })
		return nil
	}
	return ack
}

// answered deals with a reply.
func (s *sender) answered(ctx context.Context, r reply) {
	switch {
	case r.err == nil:
		s.acked(r.ack)
	case s.conn != nil && r.nth == s.nth: // else it is closed already
		s.failed(ctx, fmt.Errorf("waiting for acks: %w", r.err))
		s.fail()
	}
}

// acked notes an ack of something that was waiting for it; any other is one
// that came twice, or an old one that somebody sends again.
func (s *sender) acked(a *Ack) {
	ours := func(r *report) bool {
		return r != nil && r.m.Seq == a.Seq && r.m.Boot.Value == a.Boot && r.settle(a.Part)
	}
	if i := slices.IndexFunc(s.waiting, ours); i >= 0 {
		if s.waiting[i].settled() {
			s.waiting = slices.Delete(s.waiting, i, i+1)
			s.update(func(st *DestinationStatus) { st.Acked++ })
		}
	} else if i := slices.IndexFunc(s.ring.list, ours); i >= 0 {
		if s.ring.list[i].settled() {
			s.ring.list = slices.Delete(s.ring.list, i, i+1)
			s.update(func(st *DestinationStatus) { st.Acked++ })
		}
	} else if !ours(s.live) {
		return
	}
	s.silent = 0
	s.streak = max(s.streak, wellAfter) // it proves more than sending does
	now, _ := s.clock()
	offset := int64(a.Time) - now.Unix()
	s.update(func(st *DestinationStatus) {
		st.LastAck = time.Now()
		st.ClockOffset = Known(offset)
	})
	s.heal()
}

// expire takes the reports whose ack is overdue. Where none comes any more
// the next socket is to another address.
func (s *sender) expire(now time.Time) {
	n := 0
	for n < len(s.waiting) && !now.Before(s.waiting[n].deadline) {
		n++
	}
	overdue := s.waiting[:n]
	s.waiting = slices.Clone(s.waiting[n:])
	for _, r := range overdue {
		s.keep(r)
		if s.silent++; s.silent == maxSilent {
			s.ail(errNoAcks)
		}
	}
	if n > 0 && s.silent >= maxSilent && now.Sub(s.since) >= maxSilent*ackTimeout {
		s.fail()
	}
}
