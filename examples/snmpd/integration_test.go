package main

import (
	"errors"
	"io/fs"
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

const (
	sysDescr    = ".1.3.6.1.2.1.1.1.0"
	sysLocation = ".1.3.6.1.2.1.1.6.0"
	engineBoots = ".1.3.6.1.6.3.10.2.1.2.0"
	engineID    = ".1.3.6.1.6.3.10.2.1.1.0"
)

func TestIntegrationGetAndWalk(t *testing.T) {
	addr, other := freeAddress(t), freeAddress(t)
	config := configFile(t, `
rocommunity monitors 127.0.0.1
syslocation hall 3
agentaddress udp:`+other+`
disk / 5%
load 3 2 1
proc snmpd
`)
	launch(t, "", built, "-c", config, "udp:"+addr)
	assert.Equal(t, sysLocation+` = STRING: "hall 3"`, ask(t, "snmpget", "-v2c", "-c", "monitors", addr, sysLocation))
	assert.Equal(t, sysLocation+` = STRING: "hall 3"`, ask(t, "snmpget", "-v1", "-c", "monitors", other, sysLocation), "both addresses")
	assert.Contains(t, ask(t, "snmpget", "-v2c", "-c", "monitors", addr, sysDescr), `= STRING: "Linux `)
	walk := ask(t, "snmpwalk", "-v2c", "-c", "monitors", addr, ".1.3")
	for _, want := range []string{
		".1.3.6.1.2.1.2.2.1.2.1 = STRING: \"lo\"", ".1.3.6.1.4.1.2021.4.5.0 = INTEGER: ",
		".1.3.6.1.4.1.2021.10.1.4.1 = STRING: \"3", ".1.3.6.1.4.1.2021.10.1.4.3 = STRING: \"1",
		".1.3.6.1.4.1.2021.2.1.2.1 = STRING: \"snmpd\"", ".1.3.6.1.4.1.2021.2.1.100.1 = INTEGER: 0",
	} {
		assert.Contains(t, walk, want)
	}
	assert.NotContains(t, walk, "Error")
	assert.Regexp(t, `\.2021\.9\.1\.2\.\d+ = STRING: "/"`, walk)
	assert.Regexp(t, `\.2021\.9\.1\.5\.\d+ = INTEGER: 5`, walk)
}

func TestIntegrationIPv6(t *testing.T) {
	c, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Skip("this host has no IPv6: " + err.Error())
	}
	addr := c.LocalAddr().String()
	require.NoError(t, c.Close())
	launch(t, "", built, "-c", configFile(t, "rocommunity6 monitors ::1\nsyslocation six\n"), "udp6:"+addr)
	assert.Contains(t, ask(t, "snmpget", "-v2c", "-c", "monitors", "udp6:"+addr, sysLocation), `"six"`)
}

func TestIntegrationUnknownDirective(t *testing.T) {
	config := configFile(t, "rocommunity monitors\n\nflux 7\nview\n")
	p := launch(t, "", built, "-c", config, "-I", "-smux", "-r", "-Dall", freeAddress(t))
	p.find(config + ": line 3: Warning: Unknown token: flux.")
	p.find(config + ": line 4: Error: Blank line following view token.")
	p.find("Warning: -I -smux has no effect.")
	p.find("Warning: -r has no effect.")
}

// The engine ID stays, boots counts the starts.
func TestIntegrationBootsAcrossRestarts(t *testing.T) {
	folder, addr := t.TempDir(), freeAddress(t)
	config := configFile(t, "rocommunity monitors\ncreateUser bob SHA-256 longpassword AES\nrouser bob priv\n")
	var ids []string
	for boots := 1; boots <= 3; boots++ {
		p := launch(t, folder, built, "-c", config, addr)
		answer := ask(t, "snmpget", "-v3", "-u", "bob", "-l", "authPriv", "-a", "SHA-256", "-A", "longpassword", "-x", "AES", "-X", "longpassword", addr, engineBoots)
		assert.Equal(t, engineBoots+" = INTEGER: "+strconv.Itoa(boots), answer)
		ids = append(ids, ask(t, "snmpget", "-v2c", "-c", "monitors", addr, engineID))
		p.signal(syscall.SIGTERM)
		<-p.ended
		require.NoError(t, p.err)
		assert.Contains(t, p.log(), "shutting down")
	}
	assert.Contains(t, ids[0], "Hex-STRING: 80 ")
	assert.Equal(t, ids[0], ids[1])
	assert.Equal(t, ids[0], ids[2])
}

func TestIntegrationReload(t *testing.T) {
	addr := freeAddress(t)
	config := configFile(t, "rocommunity monitors\nsyslocation before\n")
	p := launch(t, "", built, "-c", config, addr)
	location := func() string { return ask(t, "snmpget", "-v2c", "-c", "monitors", addr, sysLocation) }
	require.Contains(t, location(), `"before"`)

	p.signal(syscall.SIGHUP)
	p.find("the configuration is the same")
	require.NoError(t, os.WriteFile(config, []byte("rocommunity monitors\nsyslocation after\n"), 0o600))
	p.signal(syscall.SIGHUP)
	p.find("NET-SNMP version 5.9 (fieldgate) restarted")
	assert.Contains(t, location(), `"after"`)

	require.NoError(t, os.Remove(config))
	p.signal(syscall.SIGHUP)
	p.find("the configuration was not changed: the configuration cannot be read")
	assert.Contains(t, location(), `"after"`)
}

// A log that was moved away is not written to after SIGHUP, as logrotate wants
// it.
func TestIntegrationLogRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	log := func(name string) string {
		text, _ := os.ReadFile(name) // none is there at first
		return string(text)
	}
	cmd := exec.Command(built, "-f", "-C", "-c", configFile(t, "rocommunity monitors\n"), "-Lf", path, freeAddress(t))
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+t.TempDir())
	require.NoError(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it ends by that signal
	}()
	require.Eventually(t, func() bool { return strings.Contains(log(path), version) }, 30*time.Second, 20*time.Millisecond)
	require.NoError(t, os.Rename(path, path+".1"))
	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { return strings.Contains(log(path), "nothing was changed") }, 30*time.Second, 20*time.Millisecond)
	assert.Contains(t, log(path+".1"), version)
	assert.NotContains(t, log(path+".1"), "nothing was changed")
}

// What the command line says comes behind the files, and a list of addresses
// may have commas.
func TestIntegrationCommandLine(t *testing.T) {
	first, second := freeAddress(t), freeAddress(t)
	launch(t, "", built, "-c", configFile(t, "rocommunity monitors\nsyslocation file\n"), "--sysLocation=hall 3", "udp:"+first+","+second)
	for _, addr := range []string{first, second} {
		assert.Equal(t, sysLocation+` = STRING: "hall 3"`, ask(t, "snmpget", "-v2c", "-c", "monitors", addr, sysLocation))
	}
	launch(t, "", built, freeAddress(t)).find("Warning: no access control information configured")
}

func TestIntegrationDetach(t *testing.T) {
	addr, folder := freeAddress(t), t.TempDir()
	pidFile, logFile := filepath.Join(folder, "pid"), filepath.Join(folder, "log")
	config := configFile(t, "rocommunity monitors\nsyslocation far\npersistentDir "+folder+"\n")
	out, err := exec.Command(built, "-C", "-c", config, "-Lf", logFile, "-p", pidFile, addr).CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	assert.Contains(t, ask(t, "snmpget", "-v2c", "-c", "monitors", addr, sysLocation), `"far"`, "it answers when the parent has returned")
	log, err := os.ReadFile(logFile)
	require.NoError(t, err)
	assert.Contains(t, string(log), version)
	assert.FileExists(t, filepath.Join(folder, "fieldgate-engine"))

	// The port is taken now: another daemon says so, and not only to the log.
	out, err = exec.Command(built, "-C", "-c", config, "-Lf", logFile+"2", addr).CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "address already in use")
	assert.Contains(t, string(out), "the daemon did not start")

	require.NoError(t, syscall.Kill(pid, syscall.SIGTERM))
	assert.Eventually(t, func() bool {
		_, err := os.Stat(pidFile)
		return errors.Is(err, fs.ErrNotExist)
	}, 20*time.Second, 10*time.Millisecond)
}

func TestIntegrationExtend(t *testing.T) {
	const tree = ".1.3.6.1.4.1.8072.1.3.2"
	config := configFile(t, "rocommunity monitors\nextend two /bin/sh -c \"echo one; echo two; exit 3\"\nextend absent /nonexistent/program\n")
	t.Run("off", func(t *testing.T) {
		addr := freeAddress(t)
		p := launch(t, "", built, "-c", config, addr)
		p.find("Warning: 2 lines with extend have no effect: programs are run with --extend only.")
		assert.Contains(t, ask(t, "snmpwalk", "-v2c", "-c", "monitors", addr, tree), "No Such Object")
	})
	t.Run("on", func(t *testing.T) {
		addr := freeAddress(t)
		launch(t, "", built, "-c", config, "--extend", addr)
		walk := ask(t, "snmpwalk", "-v2c", "-c", "monitors", addr, tree)
		for _, want := range []string{
			tree + ".1.0 = INTEGER: 2",
			tree + `.3.1.1.3.116.119.111 = STRING: "one"`, tree + ".3.1.3.3.116.119.111 = INTEGER: 2", tree + ".3.1.4.3.116.119.111 = INTEGER: 3",
			tree + `.4.1.2.3.116.119.111.2 = STRING: "two"`,
			tree + ".3.1.4.6.97.98.115.101.110.116 = INTEGER: 1",
			tree + `.3.1.1.6.97.98.115.101.110.116 = STRING: "/nonexistent/program: No such file or directory"`,
		} {
			assert.Contains(t, walk, want)
		}
	})
}

// Every kind of destination gets the coldStart.
func TestIntegrationTraps(t *testing.T) {
	sink := freeAddress(t)
	conf := configFile(t, `
authCommunity log one
authCommunity log two
authCommunity log informed
createUser -e 0x80001f8804666965 bob SHA-256 longpassword AES longpassword
createUser anne SHA-512 otherpassword AES-256 otherpassword
authUser log bob priv
authUser log anne priv
`)
	receiver := launch(t, "", peer(t, "snmptrapd"), "-c", conf, "-n", "-On", "-X", "-F", "GOT %P|%N|%w/%q|%v\n", "udp:"+sink)
	host, port, err := net.SplitHostPort(sink)
	require.NoError(t, err)
	config := configFile(t, `
exactEngineID 0x80001f8804666965
createUser bob SHA-256 longpassword AES
trapcommunity two
trapsink `+host+" one "+port+`
trap2sink udp:`+sink+`
informsink `+sink+` informed
trapsess -v 3 -u bob -l authPriv `+sink+`
trapsess -v 3 -Ci -r 3 -t 5 -u anne -l authPriv -a SHA-512 -A otherpassword -x AES-256 -X otherpassword udp:`+sink+`
`)
	launch(t, "", built, "-c", config, freeAddress(t))
	receiver.find("GOT TRAP, SNMP v1, community one|.1.3.6.1.4.1.8072.3.2.10|0/0|")
	const coldStart = "OID: .1.3.6.1.6.3.1.1.5.1"
	for _, want := range []string{"TRAP2, SNMP v2c, community two|", "INFORM, SNMP v2c, community informed|", "TRAP2, SNMP v3, user bob, context |", "INFORM, SNMP v3, user anne, context |"} {
		assert.Contains(t, receiver.find("GOT "+want), coldStart)
	}
}

func TestBadStart(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	config := configFile(t, "rocommunity monitors\n")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"port taken":  {[]string{"-f", "-c", config, taken.LocalAddr().String()}, "address already in use"},
		"no file":     {[]string{"-f", "-c", "/none.conf"}, "the configuration cannot be read: open /none.conf: no such file or directory"},
		"in child":    {[]string{"-c", "/none.conf"}, "the configuration cannot be read: open /none.conf: no such file or directory"},
		"tcp":         {[]string{"-f", "tcp:161"}, `address "tcp:161": only UDP is supported`},
		"bad port":    {[]string{"-f", "127.0.0.1:x"}, `"x" is no port`},
		"bad flag":    {[]string{"-Z"}, "-Z is no flag"},
		"no value":    {[]string{"-c"}, "-c needs a value"},
		"bad log":     {[]string{"-Lq"}, "-Lq: want e, o, n, f FILE or s FACILITY"},
		"log file":    {[]string{"-f", "-Lf", "/none/log"}, "the log cannot be written: open /none/log"},
		"pid file":    {[]string{"-f", "-c", config, "-p", "/none/pid", freeAddress(t)}, "open /none/pid: no such file or directory"},
		"a directory": {[]string{"-f", "-c", "/dev"}, "/dev: not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(built, append([]string{"-C"}, c.args...)...)
			cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+t.TempDir())
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, 1, exit.ExitCode())
			assert.Contains(t, string(out), c.want)
		})
	}
}

func TestVersionAndHelp(t *testing.T) {
	out, err := exec.Command(built, "-v").Output()
	require.NoError(t, err)
	assert.Equal(t, "NET-SNMP version 5.9 (fieldgate)\n", string(out))
	out, err = exec.Command(built, "-h").Output()
	require.NoError(t, err)
	assert.Equal(t, usage, string(out))
}
