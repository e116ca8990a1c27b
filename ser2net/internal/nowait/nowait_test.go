//go:build unix

package nowait_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/ser2net/internal/nowait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair returns both ends of a TCP connection.
func pair(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	a, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	b, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a.(*net.TCPConn), b.(*net.TCPConn)
}

func conn(t *testing.T, from syscall.Conn) *nowait.Conn {
	t.Helper()
	raw, err := from.SyscallConn()
	require.NoError(t, err)
	return nowait.New(raw)
}

func TestReadWaits(t *testing.T) {
	near, far := pair(t)
	c := conn(t, near)
	n, err := c.Read(nil)
	require.NoError(t, err)
	require.Zero(t, n)
	go func() {
		time.Sleep(10 * time.Millisecond)
		_, _ = far.Write([]byte("late"))
		_ = far.Close()
	}()
	buf := make([]byte, 10)
	n, err = c.Read(buf)
	require.NoError(t, err)
	assert.Equal(t, "late", string(buf[:n]))
	_, err = c.Read(buf)
	require.ErrorIs(t, err, io.EOF)
}

func TestReadEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(near, far *net.TCPConn) error
		want error
	}{
		"close":    {func(near, _ *net.TCPConn) error { return near.Close() }, net.ErrClosed},
		"deadline": {func(near, _ *net.TCPConn) error { return near.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
		"reset": {func(_, far *net.TCPConn) error {
			_ = far.SetLinger(0)
			return far.Close()
		}, syscall.ECONNRESET},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := pair(t)
			go func() {
				time.Sleep(10 * time.Millisecond)
				assert.NoError(t, c.end(near, far))
			}()
			_, err := conn(t, near).Read(make([]byte, 10))
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestTryWriteNeverWaits(t *testing.T) {
	near, far := pair(t)
	c := conn(t, near)
	chunk := bytes.Repeat([]byte("x"), 1<<16)
	total := 0
	for {
		n, err := c.TryWrite(chunk)
		require.NoError(t, err)
		total += n
		if n < len(chunk) {
			break
		}
	}
	n, err := c.TryWrite(chunk)
	require.NoError(t, err)
	total += n
	_, err = io.CopyN(io.Discard, far, int64(total))
	require.NoError(t, err)

	require.NoError(t, near.Close())
	_, err = c.TryWrite(chunk)
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestWriteWaits(t *testing.T) {
	near, far := pair(t)
	c := conn(t, near)
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	go func() {
		n, err := c.Write(want)
		assert.NoError(t, err)
		assert.Equal(t, len(want), n)
		_ = near.Close()
	}()
	got, err := io.ReadAll(far)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got))
}

func TestWriteEnds(t *testing.T) {
	near, _ := pair(t)
	c := conn(t, near)
	time.AfterFunc(20*time.Millisecond, func() { _ = near.Close() })
	n, err := c.Write(make([]byte, 64<<20))
	require.ErrorIs(t, err, net.ErrClosed)
	assert.Positive(t, n, "what went out is counted")
}

func TestWriteToNobody(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	_, err = conn(t, w).Write([]byte("x"))
	require.ErrorIs(t, err, syscall.EPIPE)
	require.NoError(t, w.Close())
}

func TestNothingIsAllocated(t *testing.T) {
	near, far := pair(t)
	c, other := conn(t, near), conn(t, far)
	buf := make([]byte, 8)
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := c.TryWrite(buf); err != nil {
			t.Error(err)
		}
		if _, err := other.Read(buf); err != nil {
			t.Error(err)
		}
	})
	assert.Zero(t, allocs)
}
