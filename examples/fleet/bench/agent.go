package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// build makes a program of this module, with env added to the environment.
func build(ctx context.Context, out, path string, env ...string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, path)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w: %s", path, err, text)
	}
	return nil
}

// measureAgent measures the smallest program with the agent and the facts of
// the host, for the gateways with the least flash.
func measureAgent(ctx context.Context, dir string) ([]row, error) {
	out := filepath.Join(dir, "agent")
	if err := build(ctx, out, "./examples/fleet/agent", "GOOS=linux", "GOARCH=mips", "GOMIPS=softfloat"); err != nil {
		return nil, err
	}
	binary, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(binary); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return []row{
		{name: "agent for mips softfloat, stripped", unit: "MB", ours: float64(len(binary)) / 1e6, side: atMost, goal: 4},
		{name: "agent for mips softfloat, gzipped", unit: "MB", ours: float64(packed.Len()) / 1e6, side: atMost, goal: 1.5},
	}, nil
}
