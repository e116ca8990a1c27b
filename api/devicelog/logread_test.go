package devicelog_test

import (
	"bytes"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/devicelog"
)

const (
	syslogd   = "/sbin/syslogd"
	logread   = "/usr/bin/logread"
	devLog    = "/dev/log"
	ownDevice = `set -e
dev=$(mktemp -d)
mount -t tmpfs tmpfs "$dev"
touch "$dev/null"
mount --bind /dev/null "$dev/null"
mount --move "$dev" /dev
rmdir "$dev"
exec "$@"`
)

// inside tells that the test runs in namespaces of its own, see isolated.
var inside = flag.Bool("fieldgate.inside", false, "the test has its own mount and IPC namespaces")

// isolated runs the calling test once more in a mount namespace with a
// private /dev, where syslogd's socket comes to be, and an IPC namespace,
// where its buffer does. It reports true there; outside it reports what came
// of it and returns false.
func isolated(t *testing.T) bool {
	t.Helper()
	if *inside {
		return true
	}
	needPeer(t, syslogd, "busybox-syslogd")
	needPeer(t, logread, "busybox-syslogd")
	needPeer(t, "/usr/bin/unshare", "util-linux")
	if out, err := exec.CommandContext(t.Context(), "/usr/bin/unshare", "--mount", "--ipc", "true").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "needs root: %s", out)
		}
		t.Skipf("namespaces need root: %s", out)
	}
	self, err := os.Executable()
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), "/usr/bin/unshare", "--mount", "--ipc", "/bin/sh", "-c", ownDevice, "sh",
		self, "-test.run=^"+t.Name()+"$", "-test.v", "-fieldgate.inside").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	t.Logf("%s", out)
	return false
}

// startSyslogd runs busybox syslogd with 64 KiB of memory until the test
// ends.
func startSyslogd(t *testing.T) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(syslogd, "-n", "-C64")
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Signal(os.Interrupt))
		_ = cmd.Wait() // of a signal
		assert.NoError(t, os.RemoveAll(devLog))
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("unixgram", devLog)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond, "%s", &out)
}

// toSyslogd sends lines as programs do, and waits until the last is there:
// datagrams are taken in their order.
func toSyslogd(t *testing.T, lines ...string) {
	t.Helper()
	conn, err := net.Dial("unixgram", devLog)
	require.NoError(t, err)
	defer conn.Close()
	for _, line := range lines {
		_, err := io.WriteString(conn, "<13>test: "+line)
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		out, err := exec.Command(logread).Output()
		return err == nil && bytes.Contains(out, []byte(lines[len(lines)-1]))
	}, 10*time.Second, 10*time.Millisecond)
}

func TestIntegrationLogreadConforms(t *testing.T) {
	if !isolated(t) {
		return
	}
	suite.TestSyslog(t, func(t *testing.T) suite.SyslogRig {
		startSyslogd(t)
		return suite.SyslogRig{Syslog: devicelog.Logread{}, Append: toSyslogd}
	})
}

func TestIntegrationLogreadWithoutDaemon(t *testing.T) {
	if !isolated(t) {
		return
	}
	err := devicelog.Logread{}.WriteLog(t.Context(), io.Discard)
	require.ErrorContains(t, err, "devicelog: logread: logread: can't find syslogd buffer")
}
