// Command bench measures package ipsec beside swanctl, on one charon of
// strongSwan, and prints one table:
//
//	go run ./examples/ipsec/bench
//
// It needs root, network namespaces and what make peers installs. With -docs
// FILE the table is written there too, between its two marks. It exits with 1
// when something could not be measured; a goal that is missed is only shown.
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
const target = "bench-ipsec"

// limit ends a run in which something hangs.
const limit = 10 * time.Minute

func main() {
	docs := flag.String("docs", "", "`file` to write the table into; none = only print it")
	rounds := flag.Int("rounds", 7, "how often everything is measured")
	flag.Parse()
	os.Exit(benchkit.Main(limit, func(ctx context.Context) error { return run(ctx, *docs, *rounds) }))
}

func run(ctx context.Context, docs string, rounds int) error {
	circumstances, err := circumstances(ctx)
	if err != nil {
		return err
	}
	figures, err := measure(ctx, rounds)
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
	version, err := benchkit.Version(ctx, `strongSwan [0-9.]+`, "swanctl", "--version")
	if err != nil {
		return "", err
	}
	return benchkit.Circumstances(version)
}
