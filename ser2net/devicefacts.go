package ser2net

import "time"

// factsTimeout is how long Status waits for the drivers of all devices.
const factsTimeout = 100 * time.Millisecond

// deviceFacts is what a driver told last.
type deviceFacts struct {
	known    bool
	mode     Mode
	lines    *Lines    // nil = it has none
	counters *Counters // nil = it has none
}

// askDevices asks all drivers at once, and waits for a limited time.
func askDevices(runners []*runner) {
	asked := 0
	answered := make(chan struct{}, len(runners))
	for _, r := range runners {
		if r != nil && r.ask(answered) {
			asked++
		}
	}
	late := time.NewTimer(factsTimeout)
	defer late.Stop()
	for range asked {
		select {
		case <-answered:
		case <-late.C:
			return
		}
	}
}

// ask asks the driver of an open device, in a goroutine that nobody waits for
// since a driver may hang. It returns false when there is nobody to ask.
func (r *runner) ask(answered chan<- struct{}) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.session
	if s == nil || r.ctx.Err() != nil {
		return false
	}
	p := s.port.Load()
	if p == nil || !s.asking.CompareAndSwap(false, true) {
		return false
	}
	go func() {
		facts, err := p.facts()
		s.asking.Store(false)
		if err == nil {
			r.mu.Lock()
			s.facts = facts
			r.mu.Unlock()
		}
		answered <- struct{}{}
	}()
	return true
}

// facts asks the driver for all that it tells.
func (p *openPort) facts() (f deviceFacts, err error) {
	if f.mode, err = p.Mode(); err != nil {
		return f, err
	}
	if lp, ok := p.Port.(LinePort); ok {
		if lines, err := lp.Lines(); err == nil {
			f.lines = &lines
		}
	}
	if cp, ok := p.Port.(CountPort); ok {
		if counters, err := cp.Counters(); err == nil {
			f.counters = &counters
		}
	}
	f.known = true
	return f, nil
}
