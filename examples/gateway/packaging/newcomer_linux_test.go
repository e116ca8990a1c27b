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

// uplink gives a machine the network 192.0.2.0/24 and one behind it, and the
// other end of the operator guide's tunnel, in a network namespace. ESP is that
// of user space, which no kernel lacks.
const uplink = `set -eu
sed -i 's/load = no/load = yes/' /etc/strongswan.d/charon/kernel-libipsec.conf
echo '192.0.2.2 ipsec.vpn.net' >>/etc/hosts
ip netns add peer
ip link add wan0 type veth peer name wan0 netns peer
ip link add lan0 type bridge
ip -n peer link add lan0 type bridge
ip addr add 192.0.2.1/24 dev wan0
ip -n peer addr add 192.0.2.2/24 dev wan0
ip addr add 10.10.12.1/24 dev lan0
ip -n peer addr add 10.10.10.1/24 dev lan0
for host in "ip" "ip -n peer"; do
	for link in lo wan0 lan0; do $host link set $link up; done
done
mkdir /run/peer
cat >/run/peer/strongswan.conf <<END
include /etc/strongswan.conf
charon-systemd {
  plugins {
    vici {
      socket = unix:///run/peer/vici
    }
  }
}
END
systemd-run --quiet --unit=peer --setenv=STRONGSWAN_CONF=/run/peer/strongswan.conf ip netns exec peer charon-systemd
for _ in $(seq 600); do [ -S /run/peer/vici ] && break; sleep 0.1; done
swanctl --load-all --uri unix:///run/peer/vici --file /upload/site.conf
`

// Who has never seen it installs the package under a real systemd, gets a
// password, makes the specification's tunnel on the pages, sees it up and a
// ping go through, and removes the package: all as the operator guide says. It
// takes a minute or two.
func TestIntegrationNewcomer(t *testing.T) {
	if os.Getenv("FIELDGATE_BOOT") == "" {
		t.Skip("set FIELDGATE_BOOT=1, as make test-release does")
	}
	needs(t, "ping")
	const guide = "docs/operator.md"
	var other string
	step := make(map[string]string) // of the guide, by a word of it
	for _, b := range docs.Blocks(guide, read(t, filepath.Join(repository(), guide))) {
		switch {
		case b.Kind == "in":
			other = b.Text
		case b.Kind == "debian":
			for _, word := range []string{"apt install", "-new-password", "-check", "-doctor", "apt purge"} {
				if strings.Contains(b.Text, word) {
					step[word] = "set -eu\nsudo() { \"$@\"; }\napt() { command apt-get --yes --quiet --no-install-recommends \"$@\"; }\ncd /upload\n" + b.Text
				}
			}
		}
	}
	require.Len(t, step, 5)
	require.Contains(t, other, "thebigsecret")

	root := layered(t, debootstrapped(t, bootPackages...))
	m := boot(t, root)
	defer m.report()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "upload"), 0o755))
	command(t, "cp", one(t, theReleases(t).first, "*_amd64.deb"), filepath.Join(root, "upload"))
	require.NoError(t, os.WriteFile(filepath.Join(root, "upload", "site.conf"), []byte(other), 0o600))
	do := func(word string) string { return m.inside("bash", "-c", step[word]) }
	before := files(t, root, bookkeeping...)
	do("apt install")
	m.inside("bash", "-c", uplink)
	m.inside("systemctl", "restart", "strongswan")
	password := printedPassword.FindStringSubmatch(do("-new-password"))
	require.NotNil(t, password)
	p := m.browser(t)
	p.login(password[1])

	p.submit("/ipsec", "Save", map[string]string{"Enabled": "on"})
	p.submit("/ipsec/phase1_proposals/+", "Save", map[string]string{
		"Name": "aes256-sha256-dh5", "Encryption algorithm": "aes256", "Hash algorithm": "sha256", "DH exponentiation": "5",
	})
	p.submit("/ipsec/phase2_proposals/+", "Save", map[string]string{
		"Name": "aes128-sha1", "Encryption algorithm": "aes128", "Hash algorithm": "sha1",
	})
	p.submit("/ipsec/connections/+", "Save", map[string]string{
		"Name": "demo0", "Gateway": "ipsec.vpn.net", "Type": "tunnel",
		"Local subnet": "10.10.12.0/24", "Remote subnet": "10.10.10.0/24",
		"Authentication": "psk", "Pre-shared key": "thebigsecret",
		"Phase 1 proposal (IKE)": "aes256_sha256_dh5", "Phase 2 proposal (ESP)": "aes128_sha1", "Local ID": "wcclite",
	})
	assert.Contains(t, p.submit("/ipsec", "Save & Apply what is ticked", map[string]string{"Enabled demo0": "on"}), "Applied")
	state := func(want string) {
		t.Helper()
		soon(t, "demo0 is "+want, func() bool { return strings.Contains(" "+p.row("/ipsec", "demo0")+" ", " "+want+" ") })
	}
	state("armed")
	p.submit("/ipsec", "start demo0", nil)
	state("up")
	m.outside("ping", "-q", "-n", "-c", "2", "-W", "5", "-I", "10.10.12.1", "10.10.10.1")
	assert.Regexp(t, `in .* 168 bytes, +2 packets`, m.inside("swanctl", "--list-sas", "--uri", "unix:///run/peer/vici"), "the peer has had them")
	do("-check")
	printed := m.inside("bash", "-c", strings.TrimSpace(step["-doctor"])+" || test $? = 1") // nothing keeps the clock here
	assert.NotContains(t, printed, "ipsec")

	do("apt purge")
	assert.Empty(t, m.pids("fieldgate"))
	assert.NotContains(t, m.inside("swanctl", "--list-conns"), "demo0")
	for name, content := range files(t, root, bookkeeping...) {
		if strings.HasPrefix(name, "/etc/strongswan.d/") || name == "/etc/hosts" {
			continue // uplink has changed it
		}
		assert.Equal(t, before[name], content, "left behind: %s", name)
	}
}
