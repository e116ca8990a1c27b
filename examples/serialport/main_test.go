package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/internal/gobuild"
	"github.com/fieldgate/fieldgate/internal/ptypair"
)

// The program is built and used: bytes go both ways between a client and a
// pseudo terminal.
func TestOnePort(t *testing.T) {
	if err := ptypair.Serial(); err != nil {
		t.Skip(err)
	}
	built := gobuild.Program{Package: "."}
	t.Cleanup(func() { require.NoError(t, built.Remove()) })
	program, err := built.Path()
	require.NoError(t, err)

	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	line := os.NewFile(uintptr(fd), "ptmx")
	defer func() { _ = line.Close() }()
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())

	cmd := exec.Command(program, "/dev/pts/"+strconv.Itoa(n), address)
	var log bytes.Buffer
	cmd.Stderr = &log
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }()

	var client net.Conn
	require.Eventually(t, func() bool {
		client, err = net.Dial("tcp", address)
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	defer func() { _ = client.Close() }()
	deadline := time.Now().Add(10 * time.Second)
	require.NoError(t, client.SetDeadline(deadline))
	require.NoError(t, line.SetDeadline(deadline))

	expect := func(r io.Reader, want string) {
		t.Helper()
		got := make([]byte, len(want))
		_, err := io.ReadFull(r, got)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	expect(client, "\xff\xfb\x03\xff\xfd\x03\xff\xfb\x01\xff\xfe\x01\xff\xfd\x00\xff\xfb\x00\xff\xfd\x2c")
	_, err = io.WriteString(client, "to the line")
	require.NoError(t, err)
	expect(line, "to the line")
	_, err = io.WriteString(line, "from the line")
	require.NoError(t, err)
	expect(client, "from the line")

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, cmd.Wait(), "%s", &log)
}

func TestStartThatFails(t *testing.T) {
	assert.ErrorContains(t, serve(t.Context(), "/dev/none", "127.0.0.1:x"), `port "x" is out of range`)
}
