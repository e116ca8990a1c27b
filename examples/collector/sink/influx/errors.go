package influx

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// RefusedError tells that the server will never take some lines. All others
// of the same Write are stored.
type RefusedError struct {
	Lines  uint64 // how many, as far as the server says
	Reason string // what the server says of the last ones
}

// Error returns the number and the reason.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("influx: %d lines refused for good: %s", e.Lines, e.Reason)
}

// Unwrap returns [receiver.ErrNotStored]: there is no point in writing them
// again.
func (e *RefusedError) Unwrap() error { return receiver.ErrNotStored }

// statusError is an answer that is no success.
type statusError struct {
	status int
	text   string // what the body says, in one line
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answers %d %s: %s", e.status, http.StatusText(e.status), e.reason())
}

// maxReason is the longest text of an answer that is repeated, in bytes.
const maxReason = 300

// reason returns the beginning of what the server says.
func (e *statusError) reason() string {
	if len(e.text) <= maxReason {
		return e.text
	}
	return strings.ToValidUTF8(e.text[:maxReason], "") + "..."
}

// temporary reports whether the same request may succeed a little later.
func (e *statusError) temporary() bool {
	return e.status >= 500 || e.status == http.StatusTooManyRequests || e.status == http.StatusRequestTimeout
}
