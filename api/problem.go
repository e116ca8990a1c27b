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
	provider bool   // a provider said so
}

func (p *problem) Error() string { return p.sentence }

func (p *problem) Unwrap() error { return p.cause }

// What is refused before a provider is asked.
var (
	errUnauthorized = &problem{status: http.StatusUnauthorized, sentence: "Unauthorized access."}
	errTooMany      = &problem{status: http.StatusTooManyRequests, sentence: "Too many requests from this address, try again later."}
	errLockedOut    = &problem{status: http.StatusTooManyRequests, sentence: "Too many wrong keys from this address, try again later."}
	errUnknownPath  = &problem{status: http.StatusNotFound, sentence: "There is no such endpoint."}
	errSwitchedOff  = &problem{status: http.StatusForbidden, sentence: "This endpoint is switched off."}
	errOtherKey     = &problem{status: http.StatusForbidden, sentence: "This key does not open this endpoint."}
	errMethod       = &problem{status: http.StatusMethodNotAllowed, sentence: "This method is not allowed here, use GET or POST."}
	errMethodInput  = &problem{status: http.StatusMethodNotAllowed, sentence: "This method is not allowed here, use POST."}
	errEncoding     = &problem{status: http.StatusUnsupportedMediaType, sentence: "Send the body as multipart/form-data or application/x-www-form-urlencoded."}
	errFileEncoding = &problem{status: http.StatusUnsupportedMediaType, sentence: "Send the file as multipart/form-data, without a Content-Encoding."}
	errTooLarge     = &problem{status: http.StatusRequestEntityTooLarge, sentence: "The body is too large for an endpoint that takes no file."}
	errMultipart    = &problem{status: http.StatusBadRequest, sentence: "The multipart body cannot be read."}
	errURLEncoded   = &problem{status: http.StatusBadRequest, sentence: "The url-encoded body cannot be read."}
	errBodySlow     = &problem{status: http.StatusBadRequest, sentence: "The body does not come in time."}
	errFileEmpty    = &problem{status: http.StatusBadRequest, sentence: "The file is empty."}
	errTwoFiles     = &problem{status: http.StatusBadRequest, sentence: "The field file is there twice, send one file."}
	errFileBusy     = &problem{status: http.StatusConflict, sentence: "A sync or an upgrade is under way already."}
	errCrowded      = &problem{status: http.StatusServiceUnavailable, sentence: "There are too many connections, try again later."}
)

// because returns p with what led to it, for the log.
func (p *problem) because(cause error) *problem {
	return &problem{status: p.status, sentence: p.sentence, cause: cause}
}

func badRequest(format string, args ...any) *problem {
	return &problem{status: http.StatusBadRequest, sentence: fmt.Sprintf(format, args...)}
}

// providerProblem returns the problem of a provider that failed with err;
// what begins the sentence. ctx is the one the provider was called with.
func providerProblem(what string, ctx context.Context, err error) *problem {
	p := &problem{status: http.StatusInternalServerError, cause: err, provider: true}
	switch {
	case errors.Is(err, ErrNotReady):
		p.status = http.StatusServiceUnavailable
	case errors.Is(err, ErrBusy):
		p.status = http.StatusConflict
	case errors.Is(err, ErrRefused):
		p.status = http.StatusUnprocessableEntity
	case errors.Is(context.Cause(ctx), errSlow):
		p.status, err = http.StatusServiceUnavailable, errSlow
	case ctx.Err() != nil: // the client has gone, or the service ends
		p.status = http.StatusServiceUnavailable
	}
	p.sentence = fmt.Sprintf("%s: %s.", what, reason(err))
	return p
}

// pointsProblem is providerProblem for what is asked about one device or tag.
func pointsProblem(what string, ctx context.Context, err error, device, signal string) *problem {
	switch {
	case errors.Is(err, ErrUnknownDevice):
		return unknownDevice(device, err)
	case errors.Is(err, ErrUnknownTag):
		return unknownTag(device, signal, err)
	}
	return providerProblem(what, ctx, err)
}

func unknownDevice(device string, cause error) *problem {
	return &problem{status: http.StatusNotFound, sentence: fmt.Sprintf("There is no device %s.", quote(device)), cause: cause}
}

func unknownTag(device, signal string, cause error) *problem {
	return &problem{status: http.StatusNotFound, sentence: fmt.Sprintf("The device %s has no tag %s.", quote(device), quote(signal)), cause: cause}
}

// maxQuoted bounds what an answer repeats of a request, in bytes.
const maxQuoted = 64

// quote shows what a client sent, shortened and with nothing but printable
// characters.
func quote(s string) string {
	if len(s) > maxQuoted {
		return fmt.Sprintf("%q...", s[:maxQuoted])
	}
	return fmt.Sprintf("%q", s)
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
