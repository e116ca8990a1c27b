package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rcCommon stands in for OpenWrt's: it runs one action of an init script, and
// notes what procd is told.
const rcCommon = `#!/bin/sh
initscript=$1
action=$2
procd_open_instance() { echo "open $*" >>/procd; }
procd_set_param() { echo "set $*" >>/procd; }
procd_close_instance() { echo close >>/procd; }
procd_send_signal() { echo "signal $*" >>/procd; }
reload() { reload_service; }
start() { start_service; : >/running; }
stop() { echo stop >>/procd; rm -f /running; }
running() { [ -e /running ]; }
enable() { ln -sf "../init.d/${initscript##*/}" "/etc/rc.d/S${START}${initscript##*/}"; }
disable() { rm -f /etc/rc.d/S??"${initscript##*/}"; }
. "$initscript"
case " start stop reload running enable disable $EXTRA_COMMANDS " in
*" $action "*) $action ;;
*) echo "no action $action" >&2; exit 1 ;;
esac
`

// openWRT is a root folder with the shell and the tools of OpenWrt, as opkg has
// unpacked the package into.
type openWRT struct {
	*machine
	control string // the folder of the control files
}

func newOpenWRT(t *testing.T, ipk string) openWRT {
	t.Helper()
	needs(t, "busybox", "tar")
	busybox, err := exec.LookPath("busybox")
	require.NoError(t, err)
	root, err := os.MkdirTemp("", "fg")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(root)) })
	require.NoError(t, os.Chmod(root, 0o755))
	for _, folder := range []string{"bin", "sbin", "usr/bin", "usr/sbin", "etc/rc.d", "dev", "proc", "tmp/run", "upload"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, folder), 0o755))
	}
	require.NoError(t, os.Symlink("tmp", filepath.Join(root, "var"))) // in memory, as there
	command(t, "cp", "-L", busybox, filepath.Join(root, "bin", "busybox"))
	if out, err := tryCommand(t, "chroot", root, "/bin/busybox", "--install", "-s"); err != nil {
		skip(t, "busybox is no static program: "+out)
	}
	command(t, "mknod", filepath.Join(root, "dev", "null"), "c", "1", "3")
	require.NoError(t, os.WriteFile(filepath.Join(root, "etc", "rc.common"), []byte(rcCommon), 0o755))

	// An .ipk is a .tar.gz of three files.
	o := openWRT{control: filepath.Join(root, "upload", "control")}
	command(t, "tar", "-xzf", ipk, "-C", filepath.Join(root, "upload"))
	assert.Equal(t, "2.0\n", read(t, filepath.Join(root, "upload", "debian-binary")))
	require.NoError(t, os.Mkdir(o.control, 0o755))
	command(t, "tar", "-xzf", filepath.Join(root, "upload", "control.tar.gz"), "-C", o.control)
	command(t, "tar", "-xzf", filepath.Join(root, "upload", "data.tar.gz"), "-C", root)
	o.machine = newMachine(t, root)
	return o
}

// script runs a control script as opkg does.
func (o openWRT) script(name, action, upgrade string) string {
	o.t.Helper()
	return o.inside("env", "PKG_UPGRADE="+upgrade, "/upload/control/"+name, action)
}

// told is what procd was told since the last call.
func (o openWRT) told() string {
	o.t.Helper()
	path := filepath.Join(o.root, "procd")
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return ""
	}
	require.NoError(o.t, err)
	require.NoError(o.t, os.Remove(path))
	return string(text)
}

// The package of OpenWrt installs, starts, hands over and leaves under
// busybox. There is no opkg and no procd here: the test does what they do.
func TestIntegrationOpenWRT(t *testing.T) {
	r := theReleases(t)
	o := newOpenWRT(t, one(t, r.first, "*_x86_64.ipk"))

	control := read(t, filepath.Join(o.control, "control"))
	for _, line := range []string{"Package: fieldgate", "Version: 0.1.0-1", "Architecture: x86_64", "License: Apache-2.0", "Section: net"} {
		assert.Contains(t, control, line+"\n")
	}
	assert.NotContains(t, control, "Depends:", "a program of Go needs nothing")
	assert.NotContains(t, read(t, filepath.Join(o.control, "conffiles")), "/", "the gateway writes its own configuration")
	assert.Equal(t, "/etc/fieldgate/\n", read(t, filepath.Join(o.root, "lib/upgrade/keep.d/fieldgate")), "a firmware upgrade keeps it")

	// In an image that is being made nothing is started.
	assert.Empty(t, o.inside("env", "IPKG_INSTROOT=/somewhere", "/bin/sh", "/upload/control/postinst", "configure"))
	assert.Empty(t, o.told())

	installed := o.script("postinst", "configure", "0")
	told := o.told()
	start := "open \nset command /usr/sbin/fieldgate -state /etc/fieldgate -run /var/run/fieldgate -quiet\n"
	assert.True(t, strings.HasPrefix(told, start), told)
	assert.Contains(t, told, "set respawn 3600 5 0\n")
	assert.Contains(t, told, "set term_timeout 45\n")
	assert.FileExists(t, filepath.Join(o.root, "etc/rc.d/S95fieldgate"))
	for path, mode := range map[string]string{"etc/fieldgate": "700", "etc/fieldgate/gateway.yaml": "600", "tmp/run/fieldgate": "700"} {
		assert.Equal(t, mode, strings.TrimSpace(command(t, "stat", "-c", "%a", filepath.Join(o.root, path))), path)
	}

	// What procd is told to run, it runs here.
	_, line, _ := strings.Cut(strings.Split(told, "\n")[1], "set command ")
	cmd := exec.Command("nsenter", o.entry(strings.Fields(line)...)...)
	log, err := os.CreateTemp(t.TempDir(), "log")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, log.Close()) })
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	soon(t, "it serves", func() bool { return strings.Contains(read(t, log.Name()), "page and API are served") })
	p := o.browser(t)
	p.login(o.password(installed))
	p.setModel("changed")
	config := filepath.Join(o.root, "etc/fieldgate/gateway.yaml")
	assert.Contains(t, read(t, config), "changed")
	assert.NotContains(t, read(t, log.Name()), "password")

	o.inside("/etc/init.d/fieldgate", "reload")
	assert.Equal(t, "signal fieldgate * HUP\n", o.told())

	// An upgrade stops nothing and lets the new version take over.
	o.script("prerm", "upgrade", "1")
	assert.Empty(t, o.told())
	o.script("postinst", "configure", "1")
	assert.Equal(t, "signal fieldgate * USR2\n", o.told())
	assert.Contains(t, read(t, config), "changed")

	// A removal waits for the end, so that no program is taken from under it.
	removed := make(chan string)
	go func() {
		out, err := exec.Command("nsenter", o.entry("/bin/sh", "/upload/control/prerm", "remove")...).CombinedOutput()
		if err != nil {
			out = append(out, err.Error()...)
		}
		removed <- string(out)
	}()
	soon(t, "procd is told", func() bool { _, err := os.Stat(filepath.Join(o.root, "procd")); return err == nil })
	assert.NoFileExists(t, filepath.Join(o.root, "etc/rc.d/S95fieldgate"))
	o.inside("killall", "fieldgate") // what procd does
	assert.Empty(t, <-removed)
	require.NoError(t, cmd.Wait(), read(t, log.Name()))
	assert.Equal(t, "stop\n", o.told())
	assert.Contains(t, read(t, config), "changed", "the configuration stays")
	assert.NoDirExists(t, filepath.Join(o.root, "tmp/run/fieldgate"))
	assert.Empty(t, o.processes())
}

// Every .ipk has the architecture of its name.
func TestIntegrationArchitectures(t *testing.T) {
	r := theReleases(t)
	packages, err := filepath.Glob(filepath.Join(r.first, "*.ipk"))
	require.NoError(t, err)
	require.NotEmpty(t, packages)
	for _, ipk := range packages {
		arch := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(ipk), "fieldgate_0.1.0-1_"), ".ipk")
		control := command(t, "sh", "-c", `tar -xzOf "$1" ./control.tar.gz | tar -xzO ./control`, "sh", ipk)
		assert.Contains(t, control, "Architecture: "+arch+"\n")
		size := strings.TrimSpace(command(t, "sh", "-c", `tar -xzOf "$1" ./data.tar.gz | gzip -dc | wc -c`, "sh", ipk))
		assert.Contains(t, control, "\nInstalled-Size: "+size+"\n", "in bytes, as opkg reads it")
		assert.Equal(t, "./debian-binary\n./control.tar.gz\n./data.tar.gz\n", command(t, "tar", "-tzf", ipk))
	}
	for _, arch := range []string{"amd64", "arm64", "armhf"} {
		for _, deb := range func() []string { found, _ := filepath.Glob(filepath.Join(r.first, "*_"+arch+".deb")); return found }() {
			assert.Equal(t, arch+"\n", command(t, "dpkg-deb", "-f", deb, "Architecture"))
		}
	}
}
