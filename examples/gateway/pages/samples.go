package pages

import (
	"context"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// The plots show so much time, in such steps.
const (
	sampleStep = 5 * time.Second
	maxSamples = 120 // ten minutes
	maxPlotted = 8   // network interfaces
)

// samples are the newest facts for the plots, in memory only.
type samples struct {
	mu   sync.Mutex
	ring []sample // oldest first
}

type sample struct {
	at      time.Time
	load    telemetry.Maybe[uint64]
	signal  telemetry.Maybe[int64]
	traffic []telemetry.Interface
}

// Run takes a sample for the plots every five seconds until ctx ends, and lets
// go of the pages that live then, so that the server need not wait for them.
// It is called once.
func (p *Pages) Run(ctx context.Context) error {
	context.AfterFunc(ctx, func() { close(p.ending) })
	if p.Source == nil {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(sampleStep)
	defer tick.Stop()
	for {
		// Facts that come with an error are as good as others.
		facts, _ := p.Source.Sample(ctx)
		p.samples.add(sample{time.Now(), facts.Load.One, facts.Modem.SignalDBm, facts.Interfaces})
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *samples) add(one sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ring) == maxSamples {
		copy(s.ring, s.ring[1:])
		s.ring = s.ring[:maxSamples-1]
	}
	s.ring = append(s.ring, one)
}

// plots draws what was sampled.
func (s *samples) plots() []plot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ring) < 2 {
		return nil
	}
	load, signal := newSeries(len(s.ring)), newSeries(len(s.ring))
	type traffic struct{ in, out series }
	var names []string
	rates := make(map[string]*traffic)
	for i, now := range s.ring {
		if now.load.Known {
			load.set(i, float64(now.load.Value)/100)
		}
		if now.signal.Known {
			signal.set(i, float64(now.signal.Value))
		}
		if i == 0 {
			continue
		}
		seconds := now.at.Sub(s.ring[i-1].at).Seconds()
		before := make(map[string]telemetry.Interface, len(now.traffic))
		for _, iface := range s.ring[i-1].traffic {
			before[iface.Name] = iface
		}
		for _, iface := range now.traffic {
			was, known := before[iface.Name]
			if !known || iface.Name == "lo" || seconds <= 0 {
				continue
			}
			if rates[iface.Name] == nil {
				if len(names) == maxPlotted {
					continue
				}
				names = append(names, iface.Name)
				rates[iface.Name] = &traffic{newSeries(len(s.ring)), newSeries(len(s.ring))}
			}
			rate(rates[iface.Name].in, i, was.RxBytes, iface.RxBytes, seconds)
			rate(rates[iface.Name].out, i, was.TxBytes, iface.TxBytes, seconds)
		}
	}
	var all []plot
	add := func(title, unit string, a, b series, names ...string) {
		if drawn, ok := newPlot(title, unit, a, b, names...); ok {
			all = append(all, drawn)
		}
	}
	add("Load", "", load, nil, "1 min")
	add("Signal", "dBm", signal, nil, "signal")
	for _, name := range names {
		add("Traffic of "+name, "B/s", rates[name].in, rates[name].out, "in", "out")
	}
	return all
}

// rate sets the bytes a second between two samples. A counter that has begun
// anew tells nothing.
func rate(s series, i int, was, now telemetry.Maybe[uint64], seconds float64) {
	if was.Known && now.Known && now.Value >= was.Value {
		s.set(i, float64(now.Value-was.Value)/seconds)
	}
}
