package redispoints

import "time"

// Status is what a [Service] has done so far.
type Status struct {
	// Connected says that the bus is subscribed to.
	Connected bool `json:"connected"`
	// Since is when that began or ended; zero before the first connection.
	Since time.Time `json:"since,omitzero"`
	// Sessions counts the subscriptions, the first one and those after a loss.
	Sessions uint64 `json:"sessions"`

	Messages  uint64 `json:"messages"`  // taken as the value of a tag
	Malformed uint64 `json:"malformed"` // for a tag, but not as they should be
	Unknown   uint64 `json:"unknown"`   // of topics that the Config does not have

	// LastError is the last failure, with its time; empty before the first.
	LastError   string    `json:"last_error"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
}

// Status returns the state of the bus and the counts. It never waits for the
// bus.
func (s *Service) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// subscribed begins a session.
func (s *Service) subscribed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Sessions++
	s.session = s.status.Sessions
	s.status.Connected, s.status.Since = true, time.Now()
}

// lost ends the session, if there is one. It reports whether err is news.
func (s *Service) lost(err error) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.Connected {
		s.status.Connected, s.status.Since, news = false, time.Now(), true
	}
	if err != nil {
		news = news || s.status.LastError != err.Error()
		s.status.LastError, s.status.LastErrorAt = err.Error(), time.Now()
	}
	return news
}

// take keeps a message as the value of its tag.
func (s *Service) take(topic string, data []byte) {
	one := s.byTopic[topic]
	var m message
	var err error
	if one != nil {
		m, err = parseMessage(data)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case one == nil:
		s.status.Unknown++
	case err != nil:
		s.status.Malformed++
	default:
		s.status.Messages++
		one.last, one.arrived, one.session = m, time.Now(), s.session
	}
}
