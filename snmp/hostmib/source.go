package hostmib

import (
	"log/slog"
	"sync"
	"time"
)

// source keeps a reading for a while, so that all subtrees that show it, and
// all requests of that while, share it.
type source[T any] struct {
	name string
	ttl  time.Duration
	log  *slog.Logger
	read func() (T, error)

	mu      sync.Mutex
	value   T
	err     error
	expires time.Time // zero: never read
}

func newSource[T any](h *Host, name string, factor int, read func() (T, error)) *source[T] {
	return &source[T]{name: name, ttl: time.Duration(factor) * h.options.TTL, log: h.options.Logger, read: read}
}

// get returns the reading and until when it is good. A failure is kept as
// long as a success.
func (s *source[T]) get() (T, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); !now.Before(s.expires) {
		before := s.err
		s.value, s.err = s.read()
		s.expires = now.Add(s.ttl)
		switch {
		case s.err != nil && before == nil:
			s.log.Warn("cannot be read, so its objects are absent", "source", s.name, "error", s.err)
		case s.err == nil && before != nil:
			s.log.Info("can be read again", "source", s.name)
		}
	}
	return s.value, s.expires, s.err
}
