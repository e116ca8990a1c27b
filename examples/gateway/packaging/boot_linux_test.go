package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bootPackages are what a machine that boots has besides: systemd, and what
// tunnels need.
var bootPackages = []string{
	"systemd", "systemd-sysv", "dbus", "procps", "iproute2", "openvpn",
	"charon-systemd", "strongswan-swanctl", "libstrongswan-standard-plugins", "libcharon-extra-plugins",
}

// boot starts systemd as the first process of a root folder.
func boot(t *testing.T, root string) *machine {
	t.Helper()
	needs(t, "systemd-nspawn", "nsenter", "ip", "curl")
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		skip(t, err.Error())
	}
	log, err := os.CreateTemp(t.TempDir(), "boot")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, log.Close()) })
	container := exec.Command("systemd-nspawn", "--quiet", "--directory="+root, "--boot", "--register=no", "--keep-unit",
		"--machine=fg"+strconv.Itoa(os.Getpid()), "--private-network", "--bind=/dev/net/tun", "--console=pipe")
	container.Stdout, container.Stderr = log, log
	require.NoError(t, container.Start())
	ended := make(chan struct{})
	go func() { _ = container.Wait(); close(ended) }()
	m := &machine{t: t, root: root}
	t.Cleanup(func() {
		if m.holder != 0 { // the container outlives a systemd-nspawn that is killed
			_ = syscall.Kill(m.holder, syscall.SIGKILL)
		}
		_ = container.Process.Kill()
		<-ended
	})
	own := strconv.Itoa(container.Process.Pid)
	soon(t, "systemd is up", func() bool {
		select {
		case <-ended:
			skip(t, "systemd-nspawn cannot boot here: "+read(t, log.Name()))
		default:
		}
		children, _ := os.ReadFile("/proc/" + own + "/task/" + own + "/children")
		if m.holder, _ = strconv.Atoi(strings.TrimSpace(string(children))); m.holder == 0 {
			return false
		}
		state, _ := tryCommand(t, "nsenter", m.entry("systemctl", "is-system-running")...)
		return strings.HasPrefix(state, "running") || strings.HasPrefix(state, "degraded")
	})
	guard(t, m.holder)
	return m
}

// report logs what systemd knows, when the test has failed.
func (m *machine) report() {
	if m.t.Failed() {
		out, err := tryCommand(m.t, "nsenter", m.entry("sh", "-c", "systemctl status fieldgate --no-pager; journalctl -n 60 --no-pager")...)
		m.t.Logf("%s %v", out, err)
	}
}

// property is what systemd knows of the service.
func (m *machine) property(name string) string {
	m.t.Helper()
	return strings.TrimSpace(m.inside("systemctl", "show", "--property="+name, "--value", "fieldgate.service"))
}

// status is a line of /proc/PID/status of the service, as the machine sees it.
func (m *machine) status(name string) string {
	m.t.Helper()
	for line := range strings.Lines(m.inside("cat", "/proc/"+m.property("MainPID")+"/status")) {
		if value, is := strings.CutPrefix(line, name+":"); is {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	return ""
}

// pids are those of a program in the machine.
func (m *machine) pids(program string) string {
	out, _ := tryCommand(m.t, "nsenter", m.entry("pidof", program)...)
	return strings.TrimSpace(out)
}

// The tunnel of the specification, and an OpenVPN tunnel whose other end never
// answers.
const (
	specified = `ipsec:
  enabled: true
  connections:
    - {name: demo0, enabled: true, gateway: 192.0.2.1, local_subnets: 10.10.12.0/24, remote_subnets: 10.10.10.0/24,
       pre_shared_key: thebigsecret, local_id: wcclite, phase1: aes256_sha256_dh5, phase2: aes128_sha1}
  phase1_proposals: [{name: aes256_sha256_dh5, encryption: aes256, hash: sha256, dh: 5}]
  phase2_proposals: [{name: aes128_sha1, encryption: aes128, hash: sha1}]
`
	office = `openvpn:
  enabled: true
  instances:
    - {name: office, enabled: true, role: peer, remotes: [{host: 127.0.0.1}], files: {secret: static.key},
       ifconfig: {local: 10.9.0.1, remote: 10.9.0.2}, options: [{name: cipher, args: [AES-256-CBC]}]}
`
)

// Under a real systemd: the unit's user, capabilities, mounts and filters leave
// room for tunnels of charon and openvpn; these outlive upgrades and crashes; a
// gateway that hangs is restarted; and nothing is left in the end. It takes a
// minute or two.
func TestIntegrationBoot(t *testing.T) {
	if os.Getenv("FIELDGATE_BOOT") == "" {
		t.Skip("set FIELDGATE_BOOT=1, as make test-release does")
	}
	root := layered(t, debootstrapped(t, bootPackages...))
	r := theReleases(t)
	m := boot(t, root)
	defer m.report()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "upload"), 0o755))
	install := func(folder string) string {
		t.Helper()
		deb := one(t, folder, "*_amd64.deb")
		command(t, "cp", deb, filepath.Join(root, "upload"))
		return m.inside("dpkg", "-i", "/upload/"+filepath.Base(deb))
	}
	active := func(what string) {
		t.Helper()
		soon(t, what, func() bool { return m.property("ActiveState") == "active" })
	}
	told := install(r.first)
	active("installing starts it")
	assert.Equal(t, "enabled", m.property("UnitFileState"))
	assert.Equal(t, "0000000000001400", m.status("CapEff"))
	assert.Equal(t, "0000000000001400", m.status("CapBnd"))
	assert.Equal(t, "1", m.status("NoNewPrivs"))
	assert.Equal(t, "2", m.status("Seccomp"), "a filter is in force")
	assert.NotEqual(t, "0 0 0 0", m.status("Uid"))
	p := m.browser(t)
	password := m.password(told)
	p.login(password)

	// The tunnels.
	config := filepath.Join(root, "etc/fieldgate/gateway.yaml")
	m.inside("install", "-d", "-o", "fieldgate", "-g", "fieldgate", "-m", "0700", "/var/lib/fieldgate/openvpn/office")
	m.inside("sh", "-c", "umask 077 && openvpn --genkey secret /var/lib/fieldgate/openvpn/office/static.key && chown fieldgate: /var/lib/fieldgate/openvpn/office/static.key")
	m.inside("systemctl", "restart", "strongswan") // with the drop-in of the package
	require.NoError(t, os.WriteFile(config, []byte("web: {listen: \":8443\"}\ntelemetry: {enabled: false}\npoints: {source: none}\n"+specified+office), 0o600))
	m.inside("systemctl", "reload", "fieldgate")
	armed := func(what string) {
		t.Helper()
		soon(t, what, func() bool {
			conns, _ := tryCommand(t, "nsenter", m.entry("swanctl", "--list-conns")...)
			return strings.Contains(conns, "fieldgate-demo0") && strings.Contains(conns, "10.10.12.0/24") && strings.Contains(conns, "wcclite")
		})
	}
	armed("charon has the tunnel of the specification")
	soon(t, "openvpn runs", func() bool { return m.pids("openvpn") != "" })
	soon(t, "it has its device", func() bool { return strings.Contains(m.inside("ip", "-br", "addr"), "10.9.0.1") })
	tunnel := m.pids("openvpn")

	// Upgrades and crashes leave them alone.
	before := m.property("MainPID")
	install(r.next)
	soon(t, "the new version has taken over", func() bool { return m.property("MainPID") != before })
	active("it is ready")
	p = m.browser(t)
	p.login(password)
	assert.Contains(t, p.get("/services/status"), nextVersion)
	assert.Equal(t, tunnel, m.pids("openvpn"), "the same process")
	armed("charon still has it")
	before = m.property("MainPID")
	m.inside("kill", "-KILL", before)
	soon(t, "it is restarted", func() bool { return m.property("MainPID") != before && m.property("ActiveState") == "active" })
	assert.Equal(t, tunnel, m.pids("openvpn"), "the same process")

	// A gateway that hangs is killed. The times are made short for the test.
	dropIns := "/run/systemd/system/fieldgate.service.d"
	m.inside("sh", "-c", "mkdir -p "+dropIns+" && printf '[Service]\\nWatchdogSec=3\\nTimeoutAbortSec=2\\n' >"+dropIns+"/test.conf && systemctl daemon-reload && systemctl restart fieldgate")
	before = m.property("MainPID")
	m.inside("kill", "-STOP", before)
	soon(t, "the watchdog sees it", func() bool { return m.property("MainPID") != before && m.property("ActiveState") == "active" })
	assert.Contains(t, m.inside("journalctl", "-u", "fieldgate", "--no-pager"), "Watchdog timeout")
	m.inside("sh", "-c", "rm -r "+dropIns+" && systemctl daemon-reload && systemctl restart fieldgate")

	// As root for L2TP, and back: both find their files.
	m.inside("install", "-D", "-m", "0644", "/usr/share/fieldgate/l2tp.conf", "/etc/systemd/system/fieldgate.service.d/l2tp.conf")
	m.inside("sh", "-c", "systemctl daemon-reload && systemctl restart fieldgate")
	assert.Equal(t, "0 0 0 0", m.status("Uid"))
	soon(t, "openvpn runs again", func() bool { return m.pids("openvpn") != "" })
	p = m.browser(t)
	p.login(password)
	p.setModel("saved by root")
	m.inside("sh", "-c", "rm /etc/systemd/system/fieldgate.service.d/l2tp.conf && systemctl daemon-reload && systemctl restart fieldgate")
	assert.NotEqual(t, "0 0 0 0", m.status("Uid"))
	soon(t, "openvpn runs again", func() bool { return m.pids("openvpn") != "" })
	p = m.browser(t)
	p.login(password)
	p.setModel("saved by its user")
	armed("charon has it")
	assert.NotContains(t, m.inside("journalctl", "-u", "fieldgate", "--no-pager"), password)

	// The end.
	m.inside("dpkg", "-r", "fieldgate")
	assert.Empty(t, m.pids("fieldgate"))
	assert.Empty(t, m.pids("openvpn"))
	assert.NotContains(t, m.inside("swanctl", "--list-conns"), "demo0")
	assert.Contains(t, read(t, config), "saved by its user")
	m.inside("dpkg", "-P", "fieldgate")
	left := m.inside("sh", "-c", "find / -xdev -name '*fieldgate*' ! -path '/proc/*' ! -path '/upload/*'; find /run -name '*fieldgate*'; getent passwd fieldgate; getent group fieldgate; true")
	assert.Empty(t, left)
}
