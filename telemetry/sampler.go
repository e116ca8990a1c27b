package telemetry

import (
	"context"
	"errors"
	"time"
)

// maxCollect is the most time that collecting the facts may take; it is less
// where the period is less.
const maxCollect = 5 * time.Second

var errSourceStuck = errors.New("the source does not answer")

// sampler asks a Source and goes on without it when it hangs. At most one
// call of the Source is ever under way. It is for one goroutine.
type sampler struct {
	source Source
	limit  time.Duration
	stuck  chan sampled // the answer that is overdue; nil when none is
}

type sampled struct {
	facts Sample
	err   error
}

// sample returns within the limit. The ctx of the Source ends a tenth before
// it, which leaves a Source that heeds its ctx the time to hand over what it
// has; after that, also when ctx ends, the Source is left to itself.
func (s *sampler) sample(ctx context.Context) (Sample, error) {
	if s.stuck != nil {
		select {
		case <-s.stuck: // too old to be used
			s.stuck = nil
		default:
			return Sample{}, errSourceStuck
		}
	}
	grace := s.limit / 10
	ctx, cancel := context.WithTimeout(ctx, s.limit-grace)
	defer cancel()
	answer := make(chan sampled, 1)
	go func() {
		facts, err := s.source.Sample(ctx)
		answer <- sampled{facts, err}
	}()
	select {
	case a := <-answer:
		return a.facts, a.err
	case <-ctx.Done():
	}
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case a := <-answer:
		return a.facts, a.err
	case <-t.C:
		s.stuck = answer
		return Sample{}, errSourceStuck
	}
}
