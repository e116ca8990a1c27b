package twohosts

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// On a busy host tcpdump may not have run since the last packet when it is told
// to end: nothing is left out all the same.
func TestIntegrationCaptureOnABusyHost(t *testing.T) {
	p, err := New(Options{})
	if errors.Is(err, ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip("skipped: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	capture, err := p.A.Capture()
	require.NoError(t, err)
	require.NoError(t, capture.cmd.Process.Signal(syscall.SIGSTOP))
	require.NoError(t, p.A.Ping(t.Context(), p.A.Address, p.B.Address, 3))
	time.AfterFunc(time.Second, func() { _ = capture.cmd.Process.Signal(syscall.SIGCONT) })
	lines, err := capture.Stop(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, Count(lines, "ICMP echo request"), "%q", lines)
	assert.Zero(t, Count(lines, markTo), "%q", lines)
}
