package lifecycle_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
)

// resource is what the services of these tests acquire.
type resource struct {
	held   atomic.Int64
	hold   atomic.Bool
	refuse atomic.Pointer[error]
}

// open is a service that waits for its end.
func (r *resource) open(ctx context.Context) (lifecycle.Run, error) {
	if err := r.refuse.Swap(nil); err != nil {
		return nil, *err
	}
	if r.hold.Swap(false) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	r.held.Add(1)
	return func(ctx context.Context) error {
		defer r.held.Add(-1)
		<-ctx.Done()
		return ctx.Err()
	}, nil
}

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(*testing.T) lifecycletest.Subject {
		var r resource
		return lifecycletest.Subject{
			Service: lifecycle.New("plain", r.open),
			Disabled: lifecycle.New("plain", func(context.Context) (lifecycle.Run, error) {
				return nil, lifecycle.ErrDisabled
			}),
			Resources: func() int { return int(r.held.Load()) },
			Refuse:    func(err error) { r.refuse.Store(&err) },
			Hold:      func() { r.hold.Store(true) },
		}
	})
}

// An open that does not look at its context may succeed although Stop has
// come: what it acquired must be given back before Start and Stop return.
func TestStopWhileOpenSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r resource
		s := lifecycle.New("slow", func(ctx context.Context) (lifecycle.Run, error) {
			time.Sleep(time.Second)
			return r.open(context.WithoutCancel(ctx))
		})
		started := make(chan error, 1)
		go func() { started <- s.Start(t.Context()) }()
		synctest.Wait()
		require.NoError(t, s.Stop(t.Context()))
		assert.Zero(t, r.held.Load())
		assert.ErrorIs(t, <-started, lifecycle.ErrStopped)
		assert.NoError(t, s.Err())
	})
}

func TestDeathByItself(t *testing.T) {
	broken := errors.New("the port is gone")
	for name, c := range map[string]struct {
		result error
		want   string
	}{
		"error": {broken, "dying: the port is gone"},
		"nil":   {nil, "dying: ended without being asked to"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := lifecycle.New("dying", func(context.Context) (lifecycle.Run, error) {
					return func(context.Context) error {
						time.Sleep(time.Minute)
						return c.result
					}, nil
				})
				require.NoError(t, s.Start(t.Context()))
				require.NoError(t, s.Err())
				<-s.Done()
				require.EqualError(t, s.Err(), c.want)
				require.ErrorIs(t, s.Start(t.Context()), lifecycle.ErrStarted, "services are one-shot")
				require.NoError(t, s.Stop(t.Context()))
				require.EqualError(t, s.Err(), c.want, "a later Stop does not hide the reason")
			})
		})
	}
}

func TestStopReportsItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := lifecycle.New("stuck", func(context.Context) (lifecycle.Run, error) {
			return func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(10 * time.Second)
				return nil
			}, nil
		})
		require.NoError(t, s.Start(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, s.Stop(ctx), context.DeadlineExceeded)
		require.NoError(t, s.Stop(t.Context()))
	})
}
