// Command bench measures telemetry, next to collectd where that does the
// same, and prints one table:
//
//	go run ./examples/fleet/bench
//
// It builds the programs that it measures, so it runs at the top of the
// module. docs/benchmarks.md tells how each figure is taken. It exits with 1
// when something could not be measured; a goal that is missed is only shown.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures one thing after the other, so that they do not disturb each
// other.
func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "bench-telemetry-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	unsigned, err := lossFree(ctx, dir, false)
	if err != nil {
		return err
	}
	signed, err := lossFree(ctx, dir, true)
	if err != nil {
		return err
	}
	codec, err := measureCodec(unsigned.bytes, signed.bytes)
	if err != nil {
		return err
	}
	agent, err := measureAgent(ctx, dir)
	if err != nil {
		return err
	}
	printTable(os.Stdout, codec)
	printTable(os.Stdout, agent)
	return nil
}

// lossFree measures collectd at the highest of some rates at which it loses
// nothing.
func lossFree(ctx context.Context, dir string, signed bool) (peerRun, error) {
	for _, rate := range [...]int{1000, 500, 250, 125} {
		run, err := measureCollectd(ctx, dir, signed, 500, rate, 8*time.Second)
		if err != nil {
			return run, err
		}
		progress("collectd, signed %t, at %d snapshots a second: %.2f %% arrived, %s a snapshot",
			signed, rate, 100*run.arrived, run.perSnapshot())
		if run.arrived == 1 {
			return run, nil
		}
	}
	return peerRun{}, errors.New("collectd loses values at any rate")
}

// progress is for whoever waits; the table alone is on standard output.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
