package browser_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdp "github.com/chromedp/cdproto/browser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/netns"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
)

// TestIntegrationOpenVPN makes an authority, a server by its recipe and the
// file for a client by clicking. The client is the plain program, with that
// file only.
func TestIntegrationOpenVPN(t *testing.T) {
	needs(t, "chromium", "openvpn", "ping", "ip")
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		skip(t, err.Error())
	}
	ours, theirs := namespace(t), namespace(t)
	require.NoError(t, ours.Connect("eth0", theirs, "eth0"))
	require.NoError(t, ours.IP("addr", "add", "192.0.2.1/24", "dev", "eth0"))
	require.NoError(t, theirs.IP("addr", "add", "192.0.2.2/24", "dev", "eth0"))
	program := filepath.Join(t.TempDir(), "openvpn")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\nexec ip netns exec "+ours.String()+" openvpn \"$@\"\n"), 0o700))
	b := open(t, start(t, "-openvpn", program))

	b.follow("OpenVPN")
	b.follow("Certificates of servers and clients")
	b.fill("Name of the authority", "Plant CA")
	b.follow("Make a certificate authority")
	b.sees("Plant CA, valid until")
	b.follow("OpenVPN")
	b.follow("From a recipe")
	b.follow("server_pki")
	b.fill("Name (required)", "hub")
	b.fill("Network", "10.9.0.0/24")
	b.tick("Make the files that can be made here (certificates, keys)")
	b.apply()
	b.follow("OpenVPN")
	b.row("hub", "yes", "1194", "connected")

	b.follow("hub")
	b.fill("Name or address of this gateway, as the client reaches it", "192.0.2.1")
	b.fill("Name of a new client", "pump4")
	config := b.download("Download the OVPN file")
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	assert.Contains(t, string(text), "remote 192.0.2.1")

	said := new(syncbuf.Buffer)
	peer := theirs.Command(context.Background(), "openvpn", "--config", config, "--dev", "tun7")
	peer.Stdout, peer.Stderr = said, said
	require.NoError(t, peer.Start())
	t.Cleanup(func() { _ = peer.Process.Kill(); _ = peer.Wait() })
	eventually(t, "the client is connected", func() bool {
		return strings.Contains(said.String(), "Initialization Sequence Completed")
	})
	out, err := theirs.Command(t.Context(), "ping", "-n", "-c", "2", "-W", "5", "10.9.0.1").CombinedOutput()
	require.NoError(t, err, "%s\n%s", out, said)
	b.row("pump4") // the page has noticed by itself

	b.follow("OpenVPN")
	b.press("stop hub")
	b.row("hub", "stopped")
}

func namespace(t *testing.T) *netns.Namespace {
	t.Helper()
	n, err := netns.New()
	if errors.Is(err, netns.ErrUnavailable) {
		skip(t, err.Error())
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, n.Close()) })
	return n
}

// download clicks a button that answers with a file, and returns its path.
func (b *browser) download(name string) string {
	b.t.Helper()
	dir := b.t.TempDir()
	require.NoError(b.t, b.do(cdp.SetDownloadBehavior(cdp.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(dir)))
	b.press(name)
	var path string
	eventually(b.t, "the file is there", func() bool {
		found, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(found) != 1 || strings.HasSuffix(found[0], ".crdownload") {
			return false
		}
		path = found[0]
		return true
	})
	return path
}
