package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// problem is why a request gets another status than 200.
type problem struct {
	status   int
	sentence string // the "error" of the answer
	cause    error  // nil where the sentence says all
}

func (p *problem) Error() string { return p.sentence }

func (p *problem) Unwrap() error { return p.cause }

// allowed is the methods of endpoints without input.
const allowed = "GET, HEAD, POST, OPTIONS"

// What is refused before a provider is asked.
var (
	errUnauthorized = &problem{status: http.StatusUnauthorized, sentence: "Unauthorized access."}
	errUnknownPath  = &problem{status: http.StatusNotFound, sentence: "There is no such endpoint."}
	errSwitchedOff  = &problem{status: http.StatusForbidden, sentence: "This endpoint is switched off."}
	errMethod       = &problem{status: http.StatusMethodNotAllowed, sentence: "This method is not allowed here, use GET or POST."}
	errEncoding     = &problem{status: http.StatusUnsupportedMediaType, sentence: "Send the body as multipart/form-data or application/x-www-form-urlencoded."}
	errTooLarge     = &problem{status: http.StatusRequestEntityTooLarge, sentence: "The body is too large for an endpoint that takes no data."}
)

// providerProblem returns the problem of a provider that failed with err;
// what begins the sentence. ctx is the one the provider was called with.
func providerProblem(what string, ctx context.Context, err error) *problem {
	p := &problem{status: http.StatusInternalServerError, cause: err}
	switch {
	case errors.Is(err, ErrNotReady):
		p.status = http.StatusServiceUnavailable
	case errors.Is(context.Cause(ctx), errSlow):
		p.status, err = http.StatusServiceUnavailable, errSlow
	case ctx.Err() != nil: // the client has gone, or the service ends
		p.status = http.StatusServiceUnavailable
	}
	p.sentence = fmt.Sprintf("%s: %s.", what, reason(err))
	return p
}

// maxReason bounds what a provider's error adds to an answer, in bytes.
const maxReason = 300

// reason returns the first line of err's text, to be ended by a full stop.
func reason(err error) string {
	text, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	if len(text) > maxReason {
		cut := maxReason
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	return strings.TrimRight(text, " .\r")
}
