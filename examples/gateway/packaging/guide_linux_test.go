package packaging

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/docs"
)

// preamble is what a clean root lacks: sudo, for who is root, and systemd,
// whose commands are noted. apt asks nobody, and fetches nothing.
const preamble = `set -eu
sudo() { "$@"; }
systemctl() { echo "systemctl $*" >>/tmp/systemctl; }
apt() { command apt-get --yes --quiet --no-install-recommends "$@"; }
cd /upload
`

// Who follows the operator guide on a clean Debian, line by line, has a gateway
// with a password that works, and after the last line nothing of it.
func TestIntegrationOperatorGuide(t *testing.T) {
	const name = "docs/operator.md"
	text, err := os.ReadFile(filepath.Join(repository(), name))
	require.NoError(t, err)
	var blocks []string
	for _, b := range docs.Blocks(name, string(text)) {
		if b.Kind == "debian" && b.Arg == t.Name() {
			blocks = append(blocks, b.Text)
		}
	}
	require.Greater(t, len(blocks), 5)

	root := layered(t, debootstrapped(t))
	r := theReleases(t)
	m := newMachine(t, root)
	require.NoError(t, os.MkdirAll(filepath.Join(root, "upload"), 0o755))
	command(t, "cp", one(t, r.first, "*_amd64.deb"), filepath.Join(root, "upload"))

	var p page
	for _, block := range blocks {
		if strings.Contains(block, "-doctor") {
			block = strings.TrimSuffix(block, "\n") + " || test $? = 1\n" // nothing keeps the clock here
		}
		printed := m.inside("bash", "-c", preamble+block)
		switch {
		case strings.Contains(block, "apt install"):
			m.start("60000000") // as systemd would
		case strings.Contains(block, "-new-password"):
			password := printedPassword.FindStringSubmatch(printed)
			require.NotNil(t, password, printed)
			p = m.browser(t)
			p.login(password[1])
		case strings.Contains(block, "-doctor"):
			assert.NotContains(t, printed, "fault", "a gateway that is new has none")
		case strings.Contains(block, "l2tp.conf"):
			assert.FileExists(t, filepath.Join(root, "etc/systemd/system/fieldgate.service.d/l2tp.conf"))
		case strings.Contains(block, "tar "):
			assert.Contains(t, m.inside("tar", "-tzf", "/upload/fieldgate-backup.tar.gz"), "var/lib/fieldgate/users.yaml")
		}
	}
	noted, err := os.ReadFile(filepath.Join(root, "tmp", "systemctl"))
	require.NoError(t, err)
	for _, command := range []string{"daemon-reload", "restart fieldgate", "reload fieldgate", "stop fieldgate", "start fieldgate", "--signal=SIGUSR2 fieldgate"} {
		assert.Contains(t, string(noted), command)
	}
	assert.Empty(t, m.processes())
	for _, left := range []string{"usr/sbin/fieldgate", "etc/fieldgate", "var/lib/fieldgate", "run/fieldgate"} {
		_, err := os.Lstat(filepath.Join(root, left))
		assert.ErrorIs(t, err, os.ErrNotExist, left)
	}
}
