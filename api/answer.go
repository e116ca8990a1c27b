package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// bodyTime is how long a client may take for a body.
	bodyTime = 10 * time.Second
	// providerTime is how long a provider may take: for a whole answer, or
	// for the next piece of a text.
	providerTime = 10 * time.Second
	// writeTime is how long a client may take to receive one piece: 16 KiB
	// in 30 s is within reach of the slowest modem.
	writeTime  = 30 * time.Second
	writePiece = 16 << 10
)

// errSlow ends the context of a provider that lets a client wait.
var errSlow = errors.New("no answer in time")

// answer is the reply to one request, as far as it has come.
type answer struct {
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	id      string // of the request
	status  int    // sent to the client, 0 until then
	broken  bool   // the body ended half-way
}

func newAnswer(w http.ResponseWriter, r *http.Request) *answer {
	var id [6]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	a := &answer{w: w, r: r, control: http.NewResponseController(w), id: hex.EncodeToString(id[:])}
	header := w.Header()
	header.Set("X-Request-Id", a.id)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	return a
}

// providerContext bounds a provider that answers at once.
func (a *answer) providerContext() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(a.r.Context(), providerTime, errSlow)
}

// begin sends status and header.
func (a *answer) begin(status int) {
	a.status = status
	a.hurry()
	a.w.WriteHeader(status)
}

// hurry gives the client writeTime for the next piece. A server's own write
// timeout would count from the start of the request and cut long texts.
func (a *answer) hurry() {
	_ = a.control.SetWriteDeadline(time.Now().Add(writeTime)) // not supported: the server's own holds
}

// json sends body with status 200.
func (a *answer) json(body any) error {
	a.sendJSON(http.StatusOK, body)
	return nil
}

func (a *answer) sendJSON(status int, body any) {
	b := encodeJSON(body)
	header := a.w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(b)))
	a.begin(status)
	if a.r.Method != http.MethodHead {
		_, _ = a.w.Write(b) // whoever has gone needs no answer
	}
}

// fail sends err in the one form that errors have. When a body has begun,
// the answer is broken instead.
func (a *answer) fail(err error) {
	if a.status != 0 {
		a.broken = true
		return
	}
	p := &problem{status: http.StatusInternalServerError, sentence: "The request failed."}
	errors.As(err, &p)
	switch p.status {
	case http.StatusUnauthorized:
		a.w.Header().Set("WWW-Authenticate", keyHeader) // RFC 9110, 15.5.2
	case http.StatusMethodNotAllowed:
		a.w.Header().Set("Allow", allowed)
	}
	a.sendJSON(p.status, errorBody{p.sentence})
}

// text streams what write gives, as UTF-8 text with status 200. The first
// piece decides: a failure before it gets a status of its own. A HEAD
// request ends the writing there. what begins the sentence of a failure.
func (a *answer) text(what string, write func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithCancelCause(a.r.Context())
	defer cancel(nil)
	s := &textStream{answer: a, timer: time.AfterFunc(providerTime, func() { cancel(errSlow) })}
	defer s.timer.Stop()

	clean := &utf8Writer{w: s}
	err := write(ctx, clean)
	if err == nil {
		err = clean.flush()
	}
	switch {
	case a.r.Method == http.MethodHead && a.status != 0:
		return nil
	case err != nil:
		return providerProblem(what, ctx, err)
	}
	s.begin()
	return nil
}

// errHead stops a provider when the header is all that is asked for.
var errHead = errors.New("only the header is wanted")

// textStream writes a text to the client, piece by piece.
type textStream struct {
	answer *answer
	timer  *time.Timer // ends a provider that does not go on
}

func (s *textStream) begin() {
	if s.answer.status == 0 {
		s.answer.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		s.answer.begin(http.StatusOK)
	}
}

func (s *textStream) Write(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	s.timer.Stop() // now it is the client that takes time
	defer s.timer.Reset(providerTime)
	s.begin()
	if s.answer.r.Method == http.MethodHead {
		return 0, errHead
	}
	for len(p) > 0 && err == nil {
		var m int
		s.answer.hurry()
		m, err = s.answer.w.Write(p[:min(len(p), writePiece)])
		n, p = n+m, p[m:]
	}
	return n, err
}
