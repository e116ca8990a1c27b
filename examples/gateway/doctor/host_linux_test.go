package doctor_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
)

// hold lets another process have a file open, and returns its number.
func hold(t *testing.T, f *os.File) int {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	cmd.ExtraFiles = []*os.File{f}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

// soon waits until the other process has begun: it is named by its program
// only then.
func soon(t *testing.T, find func() (doctor.Process, bool)) doctor.Process {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if p, found := find(); found && p.Name == "sleep" {
			return p
		}
	}
	require.FailNow(t, "nobody is found")
	return doctor.Process{}
}

// Who holds a device is found, also through a lasting name, which is a link.
func TestWhoHoldsADevice(t *testing.T) {
	folder, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	device := filepath.Join(folder, "ttyS9")
	f, err := os.Create(device)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	link := filepath.Join(folder, "by-id")
	require.NoError(t, os.Symlink(device, link))
	host := doctor.ThisHost(nil, time.Time{})
	_, held := host.Holder(device)
	assert.False(t, held, "this process does not count")
	assert.True(t, host.Exists(link))
	id := hold(t, f)
	assert.Equal(t, id, soon(t, func() (doctor.Process, bool) { return host.Holder(link) }).ID)
	_, held = host.Holder(filepath.Join(folder, "none"))
	assert.False(t, held)
	assert.False(t, host.Exists(filepath.Join(folder, "none")))
}

// Who has a port is found, of TCP and UDP.
func TestWhoHasAPort(t *testing.T) {
	tcp, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer func() { _ = tcp.Close() }()
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer func() { _ = udp.Close() }()
	host := doctor.ThisHost(nil, time.Time{})
	for network, c := range map[string]struct {
		socket interface{ File() (*os.File, error) }
		port   int
	}{
		"tcp": {tcp, tcp.Addr().(*net.TCPAddr).Port},
		"udp": {udp, udp.LocalAddr().(*net.UDPAddr).Port},
	} {
		_, found := host.Listener(network, c.port)
		assert.False(t, found, "this process does not count")
		f, err := c.socket.File()
		require.NoError(t, err)
		id := hold(t, f)
		require.NoError(t, f.Close())
		p := soon(t, func() (doctor.Process, bool) { return host.Listener(network, c.port) })
		assert.Equal(t, id, p.ID)
		assert.Contains(t, p.String(), "sleep (process ")
	}
	_, found := host.Listener("tcp", 0)
	assert.False(t, found)
}

// The disk and the names of a real host.
func TestThisHost(t *testing.T) {
	clock := func() (time.Time, bool) { return time.Now(), true }
	host := doctor.ThisHost(clock, time.Time{}, t.TempDir())
	left, err := host.Free(host.Folders[0])
	require.NoError(t, err)
	assert.Positive(t, left)
	_, err = host.Free("/nowhere/at/all")
	assert.ErrorContains(t, err, "/nowhere/at/all")
	assert.NoError(t, host.Resolve(t.Context(), "localhost"))
	assert.Error(t, host.Resolve(t.Context(), "no-such-name.invalid"))
}
