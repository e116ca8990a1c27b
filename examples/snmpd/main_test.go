package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// built is the daemon, for tests that run it as a process.
var built string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "snmpd")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		built = filepath.Join(folder, "snmpd")
		if out, err := exec.Command("go", "build", "-o", built, ".").CombinedOutput(); err != nil {
			panic(string(out))
		}
		return m.Run()
	}())
}
