package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// area is a part of what the gateway does, as a set.
type area uint

const (
	cable   area = 1 << iota // between the hosts: nobody new gets through, connections of TCP live on
	web                      // pages, automation and API
	line0                    // the serial lines
	line1                    //
	line2                    //
	snmp                     //
	tunnels                  // IPsec
	vpn                      // OpenVPN
	reports                  // telemetry
	devices                  // what the hub asks

	everything = devices<<1 - 1
	network    = cable | web | snmp | tunnels | vpn | reports | devices // what a cut touches
)

// grace is for how long the effect of a disturbance may last: TCP waits twice
// as long after each packet that was lost, and daemons wait between tries.
var grace = map[area]time.Duration{
	cable: 15 * time.Second, web: 15 * time.Second, line0: 15 * time.Second, line1: 15 * time.Second, line2: 15 * time.Second, snmp: 15 * time.Second,
	tunnels: 90 * time.Second, vpn: 60 * time.Second, reports: 30 * time.Second, devices: 60 * time.Second,
}

// window is the time in which something is disturbed on purpose.
type window struct {
	what     string
	areas    area
	from, to time.Time // to is zero while it lasts
	brief    bool      // its effect is over soon
}

// briefly is how long the effect of a brief disturbance may last on a busy
// machine.
const briefly = 5 * time.Second

// ledger takes down what was done, and what came of it.
type ledger struct {
	mu      sync.Mutex
	windows []*window
	counts  map[string]int
	faults  []string
	more    int       // faults that are not kept
	details io.Writer // of what failed while it was disturbed, and why
}

func newLedger(details io.Writer) *ledger {
	return &ledger{counts: make(map[string]int), details: details}
}

// maxFaults bounds the report.
const maxFaults = 100

// fault takes down what must not be.
func (l *ledger) fault(format string, args ...any) {
	text := fmt.Sprintf("%s  %s", time.Now().UTC().Format("15:04:05.000"), fmt.Sprintf(format, args...))
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.faults) == maxFaults {
		l.more++
		return
	}
	l.faults = append(l.faults, text)
	fmt.Println("FAULT", text)
}

// count counts something by its name.
func (l *ledger) count(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what]++
}

// failed takes down what failed while it was disturbed.
func (l *ledger) failed(what string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts["failed while disturbed: "+what]++
	_, _ = fmt.Fprintf(l.details, "%s  %s: %v\n", time.Now().UTC().Format("15:04:05.000"), what, err)
}

// disturb begins a disturbance, until end is called.
func (l *ledger) disturb(what string, areas area) (end func()) {
	return l.open(&window{what: what, areas: areas, from: time.Now()})
}

// touch begins a brief disturbance: one that only restarts something.
func (l *ledger) touch(what string, areas area) (end func()) {
	return l.open(&window{what: what, areas: areas, from: time.Now(), brief: true})
}

func (l *ledger) open(w *window) (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts["did: "+w.what]++
	l.windows = append(l.windows, w)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		w.to = time.Now()
	}
}

// excused reports whether something was disturbed in an area between two
// times, so that a failure there says nothing.
func (l *ledger) excused(areas area, from, to time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range slices.Backward(l.windows) {
		for a, lasts := range grace {
			if w.brief {
				lasts = min(lasts, briefly)
			}
			if areas&w.areas&a != 0 && !w.from.After(to) && (w.to.IsZero() || w.to.Add(lasts).After(from)) {
				return true
			}
		}
	}
	return false
}

// disturbed reports whether an area was disturbed since then by something else
// than what.
func (l *ledger) disturbed(areas area, since time.Time, what string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.windows, func(w *window) bool {
		return w.what != what && w.areas&areas != 0 && (w.to.IsZero() || w.to.After(since))
	})
}

// caused reports whether a disturbance of that name lasts, or lasted at most
// so long ago.
func (l *ledger) caused(what string, ago time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.windows, func(w *window) bool {
		return w.what == what && (w.to.IsZero() || time.Since(w.to) < ago)
	})
}

// progress is a line about what goes on.
func (l *ledger) progress() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	did, checked, now := 0, 0, []string(nil)
	for what, n := range l.counts {
		if strings.HasPrefix(what, "did: ") {
			did += n
		} else if strings.HasPrefix(what, "ok: ") {
			checked += n
		}
	}
	for _, w := range l.windows {
		if w.to.IsZero() {
			now = append(now, w.what)
		}
	}
	return fmt.Sprintf("%d disturbances, %d checks, %d faults; now: %s", did, checked, len(l.faults)+l.more, strings.Join(now, ", "))
}

func (l *ledger) faulty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.faults) > 0
}

func (l *ledger) faultText() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.Join(l.faults, "\n")
	if l.more > 0 {
		text += fmt.Sprintf("\nand %d more", l.more)
	}
	return text
}

// table prints the counts that begin with a word.
func (l *ledger) table(word, title string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Printf("\n%s\n", title)
	for _, what := range slices.Sorted(maps.Keys(l.counts)) {
		if rest, is := strings.CutPrefix(what, word+": "); is {
			fmt.Printf("  %7d  %s\n", l.counts[what], rest)
		}
	}
}
