package strongswan

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// longestTry bounds an Initiate whose context has no deadline: charon's own
// patience with a silent peer is 165 s.
const longestTry = 3 * time.Minute

// Initiate brings a connection up. See [ipsec.Session].
func (s *session) Initiate(ctx context.Context, name string) error {
	l, err := s.look(name)
	if err != nil {
		return err
	}
	ctx, cancel := s.during(ctx)
	defer cancel()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return s.interrupted(ctx)
	}
	stops, generation := l.stops.Load(), s.generations.Load()
	if up, err := s.isUp(ctx, name); err != nil || up {
		return err
	}
	err = s.try(ctx, name)
	if generation != s.generations.Load() && aboutCredentials(err) {
		err = s.try(ctx, name) // it fell into the moment when there were none
	}
	var failure *ipsec.Failure
	if errors.As(err, &failure) && stops != l.stops.Load() {
		failure.Cause, failure.Detail = ipsec.CauseStopped, "it was stopped meanwhile"
	}
	return err
}

func aboutCredentials(err error) bool {
	var f *ipsec.Failure
	return errors.As(err, &f) && slices.Contains([]ipsec.Cause{ipsec.CauseNoSecret, ipsec.CauseAuthentication, ipsec.CauseCertificate}, f.Cause)
}

// interrupted is the error of a call whose context has ended, by the caller's
// will or with the session.
func (s *session) interrupted(ctx context.Context) error {
	if gone := s.gone(); gone != nil {
		return gone
	}
	return ctx.Err()
}

// try negotiates, and leaves nothing behind when that fails.
func (s *session) try(ctx context.Context, name string) error {
	failure, err := s.negotiate(ctx, name)
	if err == nil && failure == nil {
		return nil
	}
	if gone := s.gone(); gone != nil {
		return gone
	}
	// The peer may have brought it up at the same moment; and what is half
	// open is to go, whatever became of ctx.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.backend.options.Timeout)
	defer cancel()
	up, upErr := s.isUp(after, name)
	if up && ctx.Err() == nil {
		return nil
	}
	if upErr == nil && !up {
		upErr = s.terminate(after, name)
	}
	switch {
	case ctx.Err() != nil:
		return s.interrupted(ctx)
	case failure != nil:
		return failure
	case err != nil:
		return s.failed(err)
	}
	return upErr
}

// negotiate has charon initiate, and finds out why that failed.
func (s *session) negotiate(ctx context.Context, name string) (*ipsec.Failure, error) {
	patience := longestTry
	if deadline, ok := ctx.Deadline(); ok {
		// A little less than the caller's, so that charon tells what it
		// waited for.
		patience = max(time.Until(deadline)*19/20, time.Millisecond)
	}
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	l := newLink(s.backend.dial, s.backend.options.Timeout)
	defer l.close()
	var d diagnosis
	m := new(vici.Message).Set("child", s.names.charon(name)).Set("ike", s.names.charon(name)).
		Set("timeout", number(patience.Milliseconds())).Set("loglevel", "1")
	err := l.stream(limited, patience+s.backend.options.Timeout, "initiate", "control-log", m, func(item *vici.Message) {
		if d.line(item.Text("msg")); d.hopeless {
			cancel()
		}
	})
	var r *refusal
	switch {
	case err == nil:
		s.expect(name)
		return nil, nil
	case d.hopeless:
		return d.failure(name, ""), nil
	case errors.As(err, &r):
		return d.failure(name, r.text), nil
	}
	return nil, err
}

// isUp tells whether a data channel of the connection is installed.
func (s *session) isUp(ctx context.Context, name string) (bool, error) {
	ids, err := s.channels(ctx, name)
	return len(ids) > 0, err
}
