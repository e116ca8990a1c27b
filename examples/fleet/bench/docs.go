package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"

	"github.com/prometheus/procfs"
)

// The marks in a document between which the results stand.
const (
	docsBegin = "<!-- make bench-telemetry: begin -->\n"
	docsEnd   = "<!-- make bench-telemetry: end -->\n"
)

// writeDocs puts the results into a document.
func writeDocs(path, results string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := betweenMarks(string(text), results)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(changed), 0o644)
}

func betweenMarks(text, results string) (string, error) {
	before, rest, begins := strings.Cut(text, docsBegin)
	_, after, ends := strings.Cut(rest, docsEnd)
	if !begins || !ends {
		return "", errors.New("the marks for the results are not there")
	}
	return before + docsBegin + "\n```\n" + results + "```\n\n" + docsEnd + after, nil
}

// circumstances tells what the figures were taken on.
func circumstances(ctx context.Context) (string, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return "", err
	}
	cpus, err := fs.CPUInfo()
	if err != nil || len(cpus) == 0 {
		return "", fmt.Errorf("no processor is known: %w", err)
	}
	load, err := fs.LoadAvg()
	if err != nil {
		return "", err
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "", err
	}
	help, err := exec.CommandContext(ctx, "collectd", "-h").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("collectd (make peers installs it): %w", err)
	}
	collectd := regexp.MustCompile(`collectd [0-9]+(\.[0-9]+)*`).FindString(string(help))
	return fmt.Sprintf("%d processors %s, Linux %s, %s, %s; load average at the beginning %.2f",
		runtime.NumCPU(), cpus[0].ModelName, strings.TrimSpace(string(release)), runtime.Version(), collectd, load.Load1), nil
}
