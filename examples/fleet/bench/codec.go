package main

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
	"github.com/fieldgate/fieldgate/telemetry"
)

// sample is one snapshot of a device in the field.
type sample struct {
	message *telemetry.Message
	key     telemetry.Key
	bare    []byte
	sealed  []byte
}

// samples returns the reports number seq of a fleet.
func samples(devices, seq int) ([]sample, error) {
	master := telemetry.NewKey()
	f, err := sim.New(sim.Config{Devices: devices, Prefix: "SIM", Seed: 1, Boot: 97, Period: time.Minute})
	if err != nil {
		return nil, err
	}
	all := make([]sample, devices)
	for i := range all {
		s := &all[i]
		s.key = telemetry.DeriveKey(master, f.Serial(i))
		keep := func(b []byte) bool {
			s.bare = append(s.bare[:0], b...)
			return true
		}
		for range seq {
			if err := f.Report(i, time.Now(), sim.Network{Send: keep}); err != nil {
				return nil, err
			}
		}
		if s.message, err = telemetry.Decode(s.bare); err != nil {
			return nil, err
		}
		if s.sealed, err = telemetry.AppendSealed(nil, s.message, s.key); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// measureCodec measures what one snapshot takes in bytes and in time.
// peerBare and peerSigned are the peer's sizes of it.
func measureCodec(peerBare, peerSigned float64) ([]row, error) {
	const devices, seq = 100, 1000
	all, err := samples(devices, seq)
	if err != nil {
		return nil, err
	}
	var bare, sealed int
	for _, s := range all {
		bare, sealed = max(bare, len(s.bare)), max(sealed, len(s.sealed))
	}
	note := fmt.Sprintf("largest of %d devices", devices)
	rows := []row{
		{name: "snapshot of 65 values, bare", unit: "B", ours: float64(bare), peer: peerBare, side: atMost, goal: 320, note: note},
		{name: "snapshot of 65 values, sealed", unit: "B", ours: float64(sealed), peer: peerSigned, side: atMost, goal: 350, note: note},
	}

	s := all[0]
	dst := make([]byte, 0, telemetry.MaxDatagram)
	for _, c := range []struct {
		name           string
		goalNS, allocs float64
		do             func() error
	}{
		{"encode", 1000, 0, func() error {
			_, err := telemetry.AppendMessage(dst, s.message)
			return err
		}},
		{"encode and seal", 0, 0, func() error {
			_, err := telemetry.AppendSealed(dst, s.message, s.key)
			return err
		}},
		{"verify and decode", 0, -1, func() error {
			e, err := telemetry.ParseEnvelope(s.sealed)
			if err != nil {
				return err
			}
			if !e.Verify(s.key) {
				return errors.New("a genuine datagram is not verified")
			}
			_, err = e.Decode()
			return err
		}},
	} {
		ns, allocs, err := measure(c.do)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		r := row{name: c.name, unit: "ns", ours: ns}
		if c.goalNS > 0 {
			r.side, r.goal = atMost, c.goalNS
		}
		rows = append(rows, r)
		r = row{name: c.name + ", allocations", ours: allocs}
		if c.allocs >= 0 {
			r.side, r.goal = atMost, c.allocs
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// measure returns the time and the allocations of one call, of the quickest
// of ten runs: what is above that was spent on other programs.
func measure(do func() error) (ns, allocs float64, err error) {
	const runs, calls = 10, 20_000
	ns = math.Inf(1)
	for range runs {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begin := time.Now()
		for range calls {
			if err := do(); err != nil {
				return 0, 0, err
			}
		}
		took := time.Since(begin)
		runtime.ReadMemStats(&after)
		if each := float64(took) / calls; each < ns {
			ns = each
		}
		allocs = math.Round(float64(after.Mallocs-before.Mallocs) / calls)
	}
	return ns, allocs, nil
}
