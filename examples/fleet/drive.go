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
// that s asks for are made, its duration is over twice, or ctx ends.
func drive(ctx context.Context, s settings, f *sim.Fleet, network sim.Network) error {
	each := time.Duration(float64(time.Second) / s.rate)
	begin := time.Now()
	due := begin
	for n := range s.reports() {
		now := time.Now()
		if wait := due.Sub(now); wait >= nap {
			if err := sleep(ctx, wait); err != nil {
				return nil
			}
		} else if wait < -maxLag {
			due = now.Add(-maxLag)
		}
		if now.Sub(begin) > 2*s.duration {
			break
		}
		if err := f.Report(int(n%int64(s.fleet.Devices)), now, network); err != nil {
			return err
		}
		due = due.Add(each)
	}
	f.Flush(network)
	return nil
}

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
