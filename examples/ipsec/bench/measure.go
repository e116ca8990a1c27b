package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/prometheus/procfs"

	"github.com/fieldgate/fieldgate/internal/benchkit"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/fakecharon"
	"github.com/fieldgate/fieldgate/ipsec/strongswan"
)

// measure takes all figures, round by round, ours and swanctl's in turns.
func measure(ctx context.Context, rounds int) (figures []*figure, err error) {
	dir, err := os.MkdirTemp("", "bi") // short enough for a socket
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	hosts, err := newHosts(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeAll(hosts)) }()
	loads := []*figure{
		{name: "load 10 connections", unit: "ms", goal: goal{limit: 0.5}},
		{name: "load 100 connections", unit: "ms", goal: goal{limit: 0.8, wanted: 0.5}},
		{name: "load 1000 connections", unit: "ms", goal: goal{limit: 1, wanted: 0.5}},
	}
	change := &figure{name: "change one of 1000", unit: "ms", goal: goal{limit: 20}}
	start := &figure{name: "start to established", unit: "ms", goal: goal{limit: 1}}
	status := &figure{name: "status of 1000 SAs (fake charon)", unit: "ms", goal: goal{limit: 100}}
	seen := &figure{name: "event seen meanwhile (fake charon)", unit: "ms", goal: goal{limit: 100}}
	growth := &figure{name: "memory after 10000 ups and downs (fake charon)", unit: "MB more", goal: goal{limit: 1}}
	for round := range rounds {
		benchkit.Progress("round %d of %d", round+1, rounds)
		for i, n := range []int{10, 100, 1000} {
			if err := loading(ctx, hosts[0], n, loads[i], change); err != nil {
				return nil, err
			}
		}
		if err := starting(ctx, hosts, start); err != nil {
			return nil, err
		}
		if err := watching(ctx, filepath.Join(dir, "fake"), status, seen); err != nil {
			return nil, err
		}
	}
	benchkit.Progress("ups and downs")
	if err := upsAndDowns(ctx, filepath.Join(dir, "fake"), growth); err != nil {
		return nil, err
	}
	return append(loads, change, start, status, seen, growth), nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// connect opens a session to a socket.
func connect(ctx context.Context, socket string) (ipsec.Session, error) {
	b, err := strongswan.New(strongswan.Options{Socket: socket})
	if err != nil {
		return nil, err
	}
	return b.Connect(ctx)
}

// loading loads n connections into an empty daemon by swanctl and by us, who
// connect first as swanctl does, and then changes one of the most.
func loading(ctx context.Context, h *host, n int, f, change *figure) error {
	if err := h.configure(conf(n)); err != nil {
		return err
	}
	took, err := h.swanctl(ctx, "--load-conns")
	if err != nil {
		return err
	}
	f.swanctl = append(f.swanctl, milliseconds(took))
	if err := h.configure(""); err != nil {
		return err
	}
	if _, err := h.swanctl(ctx, "--load-conns"); err != nil {
		return err
	}
	list, err := definitions(n)
	if err != nil {
		return err
	}
	began := time.Now()
	s, err := connect(ctx, h.socket())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	out, err := s.Apply(ctx, list)
	f.ours = append(f.ours, milliseconds(time.Since(began)))
	if err != nil || len(out.Added) != n {
		return fmt.Errorf("%d of %d connections were loaded: %w", len(out.Added), n, errors.Join(err, refused(out)))
	}
	if n == 1000 {
		if err := changing(ctx, s, list, change); err != nil {
			return err
		}
	}
	_, err = s.Apply(ctx, nil)
	return err
}

func refused(out ipsec.Outcome) error {
	for name, err := range out.Refused {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func changing(ctx context.Context, s ipsec.Session, list []ipsec.Definition, f *figure) error {
	list = slices.Clone(list)
	list[500].RemoteSubnets = ipsec.Subnets{"10.99.0.0/24"}
	began := time.Now()
	out, err := s.Apply(ctx, list)
	f.ours = append(f.ours, milliseconds(time.Since(began)))
	if err != nil || len(out.Changed) != 1 || len(out.Unchanged) != len(list)-1 {
		return fmt.Errorf("%d connections were changed: %w", len(out.Changed), err)
	}
	return nil
}

// starting brings a tunnel up by swanctl and by us.
func starting(ctx context.Context, hosts []*host, f *figure) error {
	a, b := hosts[0], hosts[1]
	if err := b.configure(end("192.0.2.2", "192.0.2.1", "192.0.2.2", "wcclite", "10.10.10.0/24", "10.10.12.0/24")); err != nil {
		return err
	}
	if err := a.configure(end("192.0.2.1", "192.0.2.2", "wcclite", "192.0.2.2", "10.10.12.0/24", "10.10.10.0/24")); err != nil {
		return err
	}
	for _, h := range hosts {
		if _, err := h.swanctl(ctx, "--load-all"); err != nil {
			return err
		}
	}
	took, err := a.swanctl(ctx, "--initiate", "--child", "demo0", "--ike", "demo0")
	if err != nil {
		return err
	}
	f.swanctl = append(f.swanctl, milliseconds(took))
	if err := a.configure(""); err != nil {
		return err
	}
	for _, args := range [][]string{{"--terminate", "--ike", "demo0"}, {"--load-all", "--clear"}} {
		if _, err := a.swanctl(ctx, args...); err != nil {
			return err
		}
	}
	list, err := definitions(1)
	if err != nil {
		return err
	}
	list[0].Name, list[0].Gateway, list[0].LocalID, list[0].RemoteID = "demo0", "192.0.2.2", "wcclite", "192.0.2.2"
	list[0].RemoteSubnets, list[0].PreSharedKey = ipsec.Subnets{"10.10.10.0/24"}, ipsec.NewSecret(key)
	s, err := connect(ctx, a.socket())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Apply(ctx, list); err != nil {
		return err
	}
	began := time.Now()
	if err := s.Initiate(ctx, "demo0"); err != nil {
		return err
	}
	f.ours = append(f.ours, milliseconds(time.Since(began)))
	_, err = s.Apply(ctx, nil)
	return err
}

// watching asks for 1000 SAs while an event comes.
func watching(ctx context.Context, socket string, status, seen *figure) error {
	d, err := fakecharon.Start(socket, fakecharon.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	d.AddSAs("fieldgate-site", 1000)
	s, err := connect(ctx, socket)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	began := time.Now()
	heard := make(chan time.Duration, 1)
	go func() {
		<-s.Events()
		heard <- time.Since(began)
	}()
	d.UpDown("fieldgate-site7", false)
	list, err := s.SAs(ctx)
	status.ours = append(status.ours, milliseconds(time.Since(began)))
	if err != nil || len(list) != 1000 {
		return fmt.Errorf("%d SAs of 1000: %w", len(list), err)
	}
	select {
	case took := <-heard:
		seen.ours = append(seen.ours, milliseconds(took))
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("the event was lost")
	}
}

// upsAndDowns lets a peer come and go, and looks at our memory, that of the
// fake included.
func upsAndDowns(ctx context.Context, socket string, f *figure) error {
	d, err := fakecharon.Start(socket, fakecharon.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	s, err := connect(ctx, socket)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	list, err := definitions(1)
	if err != nil {
		return err
	}
	if _, err := s.Apply(ctx, list); err != nil {
		return err
	}
	before := 0
	for i := range 20_000 {
		if i == 10_000 { // the first half fills what is bounded
			if before, err = resident(); err != nil {
				return err
			}
		}
		if err := change(ctx, d, s, i%2 == 0); err != nil {
			return err
		}
	}
	after, err := resident()
	f.ours = append(f.ours, float64(after-before)/1e6)
	return err
}

// change lets the peer come or go, waits for the event and asks what it is.
func change(ctx context.Context, d *fakecharon.Daemon, s ipsec.Session, up bool) error {
	move, want := d.Drop, 0
	if up {
		move, want = d.Raise, 1
	}
	if err := move("fieldgate-site0"); err != nil {
		return err
	}
	select {
	case <-s.Events():
	case <-ctx.Done():
		return ctx.Err()
	}
	list, err := s.SAs(ctx)
	if err == nil && len(list) != want {
		err = fmt.Errorf("%d SAs instead of %d", len(list), want)
	}
	return err
}

// resident is our memory in bytes, without what is free.
func resident() (int, error) {
	debug.FreeOSMemory()
	self, err := procfs.Self()
	if err != nil {
		return 0, err
	}
	stat, err := self.Stat()
	return stat.ResidentMemory(), err
}
