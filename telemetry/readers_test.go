package telemetry_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reader runs one of the published readers.
type reader struct {
	program []string // and its arguments
}

// findReader skips the test without the interpreter or a library that probe,
// its arguments, needs; in CI it fails.
func findReader(t *testing.T, interpreter, script string, probe ...string) reader {
	if err := exec.Command(interpreter, probe...).Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s %s: %v: make peers", interpreter, strings.Join(probe, " "), err)
		}
		t.Skipf("needs %s: %s: %v", interpreter, strings.Join(probe, " "), err)
	}
	return reader{[]string{interpreter, filepath.Join("testdata/readers", script)}}
}

// read gives the file to the reader.
func (r reader) read(t *testing.T, file string, args ...string) (output []byte, err error) {
	input, err := os.Open(file)
	require.NoError(t, err)
	defer func() { require.NoError(t, input.Close()) }()
	cmd := exec.Command(r.program[0], append(r.program[1:], args...)...)
	cmd.Stdin = input
	return cmd.Output()
}

// exact decodes JSON without rounding a number.
func exact(t *testing.T, text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), "%s", text)
	return v
}

// The readers in other languages read every published vector as this package
// does, and refuse what is forged.
func TestIntegrationReaders(t *testing.T) {
	for name, find := range map[string]func(t *testing.T) reader{
		"python": func(t *testing.T) reader { return findReader(t, "/usr/bin/python3", "reader.py", "-c", "import cbor2") },
		"node":   func(t *testing.T) reader { return findReader(t, "node", "reader.js", "--version") },
	} {
		t.Run(name, func(t *testing.T) {
			r := find(t)
			agrees := func(base string, args ...string) {
				output, err := r.read(t, base+".hex", args...)
				require.NoError(t, err, base)
				want, err := os.ReadFile(base + ".json")
				require.NoError(t, err)
				assert.Equal(t, exact(t, want), exact(t, output), base)
			}
			for vector := range vectors(t) {
				agrees(filepath.Join("testdata", vector))
			}
			for vector := range sealedVectors(t) {
				base := filepath.Join(sealedFolder, vector)
				if !forged(vector) {
					agrees(base, testKey)
					continue
				}
				output, err := r.read(t, base+".hex", testKey)
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit, "%s is taken for good", base)
				assert.Contains(t, string(exit.Stderr), "forged")
				assert.Empty(t, output, base)
			}
			for _, file := range []string{"testdata/snapshot.hex", sealedFolder + "/small.hex"} {
				_, err := r.read(t, file, strings.Repeat("00", 32))
				assert.Error(t, err, "%s with another key", file)
			}
		})
	}
}
