package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the whole program; it ends with ctx.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	v, err := play(ctx, s, stdout)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "fleet:", err)
		return exitFailed
	case len(v.differences) > 0:
		return exitFailed
	}
	return exitOK
}

// play sends what s asks for and compares. Without -check there is no
// difference to find.
func play(ctx context.Context, s settings, out io.Writer) (verdict, error) {
	before, err := s.meet(ctx)
	if err != nil {
		return verdict{}, fmt.Errorf("-check: %w", err)
	}
	f, err := sim.New(s.fleet)
	if err != nil {
		return verdict{}, err
	}
	for i := range f.Len() {
		if _, met := before[f.Serial(i)]; met {
			f.Met(i)
		}
	}
	network, hangUp, err := dial(s.to)
	if err != nil {
		return verdict{}, fmt.Errorf("-to: %w", err)
	}
	defer hangUp()

	begin := time.Now()
	if err := drive(ctx, s, f, network); err != nil {
		return verdict{}, err
	}
	printTotal(out, f, time.Since(begin))
	if s.check == "" {
		return verdict{}, nil
	}
	after, err := settled(ctx, s.check, f, before, s.pathLoss)
	if err != nil {
		return verdict{}, fmt.Errorf("-check: %w", err)
	}
	v := judge(f, before, after, s.pathLoss)
	v.print(out)
	return v, nil
}

// meet asks the collector what it knows of the devices, and lets their boots
// go on from there unless -boot says otherwise.
func (s *settings) meet(ctx context.Context) (stats, error) {
	boot := uint32(1)
	var before stats
	if s.check != "" {
		var err error
		if before, err = fetch(ctx, s.check, s.fleet.Owns); err != nil {
			return nil, err
		}
		for _, d := range before {
			boot = max(boot, d.Boot.Value+1)
		}
	}
	if s.fleet.Boot == 0 {
		s.fleet.Boot = boot
	}
	return before, nil
}

func printTotal(w io.Writer, f *sim.Fleet, took time.Duration) {
	t := f.Total()
	fmt.Fprintf(w, "fleet: %d devices, %d reports, %d reboots, %d clock faults; %d datagrams in %s (%.0f a second)\n",
		f.Len(), t.Reports, t.Reboots, t.ClockFaults, t.Datagrams, took.Round(time.Millisecond), float64(t.Datagrams)/took.Seconds())
	fmt.Fprintf(w, "network: %d lost, %d late, %d twice, %d refused by this system\n", t.Lost, t.Held, t.Duplicates, t.Unsent)
	fmt.Fprint(w, "attacker:")
	for kind, n := range t.Forged {
		fmt.Fprintf(w, " %d %s", n, sim.Forgery(kind))
	}
	fmt.Fprintln(w)
}
