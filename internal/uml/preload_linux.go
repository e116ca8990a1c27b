package uml

import (
	"context"
	_ "embed" // preload/xstate.c
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed preload/xstate.c
var xstateSource []byte

// preload makes the library that the kernel needs on new processors, and
// returns the variable that has it loaded. Without a compiler there is none;
// older processors do without.
func preload(ctx context.Context, folder string) ([]string, error) {
	compiler, err := exec.LookPath("gcc")
	if err != nil {
		return nil, nil
	}
	source, library := filepath.Join(folder, "xstate.c"), filepath.Join(folder, "xstate.so")
	if err := os.WriteFile(source, xstateSource, 0o600); err != nil {
		return nil, fmt.Errorf("uml: %w", err)
	}
	out, err := exec.CommandContext(ctx, compiler, "-shared", "-fPIC", "-O", "-o", library, source).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("uml: gcc: %w: %s", err, out)
	}
	return []string{"LD_PRELOAD=" + library}, nil
}
