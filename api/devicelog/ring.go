package devicelog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
)

// minRing is the smallest ring, in bytes: a few lines.
const minRing = 1 << 10

// Ring is the newest lines of the program's own log, in memory. Give its
// [Ring.Handler] to the program's slog.Logger. Make it with [NewRing]. Its
// methods are safe for concurrent use.
type Ring struct {
	mu    sync.Mutex
	buf   []byte // in use as a ring
	start int    // of the oldest line
	used  int
}

// NewRing returns a ring that holds the newest size bytes, at least 1024.
func NewRing(size int) *Ring {
	return &Ring{buf: make([]byte, max(size, minRing))}
}

// Handler returns a handler that writes each record from level on into the
// ring, as slog.TextHandler does: one line with time, level, message and
// attributes. Nil = Info.
func (r *Ring) Handler(level slog.Leveler) slog.Handler {
	return slog.NewTextHandler(r, &slog.HandlerOptions{Level: level})
}

// Write adds p as a line; a newline at its end may be missing. The oldest
// lines make room. Of a line that is longer than the ring the begin is kept.
// It never fails.
func (r *Ring) Write(p []byte) (int, error) {
	line := bytes.TrimSuffix(p, []byte{'\n'})
	r.mu.Lock()
	defer r.mu.Unlock()
	line = line[:min(len(line), len(r.buf)-1)]
	for r.used+len(line)+1 > len(r.buf) {
		r.drop()
	}
	r.put(line)
	r.put([]byte{'\n'})
	return len(p), nil
}

// put adds bytes for which there is room.
func (r *Ring) put(p []byte) {
	at := (r.start + r.used) % len(r.buf)
	n := copy(r.buf[at:], p)
	copy(r.buf, p[n:])
	r.used += len(p)
}

// drop takes the oldest line out.
func (r *Ring) drop() {
	n := 1
	for r.buf[(r.start+n-1)%len(r.buf)] != '\n' {
		n++
	}
	r.start = (r.start + n) % len(r.buf)
	r.used -= n
}

// WriteLog implements [api.Syslog]. It writes the lines that are there when
// it is called; a slow w does not hold up those who log.
func (r *Ring) WriteLog(ctx context.Context, w io.Writer) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("devicelog: ring: %w", err)
	}
	lines := r.lines()
	if len(lines) == 0 {
		return nil
	}
	if _, err := w.Write(lines); err != nil {
		return fmt.Errorf("devicelog: ring: %w", err)
	}
	return nil
}

func (r *Ring) lines() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := make([]byte, r.used)
	n := copy(lines, r.buf[r.start:min(r.start+r.used, len(r.buf))])
	copy(lines[n:], r.buf)
	return lines
}
