package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// measureAgent measures the smallest program with the agent and the facts of
// the host, for the gateways with the least flash.
func measureAgent(ctx context.Context, dir string) ([]row, error) {
	out := filepath.Join(dir, "agent")
	if err := benchkit.Build(ctx, out, "./examples/fleet/agent", nil, "GOOS=linux", "GOARCH=mips", "GOMIPS=softfloat"); err != nil {
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
