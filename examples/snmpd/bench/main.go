// Command bench measures examples/snmpd beside net-snmp's snmpd on the same
// live host, and prints one table:
//
//	go run ./examples/snmpd/bench
//
// It builds what it measures, so it runs at the top of the module.
// docs/benchmarks.md tells how each figure is taken; with -docs FILE the table
// is written there too, between its two marks. It exits with 1 when something
// could not be measured; a goal that is missed is only shown.
package main

import (
	"context"
	"flag"
	"os"
	"time"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// target is the make target whose marks in a document the table stands
// between.
const target = "bench-snmp"

// limit ends a run in which something hangs.
const limit = 10 * time.Minute

func main() {
	docs := flag.String("docs", "", "`file` to write the table into; none = only print it")
	rounds := flag.Int("rounds", 11, "how often everything is measured")
	rows := flag.Int("table", 0, "serve a table of so many `rows` on the address that follows, to be measured; nothing else")
	flag.Parse()
	os.Exit(benchkit.Main(limit, func(ctx context.Context) error {
		if *rows > 0 {
			return serveTable(ctx, *rows, flag.Arg(0))
		}
		return run(ctx, *docs, *rounds)
	}))
}

func run(ctx context.Context, docs string, rounds int) error {
	dir, err := os.MkdirTemp("", target+"-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	circumstances, err := circumstances(ctx)
	if err != nil {
		return err
	}
	figures, err := measure(ctx, dir, rounds)
	if err != nil {
		return err
	}
	taken, err := benchkit.Rounds(rounds)
	if err != nil {
		return err
	}
	return benchkit.Report(docs, target, circumstances+taken+table(figures))
}

// circumstances tells what the figures are taken on.
func circumstances(ctx context.Context) (string, error) {
	version, err := benchkit.Version(ctx, `[0-9]+(\.[0-9]+)+`, peer, "-v")
	if err != nil {
		return "", err
	}
	return benchkit.Circumstances("snmpd " + version)
}
