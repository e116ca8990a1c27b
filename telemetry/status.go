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
	// Sent counts the reports that were handed to the network. UDP does not
	// tell whether they arrived.
	Sent uint64 `json:"sent"`
	// Failed counts the attempts that failed: look-ups, dials and writes.
	Failed uint64 `json:"failed"`
	// Dropped counts the reports that gave way to a newer one unsent.
	Dropped uint64 `json:"dropped"`
	// Failing is true from a failure until two reports in a row have left.
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

// fail notes a failed attempt.
func (st *DestinationStatus) fail(err error) {
	st.Failed++
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
