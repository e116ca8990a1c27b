package nats

import (
	"errors"
	"fmt"

	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// ErrClosed is the error of a Write after Close.
var ErrClosed = errors.New("nats: the sink is closed")

// RefusedError tells that the server will never take some messages, because
// they are too large for it. The others of the same Write are stored.
type RefusedError struct {
	Messages int    // how many
	Reason   string // what the server says of the last one
}

// Error returns the number and the reason.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("nats: %d messages refused for good: %s", e.Messages, e.Reason)
}

// Unwrap returns [receiver.ErrNotStored]: there is no point in writing them
// again.
func (e *RefusedError) Unwrap() error { return receiver.ErrNotStored }
