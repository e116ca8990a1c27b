package nats

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// ensure makes the stream unless it exists.
func (s *Sink) ensure(ctx context.Context, l *link) error {
	if l.exists.Load() {
		return nil
	}
	_, err := l.stream.Stream(ctx, s.config.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = l.stream.CreateStream(ctx, jetstream.StreamConfig{
			Name:        s.config.Stream,
			Description: "datagrams of fieldgate devices",
			Subjects:    []string{subjectRoot + ">"},
			Storage:     jetstream.FileStorage,
			Discard:     jetstream.DiscardOld,
			MaxAge:      s.config.MaxAge,
			MaxBytes:    maxBytes(s.config.MaxBytes),
			Duplicates:  s.config.Window,
		})
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			err = nil // another collector was faster, with other limits
		}
	}
	if err != nil {
		return fmt.Errorf("nats: stream %s: %w", s.config.Stream, err)
	}
	l.exists.Store(true)
	return nil
}

// maxBytes returns n as the server takes it.
func maxBytes(n int64) int64 {
	if n == 0 {
		return -1
	}
	return n
}
