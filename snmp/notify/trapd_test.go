package notify_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// trapd is Debian's snmptrapd as a child of the test.
type trapd struct {
	t     *testing.T
	addr  string
	cmd   *exec.Cmd
	ended chan struct{}

	mu    sync.Mutex
	lines []string
	grown chan struct{} // closed with each line
}

// freeUDP returns an address of 127.0.0.1 that nobody has.
func freeUDP(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	return c.LocalAddr().String()
}

// startTrapd runs snmptrapd on an address, with lines of snmptrapd.conf. It
// logs what it takes: who, enterprise, v1's types and address, uptime, bindings.
func startTrapd(t *testing.T, addr, conf string) *trapd {
	t.Helper()
	path, err := exec.LookPath("snmptrapd")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs snmptrapd (make peers)")
		}
		t.Skip("needs snmptrapd (make peers)")
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "trapd.conf")
	require.NoError(t, os.WriteFile(file, []byte(conf), 0o600))
	d := &trapd{t: t, addr: addr, ended: make(chan struct{}), grown: make(chan struct{})}
	d.cmd = exec.Command(path, "-f", "-C", "-c", file, "-Lo", "-n", "-On", "-Oe", "-x", folder+"/agentx", "-X",
		"-F", "GOT %P|%N|%w/%q|%a|%T|%v\n", "udp:"+addr)
	d.cmd.Env = append(os.Environ(), "MIBS=", "SNMP_PERSISTENT_DIR="+folder)
	out, err := d.cmd.StdoutPipe()
	require.NoError(t, err)
	d.cmd.Stderr = d.cmd.Stdout
	require.NoError(t, d.cmd.Start())
	go func() {
		defer close(d.ended)
		for s := bufio.NewScanner(out); s.Scan(); {
			d.mu.Lock()
			d.lines = append(d.lines, s.Text())
			close(d.grown)
			d.grown = make(chan struct{})
			d.mu.Unlock()
		}
		_ = d.cmd.Wait()
	}()
	t.Cleanup(d.stop)
	d.find("NET-SNMP version")
	return d
}

func (d *trapd) stop() {
	_ = d.cmd.Process.Kill()
	<-d.ended
}

// find waits for a line with a text.
func (d *trapd) find(text string) string {
	d.t.Helper()
	for deadline := time.After(20 * time.Second); ; {
		d.mu.Lock()
		lines, grown := d.lines, d.grown
		d.mu.Unlock()
		for _, line := range lines {
			if strings.Contains(line, text) {
				return line
			}
		}
		select {
		case <-grown:
		case <-d.ended:
			require.FailNow(d.t, "snmptrapd ended", "%s", strings.Join(lines, "\n"))
		case <-deadline:
			require.FailNow(d.t, "snmptrapd did not log "+text, "%s", strings.Join(lines, "\n"))
		}
	}
}

// log returns all lines.
func (d *trapd) log() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, "\n")
}

// createUser is a line for a user of an engine, "" is the one of snmptrapd.
func createUser(engine, name, auth, password, priv, privPassword string) string {
	var b strings.Builder
	b.WriteString("createUser ")
	if engine != "" {
		b.WriteString("-e 0x" + engine + " ")
	}
	b.WriteString(name)
	if auth != "" {
		fmt.Fprintf(&b, " %s %s", auth, password)
	}
	if priv != "" {
		fmt.Fprintf(&b, " %s %s", priv, privPassword)
	}
	return b.String() + "\n"
}
