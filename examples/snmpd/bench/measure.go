package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// How long each thing is measured in a round.
const (
	warmFor = 50 * time.Millisecond
	loadFor = 400 * time.Millisecond
	tripFor = 150 * time.Millisecond
)

// kind is a kind of request.
type kind struct {
	name string
	v3   bool
	plan func(*gosnmp.GoSNMP) ([]ask, error)
	walk bool // costs are per binding, and there are no single requests

	cpu, rate, p50, p99 figure
}

// newKinds returns the requests and the goals of their figures.
func newKinds() []*kind {
	one := func(c *gosnmp.GoSNMP) ([]ask, error) { return gets(c, sysName) }
	ten := func(c *gosnmp.GoSNMP) ([]ask, error) { return gets(c, getTen()...) }
	all := func(c *gosnmp.GoSNMP) ([]ask, error) { return walk(c, shared()...) }
	trip := goal{1. / 3, 1. / 4}
	kinds := []*kind{
		{name: "v2c GET 1", plan: one, cpu: figure{goal: goal{1. / 3, 1. / 4}}, p50: figure{goal: trip}},
		{name: "v2c GET 10", plan: ten, cpu: figure{goal: goal{1. / 3, 1. / 4}}, p50: figure{goal: trip}},
		{name: "v2c GETBULK 25", plan: bulk},
		{name: "v2c walk", plan: all, walk: true, cpu: figure{goal: goal{1. / 8, 1. / 15}}},
		{name: "v3 GET 1", v3: true, plan: one, cpu: figure{goal: goal{1. / 5, 1. / 6}}, p50: figure{goal: trip}},
		{name: "v3 GET 10", v3: true, plan: ten, cpu: figure{goal: goal{1. / 5, 1. / 6}}, p50: figure{goal: trip}},
		{name: "v3 GETBULK 25", v3: true, plan: bulk},
		{name: "v3 walk", v3: true, plan: all, walk: true, cpu: figure{goal: goal{1. / 5, 1. / 8}}},
	}
	for _, k := range kinds {
		each := ""
		if k.walk {
			each = " and binding"
		}
		k.cpu.name, k.cpu.unit = k.name+": processor time"+each, "us"
		k.rate.name, k.rate.unit = k.name+": rate", "/s"
		if k.walk {
			k.rate.name = k.name + ": bindings"
		}
		k.p50.name, k.p50.unit = k.name+": p50", "us"
		k.p99.name, k.p99.unit = k.name+": p99", "us"
	}
	return kinds
}

// figures returns what is measured of the kind.
func (k *kind) figures() []*figure {
	if k.walk {
		return []*figure{&k.cpu, &k.rate}
	}
	return []*figure{&k.cpu, &k.rate, &k.p50, &k.p99}
}

// bench is all that is measured, and of what.
type bench struct {
	agents [2]*server // by subject
	tables [2]*server // with many rows and few
	kinds  []*kind
	memory figure
	rows   figure
}

// measure runs everything, one thing after the other, so that they do not
// disturb each other.
func measure(ctx context.Context, dir string, rounds int) ([]*figure, error) {
	b := &bench{
		kinds:  newKinds(),
		memory: figure{name: "memory", unit: "MB", goal: goal{1.25, 0}},
		rows:   figure{name: "walk of 10,000 rows beside 1,000: processor time and binding", unit: "us", goal: goal{1.1, 1}},
	}
	defer b.stop()
	if err := b.start(ctx, dir); err != nil {
		return nil, err
	}
	for round := range rounds {
		benchkit.Progress("round %d of %d", round+1, rounds)
		if err := b.round(round); err != nil {
			return nil, err
		}
	}
	var all []*figure
	for _, k := range b.kinds {
		all = append(all, k.figures()...)
	}
	return append(all, &b.memory, &b.rows), nil
}

func (b *bench) start(ctx context.Context, dir string) error {
	built := filepath.Join(dir, "built")
	if err := benchkit.Build(ctx, built, "./examples/snmpd", nil); err != nil {
		return err
	}
	theirs, err := exec.LookPath(peer)
	if err != nil {
		return err
	}
	for s, program := range [...]string{ours: built, other: theirs} {
		folder := filepath.Join(dir, fmt.Sprint(s))
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
		// snmpd would offer its SMUX port too.
		if b.agents[s], err = startAgent(ctx, folder, program, "-I", "-smux"); err != nil {
			return fmt.Errorf("%v: %w", subject(s), err)
		}
	}
	for s, rows := range [...]int{ours: manyRows, other: fewRows} {
		if b.tables[s], err = startTable(ctx, rows); err != nil {
			return fmt.Errorf("table of %d rows: %w", rows, err)
		}
	}
	return nil
}

func (b *bench) stop() {
	for _, s := range append(b.agents[:], b.tables[:]...) {
		if s != nil {
			s.stop()
		}
	}
}

// round measures everything once. Each round begins with another agent.
func (b *bench) round(round int) error {
	turn := func(measure func(subject) error) error {
		for i := range 2 {
			s := subject((i + round) % 2)
			if err := measure(s); err != nil {
				return fmt.Errorf("%v: %w", s, err)
			}
		}
		return nil
	}
	for _, k := range b.kinds {
		if err := turn(func(s subject) error { return k.measure(s, b.agents[s]) }); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
	}
	err := turn(func(s subject) error {
		memory, err := b.agents[s].Memory()
		b.memory.add(s, float64(memory)/1e6)
		return err
	})
	if err != nil {
		return err
	}
	return turn(func(s subject) error {
		asks, err := walk(b.tables[s].v2c, stretch{tableEntry, tableEntry})
		if err != nil {
			return err
		}
		w, err := busy(b.tables[s], b.tables[s].v2c, asks)
		b.rows.add(s, microseconds(w.cpu)/float64(w.bindings))
		return err
	})
}

// measure takes the figures of the kind from one agent.
func (k *kind) measure(s subject, agent *server) error {
	client := agent.v2c
	if k.v3 {
		client = agent.v3
	}
	asks, err := k.plan(client)
	if err != nil {
		return err
	}
	w, err := busy(agent, client, asks)
	if err != nil {
		return err
	}
	each := w.answers
	if k.walk {
		each = w.bindings
	}
	k.cpu.add(s, microseconds(w.cpu)/float64(each))
	k.rate.add(s, float64(each)/w.took.Seconds())
	if k.walk {
		return nil
	}
	packets, err := encode(client, asks)
	if err != nil {
		return err
	}
	p50, p99, err := trips(agent, packets[0], tripFor)
	k.p50.add(s, microseconds(p50))
	k.p99.add(s, microseconds(p99))
	return err
}

// busy loads an agent, first for a moment that does not count.
func busy(agent *server, client *gosnmp.GoSNMP, asks []ask) (work, error) {
	packets, err := encode(client, asks)
	if err != nil {
		return work{}, err
	}
	if _, err := load(agent, packets, warmFor); err != nil {
		return work{}, err
	}
	return load(agent, packets, loadFor)
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
