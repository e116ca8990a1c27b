package main

import (
	"context"
	"time"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
)

// How closely drive keeps the pace.
const (
	nap    = time.Millisecond      // sleeps are not shorter
	maxLag = 20 * time.Millisecond // what is further behind is not made up for, in a burst that no device would send
)

// reports is how many reports s asks for.
func (s *settings) reports() int64 { return int64(s.rate * s.duration.Seconds()) }

// drive lets the devices report in turn, spread evenly, until all reports
// that s asks for are made, its duration is over twice, or ctx ends. Then it
// sends what is late, at the same pace.
func drive(ctx context.Context, s settings, f *sim.Fleet, network sim.Network) error {
	begin := time.Now()
	p := pace{each: time.Duration(float64(time.Second) / s.rate), due: begin}
	for n := range s.reports() {
		now, err := p.wait(ctx)
		if err != nil || now.Sub(begin) > 2*s.duration {
			break
		}
		if err := f.Report(int(n%int64(s.fleet.Devices)), now, network); err != nil {
			return err
		}
		p.passed(1)
	}
	for i := range f.Len() {
		if _, err := p.wait(ctx); err != nil {
			break
		}
		p.passed(f.Flush(i, network))
	}
	return nil
}

// pace spreads what happens evenly, from due on.
type pace struct {
	each time.Duration
	due  time.Time
}

// wait returns when the next thing is due, with the time of that. Its error is
// ctx's.
func (p *pace) wait(ctx context.Context) (time.Time, error) {
	now := time.Now()
	switch wait := p.due.Sub(now); {
	case wait >= nap:
		return p.due, sleep(ctx, wait)
	case wait < -maxLag:
		p.due = now.Add(-maxLag)
	}
	return now, ctx.Err()
}

func (p *pace) passed(n int) { p.due = p.due.Add(time.Duration(n) * p.each) }

// sleep returns ctx's error when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
