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
const target = "bench-ipsec"

// limit ends a run in which something hangs.
const limit = 10 * time.Minute

func main() {
	docs := flag.String("docs", "", "`file` to write the table into; none = only print it")
	rounds := flag.Int("rounds", 7, "how often everything is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, limit)
	err := run(ctx, *docs, *rounds)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
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
	// It complains about plugins that it has not, and ends with an error.
	text, err := exec.CommandContext(ctx, "swanctl", "--version").CombinedOutput()
	version := regexp.MustCompile(`strongSwan [0-9.]+`).Find(text)
	if version == nil {
		return "", fmt.Errorf("no swanctl, which make peers installs: %w", err)
	}
	return fmt.Sprintf("%s: %s; %s", time.Now().UTC().Format(time.DateOnly), machine, version), nil
}

// progress is for whoever waits; the table alone is on standard output.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
