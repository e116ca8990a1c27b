package main

import (
	"context"

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
	version, err := benchkit.Version(ctx, `collectd [0-9]+(\.[0-9]+)*`, "collectd", "-h")
	if err != nil {
		return "", err
	}
	return machine + "; " + version, nil
}
