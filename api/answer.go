package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	// bodyTime is how long a client may take for a body without a file.
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

// The types of answers.
const (
	jsonType = "application/json"
	textType = "text/plain; charset=utf-8"
)

// Header values that never change; a server only reads them.
var (
	headerNoStore = []string{"no-store"}
	headerNoSniff = []string{"nosniff"}
	headerJSON    = []string{jsonType}
	headerVary    = []string{"Accept-Encoding"}
)

// answer is the reply to one request, as far as it has come.
type answer struct {
	w       http.ResponseWriter
	r       *http.Request
	control http.ResponseController
	pools   *pools
	id      [1]string   // of the request, as a header has it
	opens   endpointSet // what the key of the request opens
	retry   int         // Retry-After of status 429, in seconds
	status  int         // sent to the client, 0 until then
	whole   bool        // the body was sent to its end
	broken  bool        // the body ended half-way
	sendErr error       // of the last piece
}

func newAnswer(w http.ResponseWriter, r *http.Request, p *pools) *answer {
	a := &answer{w: w, r: r, control: *http.NewResponseController(w), pools: p, id: [1]string{newID()}, opens: ^endpointSet(0)}
	header := w.Header()
	header["X-Request-Id"] = a.id[:]
	header["Cache-Control"] = headerNoStore
	header["X-Content-Type-Options"] = headerNoSniff
	return a
}

// newID returns 12 hexadecimal digits. An id is no secret.
func newID() string {
	const digits = "0123456789abcdef"
	var id [12]byte
	n := rand.Uint64()
	for i := range id {
		id[i] = digits[n>>(4*i)&15]
	}
	return string(id[:])
}

// providerContext bounds a provider that answers at once.
func (a *answer) providerContext() (context.Context, context.CancelFunc) {
	p := newPatience(a.r.Context(), providerTime)
	return p, p.end
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
	e := a.pools.encoder()
	defer a.pools.putEncoder(e)
	e.encode(body)
	a.sendBytes(status, jsonType, e.buffer.Bytes())
}

// sendBytes sends a whole body, compressed where that is wanted and worth it.
func (a *answer) sendBytes(status int, contentType string, b []byte) {
	header := a.w.Header()
	if contentType == jsonType {
		header["Content-Type"] = headerJSON
	} else {
		header.Set("Content-Type", contentType)
	}
	if len(b) >= minCompressed {
		header["Vary"] = headerVary
		if c := a.compressor(); c != nil {
			defer a.pools.putCompressor(c)
			if packed := c.whole(b); len(packed) < len(b) {
				header.Set("Content-Encoding", "gzip")
				b = packed
			}
		}
	}
	header["Content-Length"] = []string{strconv.Itoa(len(b))}
	if a.r.Method == http.MethodHead {
		a.begin(status)
	} else {
		a.status = status
		a.w.WriteHeader(status)   // each piece has its time
		_, _ = pieces{a}.Write(b) // whoever has gone needs no answer
	}
	a.whole = true
}

// flush brings what was sent on its way. It returns why that cannot be.
func (a *answer) flush() error {
	if err := a.control.Flush(); !errors.Is(err, http.ErrNotSupported) && a.sendErr == nil {
		a.sendErr = err
	}
	return a.sendErr
}

// fail sends err in the one form that errors have. When a body has begun,
// the answer is broken instead.
func (a *answer) fail(err error) {
	if a.status != 0 {
		a.broken = !a.whole
		return
	}
	p := &problem{status: http.StatusInternalServerError, sentence: "The request failed."}
	errors.As(err, &p)
	header := a.w.Header()
	switch p {
	case errUnauthorized:
		header.Set("WWW-Authenticate", keyHeader) // RFC 9110, 15.5.2
	case errMethod:
		header.Set("Allow", methodsPlain)
	case errMethodInput:
		header.Set("Allow", methodsInput)
	case errTooMany, errLockedOut:
		header.Set("Retry-After", strconv.Itoa(a.retry))
	case errCrowded:
		header.Set("Connection", "close")
		header.Set("Retry-After", "1")
	}
	a.sendJSON(p.status, errorBody{p.sentence})
}

// list sends head, which ends in an empty list, with n items in that list. It
// holds one piece of a long list in memory.
func (a *answer) list(head any, n int, item func(i int) any) error {
	e := a.pools.encoder()
	defer a.pools.putEncoder(e)
	const tail = "]}\n"
	e.encode(head)
	e.buffer.Truncate(e.buffer.Len() - len(tail))
	var out *stream
	for i := range n {
		if i > 0 {
			e.buffer.WriteByte(',')
		}
		e.encode(item(i))
		e.buffer.Truncate(e.buffer.Len() - 1) // the newline
		if e.buffer.Len() < writePiece {
			continue
		}
		if out == nil {
			out = a.newStream(jsonType)
			defer out.release()
		}
		if _, err := out.Write(e.buffer.Bytes()); err != nil {
			return endOfStream(a, err)
		}
		e.buffer.Reset()
	}
	e.buffer.WriteString(tail)
	if out == nil {
		a.sendBytes(http.StatusOK, jsonType, e.buffer.Bytes())
		return nil
	}
	_, err := out.Write(e.buffer.Bytes())
	if err == nil {
		err = out.close()
	}
	return endOfStream(a, err)
}

// endOfStream is what the failure of a stream means: nothing when no more
// than the header was wanted.
func endOfStream(a *answer, err error) error {
	if a.r.Method == http.MethodHead && a.status != 0 {
		a.whole = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("the client does not take its answer: %w", err)
	}
	return nil
}

// text streams what write gives, as UTF-8 text with status 200. The first
// piece decides: a failure before it gets a status of its own. A HEAD
// request ends the writing there. what begins the sentence of a failure.
func (a *answer) text(what string, write func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithCancelCause(a.r.Context())
	defer cancel(nil)
	s := a.newStream(textType)
	defer s.release()
	s.timer = time.AfterFunc(providerTime, func() { cancel(errSlow) })
	defer s.timer.Stop()

	clean := &utf8Writer{w: s}
	err := write(ctx, clean)
	if err == nil {
		err = clean.flush()
	}
	if err == nil {
		err = s.close()
	}
	switch {
	case a.r.Method == http.MethodHead && a.status != 0:
		a.whole = true
		return nil
	case err != nil:
		return providerProblem(what, ctx, err)
	}
	return nil
}

// errHead stops a provider when the header is all that is asked for.
var errHead = errors.New("only the header is wanted")

// stream writes a body whose length is not known ahead.
type stream struct {
	answer *answer
	kind   string
	timer  *time.Timer // ends a provider that does not go on; nil = none
	packed *compressor // nil = as it is
}

func (a *answer) newStream(contentType string) *stream {
	return &stream{answer: a, kind: contentType}
}

// begin sends the header, before the first piece.
func (s *stream) begin() {
	a := s.answer
	if a.status != 0 {
		return
	}
	header := a.w.Header()
	header.Set("Content-Type", s.kind)
	header["Vary"] = headerVary
	if s.packed = a.compressor(); s.packed != nil {
		header.Set("Content-Encoding", "gzip")
		s.packed.to(pieces{a})
	}
	a.begin(http.StatusOK)
}

func (s *stream) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if s.timer != nil {
		s.timer.Stop() // now it is the client that takes time
		defer s.timer.Reset(providerTime)
	}
	s.begin()
	if s.answer.r.Method == http.MethodHead {
		return 0, errHead
	}
	if s.packed != nil {
		return s.packed.Write(p)
	}
	return pieces{s.answer}.Write(p)
}

// close ends a body that is complete.
func (s *stream) close() error {
	s.begin()
	if s.packed != nil && s.answer.r.Method != http.MethodHead {
		if err := s.packed.Close(); err != nil {
			return err
		}
	}
	s.answer.whole = true
	return nil
}

// release gives back what the stream has taken.
func (s *stream) release() {
	if s.packed != nil {
		s.answer.pools.putCompressor(s.packed)
		s.packed = nil
	}
}

// pieces writes to the client, which has its time for each piece.
type pieces struct{ answer *answer }

func (w pieces) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		var m int
		w.answer.hurry()
		m, err = w.answer.w.Write(p[:min(len(p), writePiece)])
		n, p = n+m, p[m:]
	}
	w.answer.sendErr = err
	return n, err
}
