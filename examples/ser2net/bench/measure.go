package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// How long each thing is measured in a round, and on how many ports.
const (
	streamFor   = 250 * time.Millisecond
	echoFor     = 400 * time.Millisecond
	echoMost    = 4000
	connectFor  = 300 * time.Millisecond
	onPorts     = 64 // of the connects
	memoryPorts = 256
	manyPorts   = 2000
	memoryTimes = 3 // each with a new process
)

// figures are all that is measured.
type figures struct {
	toSerial, toNet       figure
	cpuToSerial, cpuToNet figure
	p50, p99, cpuTrip     figure
	connects              figure
	memory, memorySmall   figure
	many, manyMemory      figure
}

// newFigures returns the figures with their goals.
func newFigures() *figures {
	return &figures{
		toSerial:    figure{name: "net to serial", unit: "MB/s", goals: []goal{{atLeast, bare, 0.9, 0}}},
		toNet:       figure{name: "serial to net", unit: "MB/s", goals: []goal{{atLeast, bare, 0.7, 0.9}}},
		cpuToSerial: figure{name: "processor time, net to serial", unit: "s/GB", goals: []goal{{atMost, tuned, 0.7, 0.5}}},
		cpuToNet:    figure{name: "processor time, serial to net", unit: "s/GB", goals: []goal{{atMost, tuned, 0.7, 0.5}}},
		p50: figure{name: "echo of 8 bytes, p50", unit: "us",
			goals: []goal{{atMost, tuned, 1, 0}, {atMost, stock, 0.1, 0}}},
		p99: figure{name: "echo of 8 bytes, p99", unit: "us",
			goals: []goal{{atMost, tuned, 1.5, 1}, {atMost, stock, 0.1, 0}}},
		cpuTrip:     figure{name: "processor time of an echo, two frames", unit: "us", goals: []goal{{atMost, tuned, 1, 0}}},
		connects:    figure{name: "connect, a byte through, close", unit: "/s", goals: []goal{{atLeast, tuned, 0.9, 0}}},
		memory:      figure{name: "memory with 256 connected ports", unit: "MB", goals: []goal{{atMost, ours, 12, 8}}},
		memorySmall: figure{name: "the same, ours built without TLS", unit: "MB"},
		many:        figure{name: "ports that serve at a time, of 2,000", goals: []goal{{atLeast, ours, manyPorts, 0}}},
		manyMemory:  figure{name: "memory then", unit: "MB"},
	}
}

// all returns the figures in the order of the table.
func (f *figures) all() []*figure {
	return []*figure{
		&f.toSerial, &f.toNet, &f.cpuToSerial, &f.cpuToNet, &f.p50, &f.p99, &f.cpuTrip, &f.connects,
		&f.memory, &f.memorySmall, &f.many, &f.manyMemory,
	}
}

// measureAll measures one thing after the other, so that they do not disturb
// each other.
func measureAll(ctx context.Context, proxies map[subject]proxy, dir string, rounds int) ([]*figure, error) {
	f := newFigures()
	if err := f.measureRounds(ctx, proxies, dir, rounds); err != nil {
		return nil, err
	}
	for i := range memoryTimes {
		benchkit.Progress("memory, %d of %d", i+1, memoryTimes)
		for _, s := range []subject{ours, tuned, stock, small} {
			o, err := occupy(ctx, proxies[s], dir, memoryPorts)
			if err != nil {
				return nil, fmt.Errorf("%v with %d ports: %w", s, memoryPorts, err)
			}
			if o.served != memoryPorts {
				return nil, fmt.Errorf("%v serves %v of %d ports", s, o.served, memoryPorts)
			}
			if s == small {
				f.memorySmall.add(ours, o.memory)
			} else {
				f.memory.add(s, o.memory)
			}
		}
	}
	for _, s := range []subject{ours, tuned} {
		benchkit.Progress("%d ports of %v", manyPorts, s)
		o, err := occupy(ctx, proxies[s], dir, manyPorts)
		if err != nil {
			return nil, fmt.Errorf("%v with %d ports: %w", s, manyPorts, err)
		}
		f.many.add(s, o.served)
		f.manyMemory.add(s, o.memory)
	}
	return f.all(), nil
}

// measureRounds measures the speed of all subjects in turn, round after
// round, each of which begins with another.
func (f *figures) measureRounds(ctx context.Context, proxies map[subject]proxy, dir string, rounds int) (err error) {
	lines, servers := map[subject]*line{}, map[subject]*server{}
	for _, s := range []subject{ours, tuned, stock} {
		folder := filepath.Join(dir, fmt.Sprint(int(s)))
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
		if servers[s], err = proxies[s].start(ctx, folder, 1+onPorts); err != nil {
			return fmt.Errorf("%v: %w", s, err)
		}
		defer func() { err = errors.Join(err, servers[s].stop()) }()
		ports := servers[s].ports
		if lines[s], err = through(servers[s], &ports[0]); err != nil {
			return fmt.Errorf("%v: %w", s, err)
		}
		servers[s].ports = ports[1:]
	}
	if lines[bare], err = bareLine(); err != nil {
		return err
	}
	for _, l := range lines {
		defer l.closeWith(ctx)()
	}
	for round := range rounds {
		benchkit.Progress("round %d of %d", round+1, rounds)
		for _, measure := range []func(subject, *line, *server) error{f.echoes, f.streams, f.visits} {
			for i := range columns() {
				s := columns()[(i+round)%len(columns())]
				if err := measure(s, lines[s], servers[s]); err != nil {
					return fmt.Errorf("%v: %w", s, err)
				}
			}
		}
	}
	return nil
}

func (f *figures) echoes(s subject, l *line, _ *server) error {
	t, err := l.echo(echoMost, echoFor)
	if err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	f.p50.add(s, t.p50)
	f.p99.add(s, t.p99)
	if s != bare {
		f.cpuTrip.add(s, t.cpu)
	}
	return nil
}

func (f *figures) streams(s subject, l *line, _ *server) error {
	in, err := l.stream(l.near, l.far, streamFor)
	if err != nil {
		return fmt.Errorf("net to serial: %w", err)
	}
	out, err := l.stream(l.far, l.near, streamFor)
	if err != nil {
		return fmt.Errorf("serial to net: %w", err)
	}
	f.toSerial.add(s, in.rate)
	f.toNet.add(s, out.rate)
	if s != bare {
		f.cpuToSerial.add(s, in.cpu)
		f.cpuToNet.add(s, out.cpu)
	}
	return nil
}

func (f *figures) visits(s subject, _ *line, at *server) error {
	if s == bare {
		return nil
	}
	rate, err := connects(at, connectFor)
	if err != nil {
		return fmt.Errorf("connects: %w", err)
	}
	f.connects.add(s, rate)
	return nil
}
