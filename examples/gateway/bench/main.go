// Command bench measures the HTTP API of examples/gateway, next to a bare
// net/http server where that does the same, and prints one table; or the
// gateway as a whole, with its pages:
//
//	go run ./examples/gateway/bench
//	go run ./examples/gateway/bench -of gateway
//
// It builds what it measures, so it runs at the top of the module.
// docs/benchmarks.md tells how each figure is taken; with -docs FILE the table
// is written there too, between its two marks. It exits with 1 when something
// could not be measured; a goal that is missed is only shown.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// target is the make target whose marks in a document the table of something
// stands between.
func target(of string) string { return "bench-" + of }

// limit ends a run in which something hangs.
const limit = 15 * time.Minute

func main() {
	docs := flag.String("docs", "", "`file` to write the table into; none = only print it")
	of := flag.String("of", "api", "measure the `subject`: api or gateway")
	rounds := flag.Int("rounds", 41, "how often requests are measured")
	only := flag.String("only", "", "measure `what` only: requests, polling, upload, limit or crowd; starts, memory, pages or saving")
	bare := flag.String("bare", "", "be the bare server that answers each request with this `text`")
	flag.Parse()
	os.Exit(benchkit.Main(limit, func(ctx context.Context) error {
		if *bare != "" {
			return serveBare(ctx, *bare)
		}
		return run(ctx, *docs, *of, *only, *rounds)
	}))
}

// build makes the gateway as it is released.
func build(ctx context.Context, program string) error {
	text, err := exec.CommandContext(ctx, "scripts/build-gateway", runtime.GOARCH, program).CombinedOutput()
	if err != nil {
		return fmt.Errorf("scripts/build-gateway: %w: %s", err, text)
	}
	return nil
}

// measure is one of the things that are measured.
type measure struct {
	what string
	do   func(context.Context) ([]figure, error)
}

// run measures one thing after the other, so that they do not disturb each
// other.
func run(ctx context.Context, docs, of, only string, rounds int) error {
	dir, err := os.MkdirTemp("", "fg") // a short name: there are sockets below
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	circumstances, err := benchkit.Circumstances("")
	if err != nil {
		return err
	}
	program := filepath.Join(dir, "gateway")
	if err := build(ctx, program); err != nil {
		return err
	}
	plant, err := newPlant()
	if err != nil {
		return err
	}
	defer plant.close()
	b := &bench{program: program, dir: dir, plant: plant, rounds: rounds, rest: settleFor, loaded: loadedFor}
	measures := []measure{
		{"requests", b.requests}, {"polling", b.polling}, {"upload", b.upload},
		{"limit", b.connectionLimit}, {"crowd", b.crowd},
	}
	switch of {
	case "api":
	case "gateway":
		measures = []measure{{"starts", b.starts}, {"memory", b.memory}, {"pages", b.pages}, {"saving", b.saving}}
	default:
		return fmt.Errorf("-of %s: api or gateway", of)
	}
	var figures []figure
	for _, measure := range measures {
		if only != "" && only != measure.what {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring", measure.what)
		more, err := measure.do(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", measure.what, err)
		}
		figures = append(figures, more...)
	}
	return benchkit.Report(docs, target(of), fmt.Sprintf("%s; requests are medians of %d rounds.\n\n%s", circumstances, rounds, table(figures)))
}
