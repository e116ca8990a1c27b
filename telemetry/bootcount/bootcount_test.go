package bootcount_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry/bootcount"
)

const floor = 1767225600 // 1 January 2026

func TestNextCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "boot")
	for want := range uint32(3) {
		n, err := bootcount.Next(path)
		require.NoError(t, err)
		assert.Equal(t, want+1, n)
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.Equal(t, []string{"boot"}, names(t, filepath.Dir(path)), "nothing is left beside the file")
}

func TestNextOfContent(t *testing.T) {
	for name, tc := range map[string]struct {
		content string
		want    uint32
	}{
		"count":              {"41", 42},
		"with line end":      {"41\n", 42},
		"zero":               {"0", 1},
		"before the last":    {"4294967294", 4294967295},
		"the last":           {"4294967295", floor},
		"too large":          {"99999999999", floor},
		"empty":              {"", floor},
		"zeros of a new FS":  {"\x00\x00", floor},
		"rubbish":            {"x7", floor},
		"negative":           {"-1", floor},
		"two numbers":        {"4 1", floor},
		"above the time":     {"2000000000", 2000000001},
		"a number of before": {"1767225600", 1767225601},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "boot")
			require.NoError(t, os.WriteFile(path, []byte(tc.content), 0o600))
			synctest.Test(t, func(t *testing.T) { // where it is the year 2000: a clock that is not set
				n, err := bootcount.Next(path)
				require.NoError(t, err)
				assert.Equal(t, tc.want, n)
				if n < 4294967295 {
					next, err := bootcount.Next(path)
					require.NoError(t, err)
					assert.Equal(t, n+1, next)
				}
			})
		})
	}
}

// With a clock that is set, a second loss of the number gives a higher one.
func TestNextByTheClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "boot")
	var last uint32
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2027, time.March, 1, 0, 0, 0, 0, time.UTC)))
		for range 3 {
			require.NoError(t, os.WriteFile(path, []byte("?"), 0o600))
			n, err := bootcount.Next(path)
			require.NoError(t, err)
			assert.Equal(t, uint32(time.Now().Unix()), n)
			assert.Greater(t, n, last)
			last = n
			time.Sleep(time.Second)
		}
	})
}

// Beyond the year 2106 the clock has more bits than the number.
func TestNextBeyondTheNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "boot")
	require.NoError(t, os.WriteFile(path, []byte("?"), 0o600))
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2110, time.January, 1, 0, 0, 0, 0, time.UTC)))
		n, err := bootcount.Next(path)
		require.NoError(t, err)
		assert.Equal(t, uint32(4294967295), n)
	})
}

func TestNextNotStored(t *testing.T) {
	t.Run("no folder", func(t *testing.T) {
		n, err := bootcount.Next(filepath.Join(t.TempDir(), "gone", "boot"))
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, "boot 1 is not stored")
		assert.Equal(t, uint32(1), n)
	})
	t.Run("a folder in its place", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "boot")
		require.NoError(t, os.Mkdir(path, 0o700))
		n, err := bootcount.Next(path)
		require.Error(t, err)
		assert.GreaterOrEqual(t, n, uint32(floor))
		assert.Equal(t, []string{"boot"}, names(t, filepath.Dir(path)))
	})
	t.Run("disk full", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("needs /dev/full")
		}
		path := filepath.Join(t.TempDir(), "boot")
		require.NoError(t, os.WriteFile(path, []byte("41"), 0o600))
		require.NoError(t, os.Symlink("/dev/full", path+".new"))
		n, err := bootcount.Next(path)
		require.ErrorIs(t, err, syscall.ENOSPC)
		assert.Equal(t, uint32(42), n)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "41", string(content), "the old number is still there")
		n, err = bootcount.Next(path)
		require.NoError(t, err, "there is room again")
		assert.Equal(t, uint32(42), n)
	})
}

// A power cut between writing and renaming leaves a file that must not hinder.
func TestNextAfterAPowerCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "boot")
	require.NoError(t, os.WriteFile(path, []byte("41"), 0o600))
	require.NoError(t, os.WriteFile(path+".new", []byte("4 longer than the number"), 0o600))
	n, err := bootcount.Next(path)
	require.NoError(t, err)
	assert.Equal(t, uint32(42), n)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "42", string(content))
}

func names(t *testing.T, dir string) []string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}
