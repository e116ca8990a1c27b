package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/internal/ptypair"
)

// pty is a pseudo terminal: name is the device, the file its other end.
type pty struct {
	*os.File
	name string
}

// newPTY returns a terminal whose device stays open, so that its other end
// never reads an end of file.
func newPTY(t *testing.T) pty {
	t.Helper()
	if err := ptypair.Serial(); err != nil {
		t.Skip(err)
	}
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	master := os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { _ = master.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	name := "/dev/pts/" + strconv.Itoa(n)
	slave, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = slave.Close() })
	return pty{master, name}
}

// freePort returns a TCP port of 127.0.0.1 that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// configFile writes a configuration and returns its path.
func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ser2net.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// connectionText is a connection to a device of a port on 127.0.0.1.
func connectionText(name, filter, port, device, more string) string {
	return fmt.Sprintf("connection: &%s\n  accepter: %stcp,127.0.0.1,%s\n  connector: serialdev,%s,9600n81,local\n%s", name, filter, port, device, more)
}

// process is a daemon that runs.
type process struct {
	*exec.Cmd
	t     *testing.T
	mu    sync.Mutex
	lines strings.Builder
	ended chan error
}

// start runs a program that prints Ready.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(name, args...), t: t, ended: make(chan error, 1)}
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	p.Stderr = p.Stdout
	require.NoError(t, p.Start())
	ready := make(chan struct{})
	go func() {
		scanner := bufio.NewScanner(out)
		for open := true; scanner.Scan(); {
			p.mu.Lock()
			p.lines.WriteString(scanner.Text() + "\n")
			p.mu.Unlock()
			if open && scanner.Text() == "Ready" {
				open = false
				close(ready)
			}
		}
		p.ended <- p.Wait()
	}()
	t.Cleanup(func() { _ = p.Process.Kill() })
	select {
	case <-ready:
	case err := <-p.ended:
		t.Fatalf("%s ended before it was ready: %v\n%s", name, err, p.log())
	case <-time.After(10 * time.Second):
		t.Fatalf("%s is not ready\n%s", name, p.log())
	}
	return p
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines.String()
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.Process.Signal(s))
}

func dial(t *testing.T, port string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	return c
}

// all returns what a client gets until its connection is closed.
func all(t *testing.T, port string) string {
	t.Helper()
	text, err := io.ReadAll(dial(t, port))
	require.NoError(t, err)
	return string(text)
}

// expect reads exactly this text.
func expect(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(r, got)
	require.NoError(t, err, "want %q, got %q", want, got[:n])
	require.Equal(t, want, string(got))
}

func send(t *testing.T, w io.Writer, text string) {
	t.Helper()
	_, err := io.Copy(w, bytes.NewReader([]byte(text)))
	require.NoError(t, err)
}

// passes checks that data goes both ways.
func passes(t *testing.T, c net.Conn, line pty) {
	t.Helper()
	require.NoError(t, line.SetReadDeadline(time.Now().Add(10*time.Second)))
	send(t, c, "to the line")
	expect(t, line, "to the line")
	send(t, line, "from the line")
	expect(t, c, "from the line")
}
