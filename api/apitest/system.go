package apitest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/api"
)

// System is an [api.System] in memory. The zero value knows no fact; one
// from [NewSystem] is a small gateway whose values live. Its methods are
// safe for concurrent use.
type System struct {
	control
	info api.SystemInfo
	born time.Time // of a living one
}

// NewSystem returns a gateway that has been switched on a day ago: its clock
// and uptime run, its load and free memory move with time.
func NewSystem() *System {
	return &System{
		born: time.Now(),
		info: api.SystemInfo{
			Hostname:        "fieldgate-sim",
			Model:           "Simulated gateway",
			Serial:          "SIM-000001",
			FirmwareVersion: "1.0.0-sim",
			Kernel:          "6.6.58",
			Uptime:          24 * time.Hour,
			Load:            &api.Load{One: 0.25, Five: 0.2, Fifteen: 0.15},
			MemoryTotal:     new(uint64(64 << 20)),
			MemoryAvailable: new(uint64(24 << 20)),
			DiskTotal:       new(uint64(8 << 30)),
			DiskAvailable:   new(uint64(5 << 30)),
		},
	}
}

// Set makes info the answer from now on, exactly as it is.
func (s *System) Set(info api.SystemInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info, s.born = info, time.Time{}
}

// SystemInfo implements [api.System].
func (s *System) SystemInfo(ctx context.Context) (api.SystemInfo, error) {
	if err := s.enter(ctx, "system"); err != nil {
		return api.SystemInfo{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now(), nil
}

// now returns the facts of this moment; mu is held.
func (s *System) now() api.SystemInfo {
	info := s.info
	if s.born.IsZero() {
		return info
	}
	age := time.Since(s.born)
	info.Uptime += age
	info.Time = time.Now()
	swing := func(period time.Duration) float64 { // -1 to 1
		return math.Sin(2 * math.Pi * age.Seconds() / period.Seconds())
	}
	hundredths := func(v float64) float64 { return math.Round(v*100) / 100 }
	info.Load = &api.Load{
		One:     hundredths(info.Load.One + 0.2*swing(time.Minute)),
		Five:    hundredths(info.Load.Five + 0.1*swing(5*time.Minute)),
		Fifteen: hundredths(info.Load.Fifteen + 0.05*swing(15*time.Minute)),
	}
	pages := int64(256 * swing(2*time.Minute))
	info.MemoryAvailable = new(uint64(int64(*info.MemoryAvailable) + 4096*pages))
	return info
}

// String shows the state: one line per known fact, then the faults.
func (s *System) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := s.now()
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	size := func(name string, v *uint64) {
		if v != nil {
			line(name, fmt.Sprintf("%d bytes", *v))
		}
	}
	line("hostname", info.Hostname)
	line("model", info.Model)
	line("serial", info.Serial)
	line("firmware", info.FirmwareVersion)
	line("kernel", info.Kernel)
	if info.Uptime > 0 {
		line("uptime", info.Uptime.Truncate(time.Second).String())
	}
	if !info.Time.IsZero() {
		line("time", info.Time.UTC().Format(time.RFC3339))
	}
	if l := info.Load; l != nil {
		line("load", fmt.Sprintf("%g %g %g", l.One, l.Five, l.Fifteen))
	}
	size("memory total", info.MemoryTotal)
	size("memory available", info.MemoryAvailable)
	size("disk total", info.DiskTotal)
	size("disk available", info.DiskAvailable)
	s.faults(&b)
	return b.String()
}
