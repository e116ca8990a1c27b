package apitest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/api"
)

// Guards: the fakes are providers.
var (
	_ api.System  = (*System)(nil)
	_ api.Syslog  = (*Syslog)(nil)
	_ api.Modem   = (*Modem)(nil)
	_ api.Points  = (*Points)(nil)
	_ api.Sync    = (*Sync)(nil)
	_ api.Upgrade = (*Upgrade)(nil)
)

// maxLines bounds the fake log; older lines fall out.
const maxLines = 10_000

// beat is how often a living log gains a line.
const beat = 10 * time.Second

// Syslog is an [api.Syslog] in memory. The zero value is an empty log; one
// from [NewSyslog] grows by itself. Its methods are safe for concurrent use.
type Syslog struct {
	mu     sync.Mutex
	lines  []string
	beaten time.Time // time of the last line of a living log
	err    error
	cut    int // lines before err
	stuck  bool
}

// NewSyslog returns the log of a device that has just started, which gains a
// line every 10 s.
func NewSyslog() *Syslog {
	s := &Syslog{beaten: time.Now()}
	s.Append(
		stamp(s.beaten, "kernel: Linux version 6.6.58"),
		stamp(s.beaten, "fieldgate: simulated device started"),
	)
	return s
}

func stamp(t time.Time, text string) string {
	return t.UTC().Format(time.RFC3339) + " fieldgate-sim " + text
}

// Append adds lines, each without its newline.
func (s *Syslog) Append(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.append(lines...)
}

func (s *Syslog) append(lines ...string) {
	s.lines = append(s.lines, lines...)
	s.lines = s.lines[max(0, len(s.lines)-maxLines):]
}

// Set makes lines the whole log, which no longer grows by itself.
func (s *Syslog) Set(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines, s.beaten = nil, time.Time{}
	s.append(lines...)
}

// Fail makes every reading fail with err before its first line; nil ends
// that.
func (s *Syslog) Fail(err error) { s.Cut(0, err) }

// Cut makes every reading fail with err after so many lines; nil ends that.
func (s *Syslog) Cut(lines int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut, s.err, s.stuck = lines, err, false
}

// Stall makes every reading wait after so many lines until its context ends.
func (s *Syslog) Stall(lines int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut, s.err, s.stuck = lines, nil, true
}

// WriteLog implements [api.Syslog].
func (s *Syslog) WriteLog(ctx context.Context, w io.Writer) error {
	s.mu.Lock()
	s.grow()
	lines, err, stuck := s.lines, s.err, s.stuck
	if err != nil || stuck {
		lines = lines[:min(s.cut, len(lines))]
	}
	s.mu.Unlock()
	for _, line := range lines { // append never changes what is here
		if ctx.Err() != nil {
			break
		}
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return fmt.Errorf("apitest: syslog: %w", err)
		}
	}
	if stuck {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return fmt.Errorf("apitest: syslog: %w", ctx.Err())
	}
	return err
}

// grow adds the lines that a living log has gained; mu is held.
func (s *Syslog) grow() {
	if s.beaten.IsZero() {
		return
	}
	n := time.Since(s.beaten) / beat
	first := max(0, n-maxLines)
	s.beaten = s.beaten.Add(first * beat)
	for range n - first {
		s.beaten = s.beaten.Add(beat)
		s.append(stamp(s.beaten, "hub: polled 8 tags"))
	}
}

// String shows the state: the lines, then the fault.
func (s *Syslog) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grow()
	var b strings.Builder
	for _, line := range s.lines {
		b.WriteString(line + "\n")
	}
	switch {
	case s.err != nil:
		fmt.Fprintf(&b, "(fails after %d lines: %v)\n", s.cut, s.err)
	case s.stuck:
		fmt.Fprintf(&b, "(stalls after %d lines)\n", s.cut)
	}
	return b.String()
}
