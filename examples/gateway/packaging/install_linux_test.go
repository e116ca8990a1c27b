package packaging

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// page is a browser on the pages.
type page struct {
	m        *machine
	jar, url string
}

func (m *machine) browser(t *testing.T) page {
	t.Helper()
	return page{m, filepath.Join(t.TempDir(), "cookies"), "https://127.0.0.1:8443"}
}

// get returns a page; with fields it posts them.
func (p page) get(path string, fields ...string) string {
	p.m.t.Helper()
	args := []string{"curl", "--silent", "--show-error", "--fail-with-body", "--insecure", "--location", "--cookie", p.jar, "--cookie-jar", p.jar, "--max-time", "60"}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		args = append(args, "--data-raw", name+"="+url.QueryEscape(value))
	}
	return p.m.outside(append(args, p.url+path)...)
}

func (p page) login(password string) {
	p.m.t.Helper()
	require.NotContains(p.m.t, p.get("/login", "user=admin", "password="+password), `name="password"`, "the password is taken")
}

var (
	passwordCommand = regexp.MustCompile(`a password for its user admin: (.+)`)
	printedPassword = regexp.MustCompile(`Web page: user admin, password \(.*\): (\S+)`)
	baseField       = regexp.MustCompile(`name="base" value="(\d+)"`)
)

// password gives the user admin a password, by the command that installing
// has told.
func (m *machine) password(installed string) string {
	m.t.Helper()
	told := passwordCommand.FindStringSubmatch(installed)
	require.NotNil(m.t, told, installed)
	printed := printedPassword.FindStringSubmatch(m.inside(strings.Fields(told[1])...))
	require.NotNil(m.t, printed)
	return printed[1]
}

// setModel changes something on a page.
func (p page) setModel(model string) {
	t := p.m.t
	t.Helper()
	base := baseField.FindStringSubmatch(p.get("/config/device"))
	require.NotNil(t, base)
	p.get("/config/device", "base="+base[1], "model="+model, "action=apply")
}

// bookkeeping is what dpkg writes down, and what apt and login keep.
var bookkeeping = []string{
	"/proc", "/sys", "/run", "/dev", "/tmp", "/var/lib/dpkg", "/var/lib/apt", "/var/log", "/var/cache",
	"/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-", "/etc/.pwd.lock",
	"/upload",
}

// Who has a clean Debian installs the package, opens the page, changes
// something, gets a new version, removes the package and purges it. There is no
// systemd in a root like this, whose part the test takes.
func TestIntegrationInstall(t *testing.T) {
	root := layered(t, debootstrapped(t))
	r := theReleases(t)
	m := newMachine(t, root)
	before := files(t, root, bookkeeping...)
	require.Empty(t, m.processes())

	command(t, "mkdir", "-p", filepath.Join(root, "upload"))
	install := func(folder string) string {
		t.Helper()
		deb := one(t, folder, "*_amd64.deb")
		command(t, "cp", deb, filepath.Join(root, "upload"))
		return m.inside("apt-get", "install", "-y", "--no-install-recommends", "/upload/"+filepath.Base(deb))
	}
	told := install(r.first)

	d := m.start("1000000")
	soon(t, "the watchdog is fed", func() bool { return d.heard("WATCHDOG=1") > 2 })
	assert.Equal(t, "0000000000001400", d.capabilities(), "CAP_NET_ADMIN and CAP_NET_BIND_SERVICE")
	assert.NotContains(t, d.printed(), "password")
	for _, level := range []string{"WARN", "ERROR"} {
		assert.NotContains(t, d.printed(), "level="+level, "every service is off, and nothing is missing")
	}

	password := m.password(told)
	p := m.browser(t)
	p.login(password)
	status := p.get("/services/status")
	for _, service := range []string{"telemetry", "ipsec", "l2tp", "openvpn", "ser2net", "snmp", "api"} {
		assert.Regexp(t, `"name":"`+service+`","state":"disabled"`, status)
	}
	assert.Contains(t, status, "0.1.0")
	p.setModel("changed on the page")
	config := filepath.Join(root, "etc/fieldgate/gateway.yaml")
	assert.Contains(t, read(t, config), "changed on the page")

	// The commands of the operator guide, by root.
	at := []string{"fieldgate", "-state", "/var/lib/fieldgate", "-config", "/etc/fieldgate/gateway.yaml"}
	assert.Equal(t, "/etc/fieldgate/gateway.yaml: valid\n", m.inside(append(at, "-check")...))
	out, _ := tryCommand(t, "nsenter", m.entry(append(at, "-run", "/run/fieldgate", "-doctor")...)...)
	assert.NotContains(t, out, "fault", "nothing is wrong but, perhaps, the clock of this host")
	d.signal(syscall.SIGHUP) // systemctl reload
	soon(t, "it reads its configuration again", func() bool { return strings.Contains(d.printed(), "the configuration is taken over") })

	// The operator changes what dpkg keeps, too.
	settings := filepath.Join(root, "etc/default/fieldgate")
	command(t, "sed", "-i", "s/^#GOMEMLIMIT=.*/GOMEMLIMIT=60MiB/", settings)

	// An upgrade leaves the process to go on, and systemd lets the new one in.
	install(r.next)
	require.Len(t, m.processes(), 1, "no gap: the old version runs until the new one takes over")
	d.signal(syscall.SIGUSR2)
	d.wait()
	d = m.start("60000000")
	p = m.browser(t)
	p.login(password)
	assert.Contains(t, p.get("/services/status"), nextVersion)
	assert.Contains(t, read(t, config), "changed on the page")
	assert.Contains(t, read(t, settings), "\nGOMEMLIMIT=60MiB\n")

	// A removal ends what runs and leaves what the operator has made.
	m.inside("apt-get", "remove", "-y", "fieldgate")
	d.wait()
	assert.Equal(t, 1, d.heard("STOPPING=1"))
	assert.Empty(t, m.processes())
	assert.NoFileExists(t, filepath.Join(root, "usr/sbin/fieldgate"))
	assert.Contains(t, read(t, config), "changed on the page")
	assert.FileExists(t, filepath.Join(root, "var/lib/fieldgate/users.yaml"))

	// Who installs it again has everything as before.
	install(r.first)
	d = m.start("60000000")
	p = m.browser(t)
	p.login(password)
	p.setModel("changed again")

	// Purging leaves nothing.
	m.inside("apt-get", "purge", "-y", "fieldgate")
	d.wait()
	assert.Empty(t, m.processes())
	after := files(t, root, bookkeeping...)
	for name, content := range after {
		assert.Equal(t, before[name], content, "left behind: %s", name)
	}
	for name := range before {
		assert.Contains(t, after, name, "lost")
	}
	assert.NoDirExists(t, filepath.Join(root, "run/fieldgate"))
}

// The unit is one that systemd understands, and it gives the gateway little
// more than it needs.
func TestIntegrationUnit(t *testing.T) {
	for _, program := range []string{"systemd-analyze", "true"} {
		if _, err := exec.LookPath(program); err != nil {
			skip(t, err.Error())
		}
	}
	folder := t.TempDir()
	there, err := exec.LookPath("true")
	require.NoError(t, err)
	text := strings.ReplaceAll(read(t, "debian/fieldgate.service"), "/usr/sbin/fieldgate ", there+" ") // it is not installed here
	require.NoError(t, os.WriteFile(filepath.Join(folder, "fieldgate.service"), []byte(text), 0o600))
	for _, dropIn := range []string{"", "debian/l2tp.conf"} {
		if dropIn != "" {
			require.NoError(t, os.Mkdir(filepath.Join(folder, "fieldgate.service.d"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(folder, "fieldgate.service.d", "l2tp.conf"), []byte(read(t, dropIn)), 0o600))
		}
		out, err := tryCommand(t, "systemd-analyze", "verify", "--man=no", filepath.Join(folder, "fieldgate.service"))
		require.NoError(t, err, out)
		assert.Empty(t, out)
	}
	out, err := tryCommand(t, "systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=25", "debian/fieldgate.service")
	require.NoError(t, err, "the exposure is 2.5 of 10 at the most: %s", out)
}
