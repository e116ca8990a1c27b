package enginefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/enginefile"
	"github.com/fieldgate/fieldgate/snmp/snmptest/suite"
)

func TestEngineStore(t *testing.T) {
	suite.TestEngineStore(t, func(t *testing.T) suite.EngineStoreRig {
		path := filepath.Join(t.TempDir(), "engine")
		open := func() snmp.EngineStore { return enginefile.New(path) }
		return suite.EngineStoreRig{Store: open(), Reopen: open}
	})
}

var (
	first  = snmp.Engine{ID: []byte{0x80, 0, 0x1f, 0x88, 5, 1}, Boots: 7}
	second = snmp.Engine{ID: []byte{0x80, 0, 0x1f, 0x88, 5, 1}, Boots: 8}
)

func TestOneFileIsEnough(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string){
		"missing": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"empty":   func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) },
		"cut":     func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 14)) },
		"zeros":   func(t *testing.T, path string) { write(t, path, string(make([]byte, 64))) },
		"another number": func(t *testing.T, path string) {
			write(t, path, "80001f880501 2 00000000\n")
		},
		"a folder": func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Mkdir(path, 0o700))
		},
		"too long": func(t *testing.T, path string) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			write(t, path, string(text)+"x")
		},
	} {
		for _, suffix := range []string{"", ".copy"} {
			t.Run(name+suffix, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "engine")
				require.NoError(t, enginefile.New(path).Save(first))
				damage(t, path+suffix)
				got, err := enginefile.New(path).Load()
				require.NoError(t, err)
				assert.Equal(t, first, got)
			})
		}
		t.Run(name+" both", func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "engine")
			require.NoError(t, enginefile.New(path).Save(first))
			damage(t, path)
			damage(t, path+".copy")
			_, err := enginefile.New(path).Load()
			require.Error(t, err)
			assert.Equal(t, name == "missing", errors.Is(err, fs.ErrNotExist), "%v", err)
		})
	}
}

// A damaged file beside a missing one is not the very first time.
func TestDamagedIsNotNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine")
	write(t, path, "?")
	_, err := enginefile.New(path).Load()
	require.Error(t, err)
	require.NotErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "remove both files")
}

// A power cut between the two files must not bring a number back.
func TestPowerCutBetweenTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine")
	require.NoError(t, enginefile.New(path).Save(first))
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, enginefile.New(path).Save(second))
	write(t, path, string(old))
	got, err := enginefile.New(path).Load()
	require.NoError(t, err)
	assert.Equal(t, second, got)
}

func TestSaveFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone", "engine")
	require.ErrorIs(t, enginefile.New(path).Save(first), fs.ErrNotExist)

	path = filepath.Join(t.TempDir(), "engine")
	require.NoError(t, os.Mkdir(path, 0o700))
	require.Error(t, enginefile.New(path).Save(first), "both must be written")
}

func TestFilesAreTheOwners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine")
	require.NoError(t, enginefile.New(path).Save(first))
	for _, suffix := range []string{"", ".copy"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	}
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, files, 2, "nothing is left beside them")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}
