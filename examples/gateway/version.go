package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// release is the version of this program, its packages and their changelog
// entry. scripts/release reads it here.
const release = "0.1.0"

// build is what the toolchain has noted in this program.
type build map[string]string

func thisBuild() build {
	b := make(build)
	if info, ok := debug.ReadBuildInfo(); ok {
		b["go"] = info.GoVersion
		for _, s := range info.Settings {
			b[s.Key] = s.Value
		}
	}
	return b
}

// version is the release with the commit that the program was built from.
func version() string { return thisBuild().version() }

func (b build) version() string {
	commit := b["vcs.revision"]
	if commit == "" {
		return release
	}
	if b["vcs.modified"] == "true" {
		return release + " (" + commit[:min(12, len(commit))] + " with changes)"
	}
	return release + " (" + commit[:min(12, len(commit))] + ")"
}

// target is the processor, such as linux/mips softfloat.
func (b build) target() string {
	arch := b["GOARCH"]
	variant := b["GO"+strings.TrimSuffix(strings.ToUpper(arch), "LE")] // GOARM, GOMIPS, also of mipsle
	return strings.TrimSpace(b["GOOS"] + "/" + arch + " " + variant)
}

// String is what -version prints: one fact a line, for people and for grep.
// What is not known is not there.
func (b build) String() string {
	var text strings.Builder
	line := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(&text, "%-8s %s\n", name, value)
		}
	}
	_, _ = fmt.Fprintln(&text, "fieldgate", release)
	commit := b["vcs.revision"]
	if b["vcs.modified"] == "true" {
		commit += " with changes"
	}
	line("commit", commit)
	line("date", b["vcs.time"])
	line("go", b["go"])
	line("target", b.target())
	line("without", b["-tags"]) // no_ipsec and the like
	return text.String()
}

// earliest is a moment before which this program cannot have run: that of
// the commit it was built from, where the build knows it. A clock that shows
// less has not been set.
func earliest() time.Time {
	at, err := time.Parse(time.RFC3339, cmp.Or(thisBuild()["vcs.time"], "2026-01-01T00:00:00Z"))
	if err != nil {
		panic(err) // the toolchain writes no other form
	}
	return at
}
