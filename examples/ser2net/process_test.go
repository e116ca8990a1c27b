package main

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// greeting is what a client of telnet gets first.
const greeting = "\xff\xfb\x03\xff\xfd\x03\xff\xfb\x01\xff\xfe\x01\xff\xfd\x00\xff\xfb\x00"

func TestRawAndTelnetThroughALine(t *testing.T) {
	raw, telnet, missing := freePort(t), freePort(t), freePort(t)
	line, other := newPTY(t), newPTY(t)
	config := configFile(t, connectionText("raw", "", raw, line.name, "  options:\n    banner: 'hello \\o\\r\\n'\n")+
		connectionText("telnet", "telnet(rfc2217),", telnet, other.name, "")+
		connectionText("missing", "", missing, "/dev/none", ""))
	start(t, program, "-n", "-r", "-c", config)

	c := dial(t, raw)
	expect(t, c, "hello raw\r\n")
	passes(t, c, line)
	assert.Equal(t, "Port already in use\r\n", all(t, raw))

	c = dial(t, telnet)
	expect(t, c, greeting+"\xff\xfd\x2c")
	passes(t, c, other)
	assert.Equal(t, "Device open failure: Value or file not found\r\n", all(t, missing))
}

func TestConfigurationByStrings(t *testing.T) {
	port, line := freePort(t), newPTY(t)
	start(t, program, "-nrut2", "-Y", "define: &b hi#"+"connection: &a#  accepter: tcp,127.0.0.1,"+port, "-Y", "  connector: serialdev,"+line.name+",9600n81,local", "-Y", `  options:#    banner: "*(b)# "`)
	c := dial(t, port)
	expect(t, c, "hi# ")
	passes(t, c, line)
}

func TestConfigurationFromStandardInput(t *testing.T) {
	port := freePort(t)
	file, err := os.Open(configFile(t, connectionText("a", "", port, "/dev/none", "")))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	cmd := exec.Command(program, "-P", filepath.Join(t.TempDir(), "pid"), "-c", "-")
	cmd.Stdin = file
	require.NoError(t, cmd.Run(), "it is in the background")
	pid := pidOf(t, cmd.Args[2])
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	assert.Equal(t, "Device open failure: Value or file not found\r\n", all(t, port))
}

func pidOf(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSuffix(string(text), "\n"))
	require.NoError(t, err)
	return pid
}

func TestSignalToEnd(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT} {
		t.Run(signal.String(), func(t *testing.T) {
			port, line := freePort(t), newPTY(t)
			p := start(t, program, "-d", "-r", "-c", configFile(t, connectionText("a", "", port, line.name, "")))
			passes(t, dial(t, port), line)
			p.signal(signal)
			select {
			case err := <-p.ended:
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit)
				assert.Equal(t, 1, exit.ExitCode(), "as C")
			case <-time.After(5 * time.Second):
				t.Fatal("it did not end\n" + p.log())
			}
			_, err := net.Dial("tcp", "127.0.0.1:"+port)
			assert.Error(t, err)
		})
	}
}

func TestDetach(t *testing.T) {
	port, line := freePort(t), newPTY(t)
	config := configFile(t, connectionText("a", "", port, line.name, ""))
	pidFile := filepath.Join(t.TempDir(), "pid")
	out, err := exec.Command(program, "-r", "-P", pidFile, "-c", config).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "Ready\n", string(out))
	pid := pidOf(t, pidFile)
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	passes(t, dial(t, port), line)
	cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	require.NoError(t, err)
	assert.Equal(t, "/", cwd)

	// The port is taken now: another daemon says so, and not only to the log.
	out, err = exec.Command(program, "-c", config).CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "address already in use")
	assert.Contains(t, string(out), "the daemon did not start")

	require.NoError(t, syscall.Kill(pid, syscall.SIGTERM))
	assert.Eventually(t, func() bool {
		_, err := os.Stat(pidFile)
		return errors.Is(err, os.ErrNotExist)
	}, 10*time.Second, 10*time.Millisecond)
}

func TestReload(t *testing.T) {
	stays, changes, off, added := freePort(t), freePort(t), freePort(t), freePort(t)
	lines := []pty{newPTY(t), newPTY(t), newPTY(t)}
	first := connectionText("stays", "", stays, lines[0].name, "")
	config := configFile(t, first+connectionText("changes", "", changes, lines[1].name, "")+connectionText("off", "", off, lines[2].name, ""))
	p := start(t, program, "-d", "-r", "-c", config)
	calm, busy, kicked := dial(t, stays), dial(t, changes), dial(t, off)
	passes(t, calm, lines[0])
	passes(t, busy, lines[1])
	passes(t, kicked, lines[2])

	require.NoError(t, os.WriteFile(config, []byte(first+
		connectionText("changes", "", changes, lines[1].name, "  options:\n    banner: new\n")+
		connectionText("off", "", off, lines[2].name, "  enable: off\n")+
		connectionText("added", "", added, "/dev/none", "")), 0o644))
	p.signal(syscall.SIGHUP)
	rest := make([]byte, 1)
	n, errRead := kicked.Read(rest)
	assert.Zero(t, n)
	assert.Error(t, errRead, "a connection that is switched off loses its user")
	assert.Eventually(t, func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+added)
		return err == nil && c.Close() == nil
	}, 10*time.Second, 10*time.Millisecond, "a new connection")
	passes(t, calm, lines[0])
	passes(t, busy, lines[1])
	_, err := net.Dial("tcp", "127.0.0.1:"+changes)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED, "nobody new is let in, as with C")
	require.NoError(t, busy.Close())
	assert.Eventually(t, func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+changes)
		if err != nil {
			return false
		}
		defer func() { _ = c.Close() }()
		text := make([]byte, 3)
		_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		_, err = c.Read(text)
		return err == nil && string(text) == "new"
	}, 10*time.Second, 50*time.Millisecond, "the change comes when the user has left")

	require.NoError(t, os.WriteFile(config, []byte("connection: &stays\n  accepter: sctp,1\n"), 0o644))
	p.signal(syscall.SIGHUP)
	assert.Eventually(t, func() bool { return strings.Contains(p.log(), "the configuration was not changed") }, 10*time.Second, 10*time.Millisecond)
	passes(t, calm, lines[0])
}

// A change that is taken back before the users have left changes nothing: the
// port lets others in again.
func TestReloadTakenBack(t *testing.T) {
	port, line := freePort(t), newPTY(t)
	text := connectionText("a", "", port, line.name, "  options:\n    max-connections: 2\n")
	config := configFile(t, text)
	p := start(t, program, "-d", "-r", "-c", config)
	first := dial(t, port)
	passes(t, first, line)
	lets := func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		return err == nil && c.Close() == nil
	}

	require.NoError(t, os.WriteFile(config, []byte(text+"    banner: hi\n"), 0o644))
	p.signal(syscall.SIGHUP)
	require.Eventually(t, func() bool { return !lets() }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o644))
	p.signal(syscall.SIGHUP)
	require.Eventually(t, lets, 10*time.Second, 10*time.Millisecond)
	passes(t, first, line)
}

// Nobody has to read the log: a daemon whose output is closed serves on.
func TestOutputThatIsClosed(t *testing.T) {
	port, line := freePort(t), newPTY(t)
	cmd := exec.Command(program, "-d", "-r", "-c", configFile(t, connectionText("a", "", port, line.name, "")))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = cmd.Stdout
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }()
	scanner := bufio.NewScanner(out)
	for scanner.Scan() && scanner.Text() != "Ready" {
	}
	require.NoError(t, out.Close())
	passes(t, dial(t, port), line) // each step writes to the log
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, 1, exit.ExitCode())
}

// As in C, a pid file that cannot be written is reported, and all else goes
// on.
func TestNoPidFile(t *testing.T) {
	port := freePort(t)
	p := start(t, program, "-d", "-r", "-P", "/none/pid", "-C", "127.0.0.1,"+port+":raw:0:/dev/none:9600")
	assert.Equal(t, "Device open failure: Value or file not found\r\n", all(t, port))
	assert.Contains(t, p.log(), "open /none/pid: no such file or directory")
}

func TestBadStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"port taken":  {[]string{"-n", "-c", configFile(t, connectionText("a", "", port, "/dev/none", ""))}, `port "a": listen tcp 127.0.0.1:` + port + ": bind: address already in use"},
		"no file":     {[]string{"-n", "-c", "/none.yaml"}, "the configuration cannot be read: open /none.yaml: no such file or directory"},
		"bad file":    {[]string{"-n", "-Y", "connection: &a#  accepter: mux,tcp,1#  connector: /dev/x"}, "-Y:2:13: connection a: accepter: mux is not supported"},
		"in child":    {[]string{"-Y", "connection: &a#  accepter: mux,tcp,1#  connector: /dev/x"}, "-Y:2:13: connection a: accepter: mux is not supported"},
		"admin port":  {[]string{"-n", "-p", "tcp,2000"}, "-p tcp,2000: the admin port is not supported"},
		"bad flag":    {[]string{"-z"}, "-z is no flag"},
		"a directory": {[]string{"-n", "-c", "/dev"}, "/dev: not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.Command(program, c.args...).CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, 1, exit.ExitCode())
			assert.Contains(t, string(out), c.want)
		})
	}
}
