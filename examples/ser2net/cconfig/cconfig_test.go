package cconfig_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/ser2net/cconfig"
)

// written returns what Config and warnings a file comes to, as text.
func written(t *testing.T, in cconfig.Input, files cconfig.Files) string {
	t.Helper()
	file, err := cconfig.Parse(in, files)
	require.NoError(t, err)
	cfg, warnings, err := file.Config(cconfig.Settings{})
	require.NoError(t, err)
	var b strings.Builder
	b.WriteString("# " + string(file.Dialect) + "\n")
	for _, w := range append(file.Warnings, warnings...) {
		b.WriteString("# " + w.String() + "\n")
	}
	out, err := json.MarshalIndent(cfg, "", "  ")
	require.NoError(t, err)
	b.Write(out)
	b.WriteByte('\n')
	return b.String()
}

// Each file of testdata comes to what stands beside it. Set UPDATE=1 to write
// that anew.
func TestFiles(t *testing.T) {
	names, err := filepath.Glob("testdata/*.*")
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, ".golden") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			got := written(t, cconfig.Input{Name: filepath.Base(name), Text: text}, cconfig.OS())
			golden := name + ".golden"
			if os.Getenv("UPDATE") != "" {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}
