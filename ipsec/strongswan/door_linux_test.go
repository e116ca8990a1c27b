package strongswan_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

// Linux sends away who finds the queue of a unix socket full; a daemon under
// load is not one that is gone.
func TestFullQueue(t *testing.T) {
	dir, err := os.MkdirTemp("", "fc")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	path := filepath.Join(dir, "vici")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}))
	require.NoError(t, syscall.Listen(fd, 0)) // one may wait, nobody is let in
	b := impatient(t, path)
	began := time.Now()
	_, err = b.Connect(t.Context())
	require.ErrorIs(t, err, ipsec.ErrUnavailable)
	assert.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond, "it came again until its time was over")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = b.Connect(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
