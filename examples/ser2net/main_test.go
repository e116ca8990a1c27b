package main

import (
	"os"
	"testing"

	"github.com/fieldgate/fieldgate/internal/gobuild"
)

// program is the built daemon, for tests that run it as a process.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		daemon := gobuild.Program{Package: "."}
		defer func() { _ = daemon.Remove() }()
		var err error
		if program, err = daemon.Path(); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}
