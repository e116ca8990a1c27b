package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// target is the make target whose marks in a document the results stand
// between.
const target = "bench-telemetry"

// inDocument is a table as it stands in a document.
func inDocument(table string) string { return "```\n" + table + "\n```\n" }

// circumstances tells what the figures were taken on.
func circumstances(ctx context.Context) (string, error) {
	machine, err := benchkit.Machine()
	if err != nil {
		return "", err
	}
	help, err := exec.CommandContext(ctx, "collectd", "-h").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("collectd (make peers installs it): %w", err)
	}
	return machine + "; " + regexp.MustCompile(`collectd [0-9]+(\.[0-9]+)*`).FindString(string(help)), nil
}
