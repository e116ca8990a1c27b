//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package tty_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/internal/ptypair"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tty"
)

// look opens a device a second time, as another program, which is root, does.
func look(t *testing.T, device string) int {
	t.Helper()
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// What an Opener does to a device shows to every other program.
func TestDeviceAsOthersSeeIt(t *testing.T) {
	device := newAdapter(t).Name()
	fd := look(t, device)
	exclusive := func() int {
		on, err := unix.IoctlGetInt(fd, unix.TIOCGEXCL)
		require.NoError(t, err)
		return on
	}
	locked := func() bool {
		err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			require.NoError(t, unix.Flock(fd, unix.LOCK_UN))
		}
		return err != nil
	}
	require.Zero(t, exclusive())
	require.False(t, locked())

	var o tty.Opener
	p, err := o.Open(t.Context(), device, ser2net.DefaultMode())
	require.NoError(t, err)
	assert.Equal(t, 1, exclusive())
	assert.True(t, locked())
	got, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
	require.NoError(t, err)
	want := unix.Termios{
		Iflag: unix.IGNBRK, Cflag: unix.B9600 | unix.CREAD | unix.CS8 | unix.CLOCAL, Ispeed: 9600, Ospeed: 9600,
	}
	want.Cc[unix.VMIN], want.Cc[unix.VSTART], want.Cc[unix.VSTOP] = 1, 17, 19
	got.Cflag &^= unix.CBAUD << unix.IBSHIFT // the input rate, which is the output rate
	assert.Equal(t, want, *got, "as C ser2net sets it")

	require.NoError(t, p.Close())
	assert.Zero(t, exclusive())
	assert.False(t, locked())
}

// A program that uses flock, as C ser2net does, keeps the device.
func TestLockedByOthers(t *testing.T) {
	device := newAdapter(t).Name()
	fd := look(t, device)
	require.NoError(t, unix.Flock(fd, unix.LOCK_EX))
	var o tty.Opener
	_, err := o.Open(t.Context(), device, ser2net.DefaultMode())
	require.ErrorIs(t, err, ser2net.ErrPortBusy)
	assert.EqualError(t, err, "open "+device+": the device is in use")
	require.NoError(t, unix.Flock(fd, unix.LOCK_UN))
	p, err := o.Open(t.Context(), device, ser2net.DefaultMode())
	require.NoError(t, err)
	assert.NoError(t, p.Close())
}

func TestNoSerialDevice(t *testing.T) {
	needsSerial(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("text"), 0o600))
	var o tty.Opener
	for _, device := range []string{file, filepath.Dir(file), os.DevNull} {
		for range 2 { // a failure holds nothing
			_, err := o.Open(t.Context(), device, ser2net.DefaultMode())
			assert.ErrorContains(t, err, "not a serial device", device)
		}
	}
}

// What fails in the middle gives the device free.
func TestUnsupportedModeHoldsNothing(t *testing.T) {
	device := newAdapter(t).Name()
	var o tty.Opener
	m := ser2net.Mode{RS485: ser2net.RS485{Enabled: true}}
	for range 2 {
		_, err := o.Open(t.Context(), device, m)
		assert.EqualError(t, err, "open "+device+": the driver has no RS485: inappropriate ioctl for device")
	}
	p, err := o.Open(t.Context(), device, ser2net.DefaultMode())
	require.NoError(t, err)
	assert.EqualError(t, p.SetMode(m), "set mode "+device+": the driver has no RS485: inappropriate ioctl for device")
	assert.NoError(t, p.Close())
}

// Many ports open at the same time, serve, and close while a writer waits.
func TestManyPorts(t *testing.T) {
	needsSerial(t)
	const many = 500
	var o tty.Opener
	ptys := make([]*ptypair.Pair, many)
	for i := range ptys {
		var err error
		ptys[i], err = ptypair.Open()
		require.NoError(t, err)
		defer ptys[i].Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var users sync.WaitGroup
	for i, pty := range ptys {
		users.Go(func() {
			p, err := o.Open(ctx, pty.Name(), ser2net.DefaultMode())
			if !assert.NoError(t, err) {
				return
			}
			text := fmt.Sprintf("port %d", i)
			got := make([]byte, len(text))
			_, err = io.WriteString(p, text)
			assert.NoError(t, err)
			_, err = io.ReadFull(pty, got)
			assert.NoError(t, err)
			assert.Equal(t, text, string(got))

			stuck := make(chan error, 1)
			go func() {
				_, err := p.Write(make([]byte, 1<<17))
				stuck <- err
			}()
			// 500 at once may take longer than Close waits for one; what it
			// waits for goes on, and ends.
			if err := p.Close(); err != nil {
				assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
			}
			assert.ErrorIs(t, <-stuck, os.ErrClosed)
			assert.Eventually(t, func() bool {
				again, err := o.Open(ctx, pty.Name(), ser2net.DefaultMode())
				return err == nil && again.Close() == nil
			}, time.Minute, 10*time.Millisecond, "it was given free")
		})
	}
	users.Wait()
}

// A user after the other leaves nothing behind.
func TestOpenCloseOften(t *testing.T) {
	device := newAdapter(t).Name()
	var o tty.Opener
	count := func() int {
		open, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		return len(open)
	}
	before := count()
	for range 1000 {
		p, err := o.Open(t.Context(), device, ser2net.DefaultMode())
		require.NoError(t, err)
		require.NoError(t, p.Close())
	}
	assert.Equal(t, before, count(), "open files")
}
