package telemetry

import (
	"context"
	"slices"
	"time"
)

func (s *sender) sendLive(ctx context.Context) {
	r := s.live
	if r.datagrams == nil {
		if err := r.encode(s.encoder, s.limit); err != nil {
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
	err := r.encode(s.encoder, s.limit)
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
