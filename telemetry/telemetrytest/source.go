package telemetrytest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// Source is a [telemetry.Source] of a made-up gateway whose values live: its
// uptime and counters grow with the time since [NewSource], its load, memory
// and signal swing. Safe for concurrent use.
type Source struct {
	born time.Time

	mu    sync.Mutex
	fixed *telemetry.Sample // nil: living values
	err   error
	delay time.Duration
	calls int
}

var _ telemetry.Source = (*Source)(nil)

// NewSource returns a healthy device that has been up for an hour.
func NewSource() *Source { return &Source{born: time.Now()} }

// Set makes every Sample equal to sample from now on.
func (s *Source) Set(sample telemetry.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fixed = &sample
}

// Fail makes every Sample return err, and no facts, until Fail(nil).
func (s *Source) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Delay makes every Sample take d, or until its ctx ends: it then returns
// ctx's error and no facts.
func (s *Source) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Calls returns how often Sample was called.
func (s *Source) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Sample implements [telemetry.Source].
func (s *Source) Sample(ctx context.Context) (telemetry.Sample, error) {
	s.mu.Lock()
	s.calls++
	delay := s.delay
	s.mu.Unlock()
	if delay > 0 {
		t := time.NewTimer(delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return telemetry.Sample{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return telemetry.Sample{}, s.err
	}
	return s.now(), nil
}

// String shows the state, for messages of tests.
func (s *Source) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	facts, err := json.Marshal(s.now())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("calls=%d delay=%s error=%v facts=%s", s.calls, s.delay, s.err, facts)
}

// now returns the facts of this moment. The caller holds mu.
func (s *Source) now() telemetry.Sample {
	if s.fixed != nil {
		sample := *s.fixed
		sample.Disks = slices.Clone(sample.Disks)
		sample.Interfaces = slices.Clone(sample.Interfaces)
		return sample
	}
	return living(uint64(max(time.Since(s.born), 0) / (10 * time.Millisecond)))
}

// living returns the facts at the given age, in ticks of 10 ms.
func living(age uint64) telemetry.Sample {
	const hour = 360000
	t := hour + age
	k := telemetry.Known[uint64]
	return telemetry.Sample{
		Uptime:   k(t / 100),
		Host:     telemetry.Known("simulated"),
		Firmware: telemetry.Known("1.0.0-simulated"),
		Load:     telemetry.Load{One: k(20 + swing(t, 6000, 60)), Five: k(30 + swing(t, 30000, 30)), Fifteen: k(40)},
		CPU: telemetry.CPU{
			User: k(t / 10), System: k(t / 20), Idle: k(t - t/10 - t/20 - 3*(t/1000)),
			IRQ: k(t / 1000), Nice: k(0), IOWait: k(t / 1000), SoftIRQ: k(t / 1000), Steal: k(0),
		},
		Memory: telemetry.Memory{
			Total: k(61044), Available: k(20000 + swing(t, 9000, 8000)),
			Shared: k(320), Buffers: k(2408), Cached: k(11236),
		},
		Disks: []telemetry.Disk{
			{Mount: "/", Total: k(8192), Used: k(8192), Available: k(0), InodesPercent: k(100)},
			{Mount: "/overlay", Total: k(5120), Used: k(1200 + swing(t, 60000, 600)), Available: k(3920 - swing(t, 60000, 600))},
		},
		Interfaces: []telemetry.Interface{
			iface("eth0", t*12, t*5, 1500, 100),
			iface("eth1", t*2, t, 1500, 100),
			iface("wwan0", t*4, t*9, 1420, 50),
		},
		Modem: telemetry.Modem{
			Operator:   telemetry.Known("Simulated"),
			SignalDBm:  telemetry.Known(-95 + int64(swing(t, 3000, 30))),
			Technology: telemetry.Known(telemetry.TechLTE),
			IMEI:       telemetry.Known("356938035643809"),
		},
		IPsec:   telemetry.Tunnels{Up: k(1), Down: k(0)},
		OpenVPN: telemetry.Tunnels{Up: k(1), Down: k(1)},
	}
}

func iface(name string, rx, tx, mtu, speed uint64) telemetry.Interface {
	k := telemetry.Known[uint64]
	return telemetry.Interface{
		Name: name, RxBytes: k(rx), TxBytes: k(tx), RxPackets: k(rx / 400), TxPackets: k(tx / 300),
		RxErrors: k(rx / 9000000), TxErrors: k(0), RxDropped: k(rx / 5000000), TxDropped: k(0),
		MTU: k(mtu), Speed: k(speed),
	}
}

// swing goes from 0 to high and back within each period.
func swing(t, period, high uint64) uint64 {
	phase := t % period
	if phase > period/2 {
		phase = period - phase
	}
	return phase * high / (period / 2)
}
