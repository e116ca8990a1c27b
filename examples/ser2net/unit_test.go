package main

import (
	"bytes"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

func TestFlags(t *testing.T) {
	for args, want := range map[string]options{
		"":                             {config: defaultConfig},
		"-n -c /a":                     {config: "/a", foreground: true},
		"-nc/a":                        {config: "/a", foreground: true},
		"-d -r -u -b -l":               {config: defaultConfig, foreground: true, log2stdout: true, ready: true, verbose: true},
		"-Y a -Y b":                    {strings: []string{"a", "b"}},
		"-C a:b -Cc:d":                 {lines: []string{"a:b", "c:d"}},
		"-C a:b -c /a":                 {lines: []string{"a:b"}, config: "/a"},
		"-Y a -c -":                    {strings: []string{"a"}, config: "-"},
		"-t 4 -P /run/p -s sig -v":     {config: defaultConfig, threads: 4, pidFile: "/run/p", signature: "sig", version: true},
		"-n -c /a -P /run/ser2net.pid": {config: "/a", foreground: true, pidFile: "/run/ser2net.pid"},
	} {
		t.Run(args, func(t *testing.T) {
			got, err := parseFlags(strings.Fields(args))
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
	for args, want := range map[string]string{
		"-c":    "-c needs a value",
		"file":  `unexpected argument "file", see ser2net -h`,
		"-":     `unexpected argument "-", see ser2net -h`,
		"-t x":  "-t x: want a number of threads",
		"-t -1": "-t -1: want a number of threads",
		"-nz":   "-z is no flag, see ser2net -h",
		"-C":    "-C needs a value",
	} {
		t.Run(args, func(t *testing.T) {
			_, err := parseFlags(strings.Fields(args))
			assert.EqualError(t, err, want)
		})
	}
	_, err := parseFlags([]string{"-h"})
	assert.ErrorIs(t, err, errHelp)
}

func TestVersionAndHelp(t *testing.T) {
	var out, errOut bytes.Buffer
	assert.Equal(t, exitOK, run([]string{"-v"}, nil, &out, &errOut))
	assert.True(t, strings.HasPrefix(out.String(), "ser2net version "), out.String())
	out.Reset()
	assert.Equal(t, exitOK, run([]string{"-h"}, nil, &out, &errOut))
	assert.Equal(t, usage, out.String())
	assert.Empty(t, errOut.String())
	assert.Equal(t, exitFailed, run([]string{"-p", "1"}, nil, &out, &errOut))
	assert.Contains(t, errOut.String(), "the admin port is not supported")
}

func port(name, listen, banner string, on bool) ser2net.PortConfig {
	return ser2net.PortConfig{Name: name, Enabled: on, Listen: listen, Banner: banner}
}

func TestMergeLeavesBusyPortsAlone(t *testing.T) {
	running := []ser2net.PortConfig{port("a", ":1", "", true), port("b", ":2", "", true), port("c", ":3", "", true), port("d", ":4", "", true)}
	for name, c := range map[string]struct {
		wanted  []ser2net.PortConfig
		busy    []string
		merged  []ser2net.PortConfig
		waiting []string
		held    []string
	}{
		"idle ports change": {
			wanted: []ser2net.PortConfig{port("a", ":1", "x", true)},
			merged: []ser2net.PortConfig{port("a", ":1", "x", true)},
		},
		"a change waits": {
			wanted: []ser2net.PortConfig{port("a", ":1", "x", true)}, busy: []string{"a"},
			merged: []ser2net.PortConfig{port("a", ":1", "", true)}, waiting: []string{"a"},
			held: []string{"tcp :1"},
		},
		"no change waits for nothing": {
			wanted: []ser2net.PortConfig{port("a", ":1", "", true)}, busy: []string{"a"},
			merged: []ser2net.PortConfig{port("a", ":1", "", true)},
		},
		"switching off does not wait": {
			wanted: []ser2net.PortConfig{port("a", ":1", "", false)}, busy: []string{"a"},
			merged: []ser2net.PortConfig{port("a", ":1", "", false)},
		},
		"one that is gone waits, and so does who takes its address": {
			wanted: []ser2net.PortConfig{port("e", ":4", "", true), port("f", ":6", "", true)}, busy: []string{"d"},
			merged:  []ser2net.PortConfig{port("d", ":4", "", true), port("e", ":4", "", false), port("f", ":6", "", true)},
			waiting: []string{"d", "e"},
			held:    []string{"tcp :4"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			busy := map[string]bool{}
			for _, b := range c.busy {
				busy[b] = true
			}
			merged, waiting, held := merge(ser2net.Config{Ports: running}, ser2net.Config{Enabled: true, Ports: c.wanted}, busy)
			assert.Equal(t, ser2net.Config{Enabled: true, Ports: c.merged}, merged)
			assert.Equal(t, c.waiting, waiting)
			assert.Equal(t, c.held, slices.Sorted(maps.Keys(held)))
		})
	}
}

func TestTheLogHasALimit(t *testing.T) {
	var text bytes.Buffer
	b := &bucket{left: maxBurst}
	h := &limited{slog.NewTextHandler(&text, nil), b}
	begin := time.Unix(1000, 0)
	line := func(at time.Duration) {
		require.NoError(t, h.WithAttrs([]slog.Attr{slog.Int("n", 1)}).Handle(t.Context(), slog.NewRecord(begin.Add(at), slog.LevelInfo, "x", 0)))
	}
	for range maxBurst + 50 {
		line(0)
	}
	assert.Equal(t, maxBurst, strings.Count(text.String(), "\n"))
	text.Reset()
	line(time.Second)
	assert.Equal(t, 2, strings.Count(text.String(), "\n"))
	assert.Contains(t, text.String(), "50 lines were left out")
	for range 100 {
		line(time.Second)
	}
	assert.Equal(t, 1+perTime, strings.Count(text.String(), "\n"))
}
