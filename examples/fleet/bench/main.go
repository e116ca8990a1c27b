// Command bench measures telemetry, next to collectd where that does the
// same, and prints one table:
//
//	go run ./examples/fleet/bench
//
// It builds the programs that it measures, so it runs at the top of the
// module. docs/benchmarks.md tells how each figure is taken; with -docs FILE the
// table is written there too, between its two marks. It exits with 1
// when something could not be measured; a goal that is missed is only shown.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// limit ends a run in which something hangs.
const limit = time.Hour

func main() {
	docs := flag.String("docs", "", "`file` to write the table into; none = only print it")
	flag.Parse()
	os.Exit(benchkit.Main(limit, func(ctx context.Context) error { return run(ctx, *docs) }))
}

// run measures one thing after the other, so that they do not disturb each
// other.
func run(ctx context.Context, docs string) error {
	dir, err := os.MkdirTemp("", "bench-telemetry-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	text, err := circumstances(ctx)
	if err != nil {
		return err
	}
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
	programs, err := buildPrograms(ctx, dir)
	if err != nil {
		return err
	}
	const aboveGoal, duration = 51_000, 8 * time.Second
	atGoal, err := highestLoad(ctx, programs, dir, duration, aboveGoal, 40_000, 30_000, 20_000, 10_000)
	if err != nil {
		return err
	}
	atPeers, err := highestLoad(ctx, programs, dir, duration, signed.rate)
	if err != nil {
		return err
	}
	index, err := measureIndex(ctx, programs, dir)
	if err != nil {
		return err
	}
	rows := slices.Concat(codec, loads(atGoal, atPeers, signed, unsigned), index, agent)
	for _, r := range rows {
		text += "\n" + r.String()
	}
	fmt.Println(text)
	if docs == "" {
		return nil
	}
	return benchkit.WriteDocument(docs, target, inDocument(text))
}

// loads are the figures of the collector under load, beside collectd.
func loads(atGoal, atPeers load, signed, unsigned peerRun) []row {
	micro := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	peer := micro(signed.perSnapshot())
	return []row{
		{name: "verified, decoded and stored without loss", unit: "/s", ours: atGoal.rate, side: atLeast, goal: 50_000},
		{name: "processor time of a snapshot, log and index", unit: "us", ours: micro(atGoal.cpu), peer: peer, side: ratioAtLeast, goal: 50,
			note: fmt.Sprintf("collectd at %d/s, signed", signed.rate)},
		{name: "the same, collectd without verifying", unit: "us", ours: micro(atGoal.cpu), peer: micro(unsigned.perSnapshot()),
			note: fmt.Sprintf("collectd at %d/s", unsigned.rate)},
		{name: "the same, both at collectd's rate", unit: "us", ours: micro(atPeers.cpu), peer: peer,
			note: fmt.Sprintf("both at %d/s", signed.rate)},
	}
}

// tries is how often a rate is tried before a lower one.
const tries = 4

// lossFree measures collectd at the highest of some rates at which it loses
// nothing.
func lossFree(ctx context.Context, dir string, signed bool) (peerRun, error) {
	for _, rate := range [...]int{1000, 500, 250, 125} {
		for range tries {
			run, err := measureCollectd(ctx, dir, signed, 500, rate, 8*time.Second)
			if err != nil {
				return run, err
			}
			benchkit.Progress("collectd at %d snapshots a second, signed %t: %s a snapshot, %.2f %% arrived",
				rate, signed, run.perSnapshot(), 100*run.arrived)
			if run.arrived == 1 {
				return run, nil
			}
		}
	}
	return peerRun{}, errors.New("collectd loses values at any rate")
}
