package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// peer returns the path of a program of net-snmp.
func peer(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs " + name + " (make peers)")
		}
		t.Skip("needs " + name + " (make peers)")
	}
	return path
}

// freeAddress returns an UDP address of 127.0.0.1 that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	return c.LocalAddr().String()
}

// configFile writes a configuration and returns its path.
func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "snmpd.conf")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// process is a daemon, ours or a program of net-snmp, that runs in the
// foreground and logs to standard output.
type process struct {
	*exec.Cmd
	t     *testing.T
	ended chan struct{}
	err   error // valid once ended

	mu    sync.Mutex
	lines []string
	grown chan struct{} // closed with each line
}

// launch runs a daemon until it has opened its sockets, with a persistent
// folder of its own unless it is given one.
func launch(t *testing.T, folder, name string, args ...string) *process {
	t.Helper()
	if folder == "" {
		folder = t.TempDir()
	}
	p := &process{Cmd: exec.Command(name, append([]string{"-f", "-Lo", "-C"}, args...)...), t: t, ended: make(chan struct{}), grown: make(chan struct{})}
	p.Env = append(os.Environ(), "MIBS=", "SNMP_PERSISTENT_DIR="+folder)
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	p.Stderr = p.Stdout
	require.NoError(t, p.Start())
	go func() {
		defer close(p.ended)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, s.Text())
			close(p.grown)
			p.grown = make(chan struct{})
			p.mu.Unlock()
		}
		p.err = p.Wait()
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
	})
	p.find("NET-SNMP version")
	return p
}

// find waits for a line with a text.
func (p *process) find(text string) string {
	p.t.Helper()
	for deadline := time.After(30 * time.Second); ; {
		p.mu.Lock()
		lines, grown := p.lines, p.grown
		p.mu.Unlock()
		for _, line := range lines {
			if strings.Contains(line, text) {
				return line
			}
		}
		select {
		case <-grown:
		case <-p.ended:
			require.FailNow(p.t, "it ended", "%s", p.log())
		case <-deadline:
			require.FailNow(p.t, "it did not log "+text, "%s", p.log())
		}
	}
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.Process.Signal(s))
}

// ask runs a tool of net-snmp, and returns what it prints.
func ask(t *testing.T, tool string, args ...string) string {
	t.Helper()
	cmd := exec.Command(peer(t, tool), append([]string{"-On", "-Oe", "-t", "2", "-r", "2"}, args...)...)
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "cert_indexes"), 0o700)) // else it tells that it makes it
	cmd.Env = append(os.Environ(), "MIBS=", "SNMP_PERSISTENT_DIR="+folder, "SNMPCONFPATH=/nonexistent")
	out, _ := cmd.CombinedOutput() // an error is what it prints
	return strings.TrimSpace(string(out))
}
