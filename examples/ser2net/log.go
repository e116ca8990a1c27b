package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"log/syslog"
	"sync"
	"time"
)

// newLog returns the log: standard output with -d, else syslog, or standard
// error where there is no syslog and somebody may be watching.
func newLog(o options, out, errOut io.Writer) (*slog.Logger, error) {
	level := slog.LevelInfo
	if o.verbose {
		level = slog.LevelDebug
	}
	settings := &slog.HandlerOptions{Level: level}
	var h slog.Handler
	if o.log2stdout {
		h = slog.NewTextHandler(out, settings)
	} else if w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_INFO, "ser2net"); err == nil {
		h = newSyslogHandler(w, settings)
	} else if o.foreground {
		h = slog.NewTextHandler(errOut, settings)
	} else {
		h = slog.DiscardHandler // as C, which cannot tell
	}
	return slog.New(&limited{Handler: h, bucket: &bucket{left: maxBurst}}), nil
}

// syslogHandler writes each line with the priority of its level.
type syslogHandler struct {
	slog.Handler // a text handler on text
	mu           *sync.Mutex
	text         *bytes.Buffer
	to           *syslog.Writer
}

func newSyslogHandler(to *syslog.Writer, o *slog.HandlerOptions) slog.Handler {
	settings := *o
	settings.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{} // syslog has its own
		}
		return a
	}
	text := new(bytes.Buffer)
	return &syslogHandler{slog.NewTextHandler(text, &settings), new(sync.Mutex), text, to}
}

// Handle implements slog.Handler.
func (h *syslogHandler) Handle(ctx context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Reset()
	if err := h.Handler.Handle(ctx, r); err != nil {
		return err
	}
	line := h.text.String()
	switch {
	case r.Level >= slog.LevelError:
		return h.to.Err(line)
	case r.Level >= slog.LevelWarn:
		return h.to.Warning(line)
	case r.Level >= slog.LevelInfo:
		return h.to.Info(line)
	}
	return h.to.Debug(line)
}

// WithAttrs implements slog.Handler.
func (h *syslogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &syslogHandler{h.Handler.WithAttrs(attrs), h.mu, h.text, h.to}
}

// WithGroup implements slog.Handler.
func (h *syslogHandler) WithGroup(name string) slog.Handler {
	return &syslogHandler{h.Handler.WithGroup(name), h.mu, h.text, h.to}
}

// The limit of the log: a burst of lines, and so many a second on the average.
const (
	maxBurst = 200
	perTime  = 20
)

// bucket counts how many lines may still be written.
type bucket struct {
	mu      sync.Mutex
	left    float64
	at      time.Time
	leftOut int
}

// take returns whether a line may be written at a time, and how many were
// left out before it.
func (b *bucket) take(now time.Time) (ok bool, leftOut int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.at.IsZero() {
		b.left = min(maxBurst, b.left+max(0, now.Sub(b.at).Seconds())*perTime)
	}
	b.at = now
	if b.left < 1 {
		b.leftOut++
		return false, 0
	}
	b.left--
	leftOut, b.leftOut = b.leftOut, 0
	return true, leftOut
}

// limited is a handler that cannot fill a disk.
type limited struct {
	slog.Handler
	*bucket
}

// Handle implements slog.Handler.
func (l *limited) Handle(ctx context.Context, r slog.Record) error {
	ok, leftOut := l.take(r.Time)
	if !ok {
		return nil
	}
	if leftOut > 0 {
		note := slog.NewRecord(r.Time, slog.LevelWarn, fmt.Sprintf("%d lines were left out", leftOut), 0)
		if err := l.Handler.Handle(ctx, note); err != nil {
			return err
		}
	}
	return l.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (l *limited) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &limited{l.Handler.WithAttrs(attrs), l.bucket}
}

// WithGroup implements slog.Handler.
func (l *limited) WithGroup(name string) slog.Handler {
	return &limited{l.Handler.WithGroup(name), l.bucket}
}
