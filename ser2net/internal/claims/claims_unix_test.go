//go:build unix

package claims_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/claims"
)

func TestTake(t *testing.T) {
	dir := t.TempDir()
	alias := filepath.Join(dir, "by-id")
	require.NoError(t, os.Symlink(os.DevNull, alias))
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))

	var set claims.Set
	release, err := set.Take(os.DevNull)
	require.NoError(t, err)
	for _, name := range []string{os.DevNull, alias} {
		_, err := set.Take(name)
		assert.ErrorIs(t, err, ser2net.ErrPortBusy, name)
	}
	other, err := set.Take("/dev/zero")
	require.NoError(t, err)
	other()
	release()

	release, err = set.Take(alias)
	require.NoError(t, err, "the device is free again")
	_, err = set.Take(os.DevNull)
	assert.ErrorIs(t, err, ser2net.ErrPortBusy)
	release()

	_, err = set.Take(filepath.Join(dir, "missing"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = set.Take(file)
	assert.ErrorContains(t, err, "file is not a serial device")
	_, err = set.Take(dir)
	assert.ErrorContains(t, err, "is not a serial device")
}
