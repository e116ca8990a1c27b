//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package tty

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/ptypair"
	"github.com/fieldgate/fieldgate/ser2net/internal/termio"
)

// A driver that hangs in open holds up nobody, and what it gives too late is
// closed.
func TestDriverHangsInOpen(t *testing.T) {
	pty, err := ptypair.Open()
	require.NoError(t, err)
	defer pty.Close()
	var o Opener
	hang := make(chan struct{})
	late := make(chan *termio.Device, 1)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = o.openWith(ctx, pty.Name(), ser2net.DefaultMode(), func(device string, m ser2net.Mode) (*termio.Device, error) {
		<-hang
		d, err := start(device, m)
		late <- d
		return d, err
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = o.Open(t.Context(), pty.Name(), ser2net.DefaultMode())
	require.ErrorIs(t, err, ser2net.ErrPortBusy, "the driver has not come back")

	close(hang)
	d := <-late
	require.NotNil(t, d)
	require.Eventually(t, func() bool {
		p, err := o.Open(t.Context(), pty.Name(), ser2net.DefaultMode())
		return err == nil && assert.NoError(t, p.Close())
	}, 10*time.Second, 5*time.Millisecond, "free once it has")
	_, err = d.Write([]byte("x"))
	assert.ErrorIs(t, err, os.ErrClosed, "what came late is closed")
}
