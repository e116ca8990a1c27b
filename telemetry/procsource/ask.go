package procsource

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

var errStuck = errors.New("an earlier call has not come back")

// asked is a function of the program that knows facts the kernel does not. It
// may hang: whoever asks goes on without it when ctx ends.
type asked[T any] struct {
	name  string
	ask   func(context.Context) (T, error) // nil: nobody knows
	stuck atomic.Int32                     // calls that were given up and still run
}

type answer[T any] struct {
	facts T
	err   error
}

// begin asks in the background. The channel is nil where nobody knows.
func (a *asked[T]) begin(ctx context.Context) <-chan answer[T] {
	if a.ask == nil {
		return nil
	}
	to := make(chan answer[T], 1)
	if a.stuck.Load() > 0 {
		to <- answer[T]{err: errStuck}
		return to
	}
	go func() {
		facts, err := a.ask(ctx)
		to <- answer[T]{facts, err}
	}()
	return to
}

// end waits for the answer until ctx ends, and stores it where it is good.
func (a *asked[T]) end(ctx context.Context, from <-chan answer[T], into *T) error {
	if from == nil {
		return nil
	}
	var got answer[T]
	select {
	case got = <-from:
	case <-ctx.Done():
		select {
		case got = <-from: // both were ready
		default:
			a.stuck.Add(1)
			go func() {
				<-from
				a.stuck.Add(-1)
			}()
			got.err = ctx.Err()
		}
	}
	if got.err != nil {
		return fmt.Errorf("%s: %w", a.name, got.err)
	}
	*into = got.facts
	return nil
}
