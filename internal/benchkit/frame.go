package benchkit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

// Main calls run until it has ended, the user interrupts it, or limit is over,
// and returns the exit status of the program.
func Main(limit time.Duration, run func(ctx context.Context) error) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// Circumstances tells when and on what figures are taken, and beside which
// peer; "" = none.
func Circumstances(peer string) (string, error) {
	machine, err := Machine()
	if err != nil {
		return "", err
	}
	text := time.Now().UTC().Format(time.DateOnly) + ": " + machine
	if peer != "" {
		text += "; " + peer
	}
	return text, nil
}

// Version runs a peer so that it prints its version, and returns what of the
// output fits pattern. The exit status tells nothing: swanctl complains about
// plugins that it has not.
func Version(ctx context.Context, pattern, program string, args ...string) (string, error) {
	text, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	version := regexp.MustCompile(pattern).Find(text)
	if version == nil {
		return "", fmt.Errorf("%s, which make peers installs, tells no version: %w: %s", program, err, text)
	}
	return string(version), nil
}

// Rounds tells how figures were taken: behind the circumstances.
func Rounds(rounds int) (string, error) {
	load, err := Load()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(". Load average at the end %.2f. Medians of %d rounds.\n\n", load, rounds), nil
}

// Report prints what was measured, and writes it into a document between the
// marks of target; docs "" = only print it.
func Report(docs, target, text string) error {
	fmt.Print(text)
	if docs == "" {
		return nil
	}
	return WriteDocument(docs, target, text)
}

// Progress is for whoever waits; the table alone is on standard output.
func Progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
