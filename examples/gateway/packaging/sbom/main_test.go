package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden file anew")

func TestBOM(t *testing.T) {
	info := &debug.BuildInfo{
		GoVersion: "go1.26.0",
		Main:      debug.Module{Path: "example.org/gateway", Version: "v1.2.3"},
		Deps: []*debug.Module{
			{Path: "github.com/BurntSushi/toml", Version: "v1.4.1+dirty", Sum: "h1:abc="},
			{Path: "example.org/old", Version: "v1.0.0", Replace: &debug.Module{Path: "example.org/new", Version: "v2.0.0", Sum: "h1:def="}},
		},
		Settings: []debug.BuildSetting{{Key: "GOARCH", Value: "mips"}, {Key: "-tags"}, {Key: "vcs.time", Value: "2026-11-23T06:00:00Z"}},
	}
	text, err := json.MarshalIndent(newBOM(info, "fieldgate", "0.1.0", [32]byte{1, 2, 3}), "", "  ")
	require.NoError(t, err)
	golden := filepath.Join("testdata", "bom.json")
	if *update {
		require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(text)+"\n")
}

func TestFaults(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, args := range map[string][]string{
		"no program":       nil,
		"a missing one":    {filepath.Join(t.TempDir(), "none")},
		"no program of Go": {empty},
		"an unknown flag":  {"-colour"},
		"a wrong time":     {"-time", "yesterday", os.Args[0]},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Error(t, run(args, new(bytes.Buffer)))
		})
	}
}

// This very program can be listed, twice the same.
func TestOwn(t *testing.T) {
	var first, second bytes.Buffer
	args := []string{"-time", "2026-11-23T06:00:00Z", "-version", "0.1.0", os.Args[0]}
	require.NoError(t, run(args, &first))
	require.NoError(t, run(args, &second))
	assert.Equal(t, first.String(), second.String())
	assert.Contains(t, first.String(), `"pkg:golang/std@1`)
}
