package docs_test

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/docs"
)

const vendorMod = `module example.com/device

go 1.26.0

require %[1]s v0.0.0

replace %[1]s => %[2]s
`

// The files of the vendor guide make a module outside of this tree that
// compiles, passes its tests and prints what the guide says. Its first program
// has no more than 30 lines.
func TestVendorGuide(t *testing.T) {
	const guide = "docs/vendor.md"
	dir := t.TempDir()
	write := func(name string, content []byte) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	tree, err := filepath.Abs(top)
	require.NoError(t, err)
	sums, err := os.ReadFile(filepath.Join(top, "go.sum"))
	require.NoError(t, err)
	write("go.mod", fmt.Appendf(nil, vendorMod, module, tree))
	write("go.sum", sums) // known sums need no network

	prints := make(map[string]string)
	files := 0
	for _, b := range docs.Blocks(guide, documents(t)[guide]) {
		switch b.Kind {
		case "file":
			files++
			formatted, err := format.Source([]byte(b.Text))
			require.NoError(t, err, b.Arg)
			assert.Equal(t, string(formatted), b.Text, "%s is not formatted", b.Arg)
			write(b.Arg, []byte(b.Text))
			if b.Arg == "main.go" {
				assert.LessOrEqual(t, strings.Count(b.Text, "\n"), 30, "the first program has grown")
			}
		case "prints":
			prints[b.Arg] = b.Text
		}
	}
	require.Greater(t, files, 12, "the guide has lost its files")
	vendorGo(t, dir, "mod", "tidy")
	vendorGo(t, dir, "test", "./...")
	require.Len(t, prints, 1)
	assert.Equal(t, prints["main.go"], vendorGo(t, dir, "run", "."))
}

func vendorGo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "go %s: %s%s", strings.Join(args, " "), out, &stderr)
	return string(out)
}
