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
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, limit)
	var err error
	if *rows > 0 {
		err = serveTable(ctx, *rows, flag.Arg(0))
	} else {
		err = run(ctx, *docs, *rounds)
	}
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
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
	load, err := benchkit.Load()
	if err != nil {
		return err
	}
	text := circumstances + fmt.Sprintf(". Load average at the end %.2f. Medians of %d rounds.\n\n", load, rounds) + table(figures)
	fmt.Print(text)
	if docs == "" {
		return nil
	}
	return benchkit.WriteDocument(docs, target, text)
}

// circumstances tells what the figures are taken on.
func circumstances(ctx context.Context) (string, error) {
	machine, err := benchkit.Machine()
	if err != nil {
		return "", err
	}
	version, err := exec.CommandContext(ctx, peer, "-v").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("no snmpd of net-snmp, which make peers installs: %w", err)
	}
	number := regexp.MustCompile(`[0-9]+(\.[0-9]+)+`).Find(version)
	return fmt.Sprintf("%s: %s; snmpd %s", time.Now().UTC().Format(time.DateOnly), machine, number), nil
}

// progress is for whoever waits; the table alone is on standard output.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
