package ser2nettest

import (
	"context"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/ser2net"
)

// Opener opens the near ends of lines by their device names. The zero value
// is ready and has no device. Its methods are safe for concurrent use.
type Opener struct {
	mu     sync.Mutex
	lines  map[string]*Line // by every name
	faults []error
	slow   time.Duration
}

var _ ser2net.Opener = (*Opener)(nil)

// Add plugs in a device with that name and returns its line.
func (o *Opener) Add(device string, hw Hardware) *Line {
	l := newLine(device, hw)
	o.name(device, l)
	return l
}

// Alias gives the device of a line a further name.
func (o *Opener) Alias(name string, l *Line) { o.name(name, l) }

func (o *Opener) name(name string, l *Line) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lines == nil {
		o.lines = make(map[string]*Line)
	}
	o.lines[name] = l
}

// FailNext lets the next Open fail with err. More calls of FailNext line up;
// with nil those that wait are forgotten.
func (o *Opener) FailNext(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil {
		o.faults = nil
		return
	}
	o.faults = append(o.faults, err)
}

// Delay lets every Open from now on take d, as a driver does that waits for
// its hardware. The context of an Open ends it.
func (o *Opener) Delay(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.slow = d
}

// InUse counts the devices that are open now.
func (o *Opener) InUse() int {
	n := 0
	for _, l := range o.devices() {
		if l.InUse() {
			n++
		}
	}
	return n
}

// String describes the devices, one a line, ordered by their names.
func (o *Opener) String() string {
	var b strings.Builder
	for _, l := range o.devices() {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}

// devices returns each line once.
func (o *Opener) devices() []*Line {
	o.mu.Lock()
	defer o.mu.Unlock()
	var lines []*Line
	for name, l := range o.lines {
		if name == l.device {
			lines = append(lines, l)
		}
	}
	order.Sort(lines, func(a, b *Line) int { return strings.Compare(a.device, b.device) })
	return lines
}

// Open opens a device, see [ser2net.Opener].
func (o *Opener) Open(ctx context.Context, device string, m ser2net.Mode) (ser2net.Port, error) {
	p, err := o.open(ctx, device, m)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: device, Err: err}
	}
	return p, nil
}

func (o *Opener) open(ctx context.Context, device string, m ser2net.Mode) (*Port, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o.mu.Lock()
	var fail error
	if len(o.faults) > 0 {
		fail, o.faults = o.faults[0], o.faults[1:]
	}
	slow, l := o.slow, o.lines[device]
	o.mu.Unlock()
	if slow > 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(slow):
		}
	}
	if fail != nil {
		return nil, fail
	}
	if l == nil {
		return nil, fs.ErrNotExist
	}
	return l.open(m)
}
