package telemetry

import "time"

// Status is what the agent has done since its start.
type Status struct {
	// Next is when the next report is due; zero before Start.
	Next time.Time `json:"next,omitzero"`
	// Reports counts the reports that were made.
	Reports uint64 `json:"reports"`
	// Skipped counts the periods without a report, because the one before
	// was still being made.
	Skipped uint64 `json:"skipped"`
	// SourceFailures counts the reports for which the source failed or did
	// not answer in time; they were sent with the facts there were.
	SourceFailures uint64 `json:"source_failures"`
	// SourceError is the failure of the latest report; "" = none.
	SourceError string `json:"source_error,omitzero"`
	// Destinations are in the order of the Config.
	Destinations []DestinationStatus `json:"destinations"`
}

// DestinationStatus is what became of the reports for one destination.
type DestinationStatus struct {
	Destination Destination `json:"destination"`
	// Address is where the name has led last; "" = not looked up yet.
	Address string `json:"address,omitzero"`
	// Sent counts the reports that were handed to the network, each once.
	// UDP does not tell whether they arrived; acks do.
	Sent uint64 `json:"sent"`
	// Acked counts those of Sent that the server has stored, and Unacked
	// those that were given up without its ack; both stay 0 without acks.
	Acked   uint64 `json:"acked"`
	Unacked uint64 `json:"unacked"`
	// Late counts how often a report was sent late, after a failure or again
	// for want of an ack.
	Late uint64 `json:"late"`
	// Waiting is how many reports wait to be sent late.
	Waiting int `json:"waiting"`
	// Failed counts the attempts that failed: look-ups, dials and writes.
	Failed uint64 `json:"failed"`
	// Dropped counts the reports that never left, and gave way to newer ones.
	Dropped uint64 `json:"dropped"`
	// BadAcks counts the datagrams that came back and were no ack for this
	// device, as with a wrong key.
	BadAcks uint64 `json:"bad_acks"`
	// LastAck is when the latest ack came; zero = none did.
	LastAck time.Time `json:"last_ack,omitzero"`
	// ClockOffset is by how many seconds the clock of the server was ahead of
	// Options.Clock, trusted or not, when the latest ack came; behind if it
	// is negative. It is good to 1 s and the time that the ack was under
	// way. The agent sets no clock.
	ClockOffset Maybe[int64] `json:"clock_offset,omitzero"`
	// Failing is true from a failure until two reports in a row have left or
	// an ack has come; with acks also while none comes.
	Failing bool `json:"failing"`
	// LastSent is when the latest report left; zero = none did.
	LastSent time.Time `json:"last_sent,omitzero"`
	// LastError is the latest failure, of the time LastErrorAt; "" = none.
	LastError   string    `json:"last_error,omitzero"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
}

// Status returns a copy, at any time and without waiting for I/O.
func (s *Service) Status() Status {
	s.mu.Lock()
	st := s.status
	s.mu.Unlock()
	st.Destinations = make([]DestinationStatus, 0, len(s.dests))
	for _, d := range s.dests {
		st.Destinations = append(st.Destinations, d.snapshot())
	}
	return st
}

// note notes what went wrong.
func (st *DestinationStatus) note(err error) {
	st.LastError, st.LastErrorAt = err.Error(), time.Now()
}

func (s *Service) update(f func(*Status)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.status)
}

func (s *sender) snapshot() DestinationStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

func (s *sender) update(f func(*DestinationStatus)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.status)
}
