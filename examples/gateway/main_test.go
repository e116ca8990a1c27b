package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if dir, ok := built.Load().(string); ok {
			_ = os.RemoveAll(dir)
		}
		os.Exit(code)
	}))
}
