package fanout

import (
	"errors"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// The errors of Start and Write.
var (
	// ErrStarted: Start was called before.
	ErrStarted = lifecycle.ErrStarted
	// ErrStopped: Start was called after, or interrupted by, Stop.
	ErrStopped = lifecycle.ErrStopped
	// ErrNotRunning: Write was called before Start or after Stop.
	ErrNotRunning = errors.New("not running")
)
