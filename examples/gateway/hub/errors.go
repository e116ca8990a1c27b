package hub

import (
	"errors"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// The errors of Start and Apply.
var (
	// ErrStarted: Start was called before.
	ErrStarted = lifecycle.ErrStarted
	// ErrStopped: Start or Apply was called after Stop.
	ErrStopped = lifecycle.ErrStopped
)

// errNoSerial says that the hub was made without an Opener.
var errNoSerial = errors.New("this hub has no serial lines")

// errMalformed is wrapped by what is no answer to the request: the device is
// there, but what it says cannot be used.
var errMalformed = errors.New("the answer cannot be used")
