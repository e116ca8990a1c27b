// Command bench measures examples/ser2net beside C ser2net and a bare pseudo
// terminal, and prints one table:
//
//	go run ./examples/ser2net/bench
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
	"path/filepath"
	"time"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// target is the make target whose marks in a document the table stands
// between.
const target = "bench-ser2net"

// limit ends a run in which something hangs.
const limit = 10 * time.Minute

func main() {
	docs := flag.String("docs", "", "`file` to write the table into; none = only print it")
	rounds := flag.Int("rounds", 15, "how often everything is measured")
	flag.Parse()
	os.Exit(benchkit.Main(limit, func(ctx context.Context) error { return run(ctx, *docs, *rounds) }))
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
	proxies, err := prepare(ctx, dir)
	if err != nil {
		return err
	}
	figures, err := measureAll(ctx, proxies, dir, rounds)
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
	return benchkit.Circumstances("C ser2net " + version)
}

// prepare builds our programs and returns all that is measured.
func prepare(ctx context.Context, dir string) (proxies map[subject]proxy, err error) {
	const source = "./examples/ser2net"
	withTLS, bare := filepath.Join(dir, "ser2net"), filepath.Join(dir, "ser2net-without-tls")
	if err := benchkit.Build(ctx, withTLS, source, nil); err != nil {
		return nil, err
	}
	overlay, err := withoutTLS(dir)
	if err != nil {
		return nil, err
	}
	if err := benchkit.Build(ctx, bare, source, []string{"-overlay", overlay}); err != nil {
		return nil, err
	}
	return map[subject]proxy{
		ours:  {program: withTLS, options: ungathered},
		small: {program: bare, options: ungathered},
		tuned: {program: peer, flags: []string{"-u"}, options: tuning},
		stock: {program: peer},
	}, nil
}
