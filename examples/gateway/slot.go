package main

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// slot is where a provider stands while its unit runs. The API keeps the
// slot, so that it goes on when the unit behind it is restarted.
type slot[P any] struct{ now atomic.Pointer[P] }

// put is for a unit that has started.
func (s *slot[P]) put(p *P) { s.now.Store(p) }

// leave takes p out, unless another one has come already.
func (s *slot[P]) leave(p *P) { s.now.CompareAndSwap(p, nil) }

// notReady is the error of an endpoint behind which nothing runs.
func notReady(what, todo string) error {
	return fmt.Errorf("%s: %w: %s", what, api.ErrNotReady, todo)
}

// provider returns a provider that has no life of its own as a service: open
// puts it to work, and close ends that.
func provider(name string, open func() (close func() error, err error)) service {
	return lifecycle.New(name, func(ctx context.Context) (lifecycle.Run, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		end, err := open()
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) error {
			<-ctx.Done()
			return end()
		}, nil
	})
}

// closingModem is what the modem packages offer.
type closingModem interface {
	api.Modem
	io.Closer
}

// disabled is a service that its configuration does not want.
func disabled(name string) service {
	return lifecycle.New(name, func(context.Context) (lifecycle.Run, error) { return nil, lifecycle.ErrDisabled })
}
