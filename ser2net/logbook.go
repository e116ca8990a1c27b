package ser2net

import (
	"context"
	"log/slog"
	"time"

	"github.com/fieldgate/fieldgate/internal/order"
)

// logbook logs events, and of those that come as often as somebody likes only
// some. It is for one goroutine.
type logbook struct {
	log    *slog.Logger
	quiet  map[subject]*silence
	states map[string]time.Time // of the newest state that was logged, by port
}

// subject is what a line of the log is about.
type subject struct {
	port string
	kind EventKind
}

// silence follows a line that was logged.
type silence struct {
	until   time.Time
	leftOut int
	last    Event // of those left out
}

// quietFor returns how long a port is silent about events of a kind after
// one of them was logged.
func (k EventKind) quietFor() time.Duration {
	switch {
	case k == EventRefused:
		return time.Second
	case k.isState():
		return time.Minute
	}
	return 0
}

// isState tells whether the last such event is of interest, however many there
// were: it says how things stand.
func (k EventKind) isState() bool { return k == EventLost || k == EventRestored }

// add logs an event, unless it is to be left out.
func (l *logbook) add(e Event) {
	quiet := e.Kind.quietFor()
	if quiet == 0 {
		l.write(e)
		return
	}
	about := subject{e.Port, e.Kind}
	s := l.quiet[about]
	switch {
	case s == nil:
		l.write(e)
	case e.Time.Before(s.until):
		s.leftOut++
		s.last = e
		return
	case s.leftOut > 0:
		l.write(e, slog.Int("left_out", s.leftOut))
	default:
		l.write(e)
	}
	l.quiet[about] = &silence{until: e.Time.Add(quiet)}
}

// catchUp logs the states that were left out and still stand, as far as their
// silence is over at a time, and returns how long the next silence lasts from then on, 0 if
// there is none.
func (l *logbook) catchUp(now time.Time) (next time.Duration) {
	var over []*silence
	for about, s := range l.quiet {
		if s.leftOut == 0 || !about.kind.isState() || s.last.Time.Before(l.states[about.port]) {
			continue
		}
		if rest := s.until.Sub(now); rest <= 0 {
			over = append(over, s)
		} else if next == 0 || rest < next {
			next = rest
		}
	}
	order.Sort(over, func(a, b *silence) int { return b.last.Time.Compare(a.last.Time) }) // the newest first
	for _, s := range over {
		if s.last.Time.Before(l.states[s.last.Port]) {
			continue
		}
		l.write(s.last, slog.Int("left_out", s.leftOut-1))
		*s = silence{until: now.Add(s.last.Kind.quietFor())}
	}
	return next
}

func (l *logbook) write(e Event, more ...slog.Attr) {
	if e.Kind.isState() {
		l.states[e.Port] = e.Time
	}
	level := slog.LevelInfo
	if e.Kind.warns() {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("port", e.Port)}
	if e.Remote != "" {
		attrs = append(attrs, slog.String("remote", e.Remote))
	}
	if e.Text != "" {
		attrs = append(attrs, slog.String("text", e.Text))
	}
	l.log.LogAttrs(context.Background(), level, "ser2net: "+string(e.Kind), append(attrs, more...)...)
}
