// Package lifecycletest holds the contract test of all services: whatever
// passes it can be started, stopped and supervised like every other service.
package lifecycletest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// Service is what the contract is about.
type Service interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Done() <-chan struct{}
	Err() error
}

// Subject is a fresh service on fakes, never started, with what the test
// must see and do on those fakes.
type Subject struct {
	Service Service
	// Disabled is the same service with a disabled Config; nil where the
	// service cannot be disabled.
	Disabled Service
	// Resources counts what is open now: listeners, connections, handles.
	Resources func() int
	// Refuse lets the next acquisition fail with err; nil where starting
	// acquires nothing that can fail.
	Refuse func(err error)
	// Hold lets the next acquisition wait for its context; nil as with
	// Refuse.
	Hold func()
}

// TestService runs every case of the contract, each on a fresh subject in a
// bubble of testing/synctest: a goroutine left over at the end of a case
// fails it. The subject must therefore talk over in-memory connections.
func TestService(t *testing.T, newSubject func(t *testing.T) Subject) {
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSubject(t)
				c.run(t, s)
				require.NoError(t, s.Service.Stop(t.Context()), "every life ends with a clean Stop")
				if s.Disabled != nil {
					require.NoError(t, s.Disabled.Stop(t.Context()))
				}
				synctest.Wait()
				assert.Zero(t, s.Resources(), "resources left open")
			})
		})
	}
}

var contract = []struct {
	name string
	run  func(t *testing.T, s Subject)
}{
	{"start_then_stop", startThenStop},
	{"stop_before_start", stopBeforeStart},
	{"second_start", secondStart},
	{"start_after_stop", startAfterStop},
	{"concurrent_starts", concurrentStarts},
	{"concurrent_stops", concurrentStops},
	{"start_context_bounds_start_up_only", startContextBoundsStartUpOnly},
	{"stop_out_of_time_still_ends", stopOutOfTimeStillEnds},
	{"stop_during_start", stopDuringStart},
	{"failed_start_leaves_nothing", failedStartLeavesNothing},
	{"cancelled_start_leaves_nothing", cancelledStartLeavesNothing},
	{"disabled", disabled},
}

func startThenStop(t *testing.T, s Subject) {
	require.NoError(t, s.Service.Start(t.Context()))
	synctest.Wait()
	assertRunning(t, s.Service)
	require.NoError(t, s.Service.Stop(t.Context()))
	assertEnded(t, s.Service)
}

func stopBeforeStart(t *testing.T, s Subject) {
	require.NoError(t, s.Service.Stop(t.Context()))
	assertEnded(t, s.Service)
	require.ErrorIs(t, s.Service.Start(t.Context()), lifecycle.ErrStopped)
}

func secondStart(t *testing.T, s Subject) {
	require.NoError(t, s.Service.Start(t.Context()))
	synctest.Wait()
	before := s.Resources()
	require.ErrorIs(t, s.Service.Start(t.Context()), lifecycle.ErrStarted)
	synctest.Wait()
	assert.Equal(t, before, s.Resources(), "the refused Start acquired something")
	assertRunning(t, s.Service)
}

func startAfterStop(t *testing.T, s Subject) {
	require.NoError(t, s.Service.Start(t.Context()))
	require.NoError(t, s.Service.Stop(t.Context()))
	require.ErrorIs(t, s.Service.Start(t.Context()), lifecycle.ErrStopped)
	assertEnded(t, s.Service)
}

func concurrentStarts(t *testing.T, s Subject) {
	const n = 8
	results := make(chan error, n)
	for range n {
		go func() { results <- s.Service.Start(t.Context()) }()
	}
	started := 0
	for range n {
		if err := <-results; err == nil {
			started++
		} else {
			assert.ErrorIs(t, err, lifecycle.ErrStarted)
		}
	}
	assert.Equal(t, 1, started)
}

func concurrentStops(t *testing.T, s Subject) {
	require.NoError(t, s.Service.Start(t.Context()))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			assert.NoError(t, s.Service.Stop(t.Context()))
			assertEnded(t, s.Service)
		})
	}
	wg.Wait()
}

func startContextBoundsStartUpOnly(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, s.Service.Start(ctx))
	cancel()
	synctest.Wait()
	assertRunning(t, s.Service)
}

func stopOutOfTimeStillEnds(t *testing.T, s Subject) {
	require.NoError(t, s.Service.Start(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Service.Stop(ctx); err != nil {
		assert.ErrorIs(t, err, context.Canceled)
	}
	<-s.Service.Done() // a shutdown that never ends is a deadlock of the bubble
	assertEnded(t, s.Service)
}

func stopDuringStart(t *testing.T, s Subject) {
	if s.Hold == nil {
		t.Skip("starting this service acquires nothing that could take time")
	}
	s.Hold()
	started := make(chan error, 1)
	go func() { started <- s.Service.Start(t.Context()) }()
	synctest.Wait()
	require.Empty(t, started, "Start did not wait for its resource")
	require.NoError(t, s.Service.Stop(t.Context()))
	assert.ErrorIs(t, <-started, lifecycle.ErrStopped)
	assertEnded(t, s.Service)
}

func failedStartLeavesNothing(t *testing.T, s Subject) {
	if s.Refuse == nil {
		t.Skip("starting this service acquires nothing that could fail")
	}
	refused := errors.New("refused by the test")
	s.Refuse(refused)
	require.ErrorIs(t, s.Service.Start(t.Context()), refused)
	synctest.Wait()
	assert.Zero(t, s.Resources(), "a failed Start left something open")
	assertRunning(t, s.Service) // not ended: another try is allowed
	require.NoError(t, s.Service.Start(t.Context()))
}

func cancelledStartLeavesNothing(t *testing.T, s Subject) {
	if s.Hold == nil {
		t.Skip("starting this service acquires nothing that could take time")
	}
	s.Hold()
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan error, 1)
	go func() { started <- s.Service.Start(ctx) }()
	synctest.Wait()
	cancel()
	require.ErrorIs(t, <-started, context.Canceled)
	synctest.Wait()
	assert.Zero(t, s.Resources(), "a cancelled Start left something open")
	require.NoError(t, s.Service.Start(t.Context()))
}

func disabled(t *testing.T, s Subject) {
	if s.Disabled == nil {
		t.Skip("this service cannot be disabled")
	}
	require.ErrorIs(t, s.Disabled.Start(t.Context()), lifecycle.ErrDisabled)
	synctest.Wait()
	assert.Zero(t, s.Resources(), "a disabled service opened something")
}

func assertRunning(t *testing.T, s Service) {
	t.Helper()
	select {
	case <-s.Done():
		assert.Fail(t, "ended too early", "Err: %v", s.Err())
	default:
		assert.NoError(t, s.Err())
	}
}

func assertEnded(t *testing.T, s Service) {
	t.Helper()
	select {
	case <-s.Done():
		assert.NoError(t, s.Err(), "the service was asked to end")
	default:
		assert.Fail(t, "Done is not closed after Stop")
	}
}
