package packaging

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unit is a unit of systemd: its settings by name, in the order of the file.
type unit map[string][]string

func parseUnit(text string) unit {
	u := make(unit)
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		name, value, is := strings.Cut(strings.TrimSpace(line), "=")
		if is && !strings.HasPrefix(name, "#") {
			u[name] = append(u[name], value)
		}
	}
	return u
}

// one returns the value of a setting that is there once.
func (u unit) one(t *testing.T, name string) string {
	t.Helper()
	require.Len(t, u[name], 1, name)
	return u[name][0]
}

// daemon is a service that was started as its unit says, but by this test.
type daemon struct {
	t      *testing.T
	cmd    *exec.Cmd
	log    *os.File
	notify *net.UnixConn
	ended  chan struct{} // closed when it has
	result error         // then

	mu   sync.Mutex
	said []string
}

// start starts the service of the installed unit: user, groups, capabilities,
// folders, environment and commands are those of the unit. What only systemd
// can do (mounts, seccomp) is not there; TestIntegrationBoot has it.
func (m *machine) start(watchdog string) *daemon {
	t := m.t
	t.Helper()
	u := parseUnit(read(t, filepath.Join(m.root, "lib/systemd/system/fieldgate.service")))
	require.Equal(t, "notify", u.one(t, "Type"))
	require.NotEmpty(t, u.one(t, "WatchdogSec"))
	user, group := u.one(t, "User"), u.one(t, "Group")
	for setting, parent := range map[string]string{"RuntimeDirectory": "/run/", "StateDirectory": "/var/lib/", "ConfigurationDirectory": "/etc/"} {
		folder := parent + u.one(t, setting)
		m.inside("install", "-d", "-m", u.one(t, setting+"Mode"), folder)
		if setting != "ConfigurationDirectory" { // as systemd does
			m.inside("chown", user+":"+group, folder)
		}
	}
	for _, before := range u["ExecStartPre"] {
		m.inside("sh", "-c", strings.TrimLeft(before, "+-"))
	}
	var wants []string
	for _, name := range strings.Fields(u.one(t, "AmbientCapabilities")) {
		wants = append(wants, "+"+strings.ToLower(strings.TrimPrefix(name, "CAP_")))
	}
	capabilities := strings.Join(wants, ",")
	assert.Equal(t, u.one(t, "AmbientCapabilities"), u.one(t, "CapabilityBoundingSet"))
	groups := group
	for _, name := range strings.Fields(u.one(t, "SupplementaryGroups")) {
		if _, err := tryCommand(t, "nsenter", m.entry("getent", "group", name)...); err == nil { // systemd-journal comes with systemd
			groups += "," + name
		}
	}

	address := filepath.Join(m.root, "run", "notify")
	_ = os.Remove(address)
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	require.NoError(t, err)
	require.NoError(t, os.Chmod(address, 0o666))
	d := &daemon{t: t, notify: notify, ended: make(chan struct{})}
	read := make(chan struct{})
	go func() { defer close(read); d.listen() }()
	t.Cleanup(func() { assert.NoError(t, notify.Close()); <-read })

	// The shell that becomes the service reads the settings as systemd does.
	script := "umask " + u.one(t, "UMask") + "\nset -a\n. " + strings.TrimPrefix(u.one(t, "EnvironmentFile"), "-") +
		"\nset +a\nNOTIFY_SOCKET=/run/notify WATCHDOG_USEC=" + watchdog + " exec setpriv --reuid " + user + " --regid " + group + " --groups " + groups +
		" --inh-caps=-all," + capabilities + " --ambient-caps=-all," + capabilities + " --bounding-set=-all," + capabilities
	if u.one(t, "NoNewPrivileges") == "yes" {
		script += " --no-new-privs"
	}
	script += " -- " + u.one(t, "ExecStart")
	d.log, err = os.CreateTemp(t.TempDir(), "log")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, d.log.Close()) })
	d.cmd = exec.Command("nsenter", m.entry("sh", "-c", script)...)
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	require.NoError(t, d.cmd.Start())
	go func() { d.result = d.cmd.Wait(); close(d.ended) }()
	t.Cleanup(func() { _ = d.cmd.Process.Kill(); <-d.ended })
	soon(t, "READY=1", func() bool {
		select {
		case <-d.ended:
			require.Fail(t, "it has ended", "%v: %s", d.result, d.printed())
		default:
		}
		return d.heard("READY=1") > 0
	})
	return d
}

func (d *daemon) listen() {
	message := make([]byte, 1<<10)
	for {
		n, err := d.notify.Read(message)
		if err != nil {
			return
		}
		d.mu.Lock()
		d.said = append(d.said, strings.Fields(string(message[:n]))...)
		d.mu.Unlock()
	}
}

// heard counts how often systemd would have been told a word.
func (d *daemon) heard(word string) (times int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, said := range d.said {
		if said == word {
			times++
		}
	}
	return times
}

// wait waits for its end, which is as was asked.
func (d *daemon) wait() {
	d.t.Helper()
	soon(d.t, "it ends", func() bool {
		select {
		case <-d.ended:
			return true
		default:
			return false
		}
	})
	require.NoError(d.t, d.result, d.printed())
}

func (d *daemon) printed() string { return read(d.t, d.log.Name()) }

// signal sends a signal to the service itself, and not to nsenter.
func (d *daemon) signal(s syscall.Signal) {
	d.t.Helper()
	require.NoError(d.t, syscall.Kill(d.pid(), s))
}

// pid is that of the service, as the host sees it.
func (d *daemon) pid() int {
	d.t.Helper()
	own := strconv.Itoa(d.cmd.Process.Pid)
	children := strings.Fields(read(d.t, "/proc/"+own+"/task/"+own+"/children"))
	require.Len(d.t, children, 1, "nsenter has one child")
	pid, err := strconv.Atoi(children[0])
	require.NoError(d.t, err)
	return pid
}

// capabilities are those that the process really has.
func (d *daemon) capabilities() string {
	d.t.Helper()
	file := read(d.t, fmt.Sprintf("/proc/%d/status", d.pid()))
	lines := bufio.NewScanner(strings.NewReader(file))
	for lines.Scan() {
		if value, is := strings.CutPrefix(lines.Text(), "CapEff:"); is {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
