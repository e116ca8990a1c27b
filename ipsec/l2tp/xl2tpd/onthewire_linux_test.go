package xl2tpd_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/internal/twohosts"
)

// peerSide is the channel as the peer has it.
const peerSide = `
connections {
  l2tp {
    version = VERSION
    local_addrs = 192.0.2.2
    remote_addrs = 192.0.2.1
    proposals = aes256-sha256-modp2048
    local {
      LOCAL
    }
    remote {
      REMOTE
    }
    children {
      l2tp {
        mode = transport
        esp_proposals = aes256-sha256
        local_ts = dynamic[udp/1701]
        remote_ts = dynamic[udp/1701]
        start_action = ACTION
      }
    }
  }
}
secrets {
  ike-l2tp {
    secret = thebigsecret
  }
}
`

// peerLNS is a server, peerLAC a client, as text files.
const (
	peerLNS = `[global]
listen-addr = 192.0.2.2
[lns default]
ip range = 10.20.30.10-10.20.30.20
local ip = 10.20.30.1
require authentication = no
pppoptfile = FOLDER/peer.options
`
	peerLAC = `[global]
listen-addr = 192.0.2.2
[lac gate]
lns = 192.0.2.1
require authentication = no
autodial = yes
redial = yes
redial timeout = 1
pppoptfile = FOLDER/peer.options
`
	peerOptions = `nodetach
noccp
nodefaultroute
mtu 1400
mru 1400
logfile FOLDER/peer.log
`
)

// onTheWire makes both hosts, runs this test again on host A and looks at what
// is sent meanwhile.
func onTheWire(t *testing.T, peerWith map[string]string, config, options string) {
	p, err := twohosts.New(twohosts.Options{Kernel: true, Retransmit: 2 * time.Second, Tries: 3})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close()) }()
	folder, calls := p.Folder(), peerWith["ACTION"] == "trap"
	certificates(t, p)
	require.NoError(t, p.B.Load(t.Context(), twohosts.Fill(peerSide, peerWith)))
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(strings.ReplaceAll(text, "FOLDER", folder)), 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(folder, "etcppp"), 0o700))
	write("etcppp/options", "")
	write("etcppp/chap-secrets", quoted(user)+" peer "+quoted(password)+" *\n")
	write("peer.conf", config)
	if !calls {
		write("ready", "") // a server is there from the beginning, a client waits for ours
	}
	write("peer.options", options)

	captures := make(map[*twohosts.Host]*twohosts.Capture)
	for _, h := range []*twohosts.Host{p.A, p.B} {
		captures[h], err = h.Capture()
		require.NoError(t, err)
	}
	// The peer has folders of its own for what pppd reads and writes at places
	// that cannot be chosen.
	peer := p.B.NS.Command(t.Context(), "unshare", "-m", "sh", "-c",
		"mount --bind "+folder+"/etcppp /etc/ppp && mount -t tmpfs none /run && until [ -e "+folder+"/ready ]; do sleep 0.1; done && exec xl2tpd -D -c "+folder+"/peer.conf -C "+folder+"/peer.ctl -p "+folder+"/peer.pid")
	said, err := os.Create(filepath.Join(folder, "peer.out"))
	require.NoError(t, err)
	peer.Stdout, peer.Stderr = said, said
	peer.Cancel = func() error { return peer.Process.Signal(syscall.SIGTERM) }
	require.NoError(t, peer.Start())

	inside := p.A.NS.Command(t.Context(), os.Args[0], "-test.v", "-test.timeout", "200s", "-test.run", "^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")
	inside.Env = append(os.Environ(), envSocket+"="+p.A.Socket(), envFolder+"="+folder)
	out, failed := inside.CombinedOutput()
	if failed != nil {
		log, _ := os.ReadFile(filepath.Join(folder, "peer.out"))
		ppp, _ := os.ReadFile(filepath.Join(folder, "peer.log"))
		t.Logf("charon A:\n%s\ncharon B:\n%s\nxl2tpd B:\n%s\npppd B:\n%s", p.A.Log(), p.B.Log(), log, ppp)
	}
	t.Logf("%s", out)
	assert.NoError(t, failed)

	// The guard is gone with the service: now the capture would see it.
	require.NoError(t, p.A.NS.Do(func() error {
		conn, err := net.DialUDP("udp4", &net.UDPAddr{Port: 1701}, &net.UDPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 9})
		if err != nil {
			return err
		}
		_, err = conn.Write([]byte("after the service"))
		return errors.Join(err, conn.Close())
	}))
	const afterwards = "192.0.2.1.1701 > 192.0.2.2.9:"
	require.NoError(t, peer.Process.Signal(syscall.SIGTERM))
	_ = peer.Wait()
	for h, c := range captures {
		lines, err := c.Stop(t.Context())
		require.NoError(t, err)
		for _, line := range lines {
			// The peer of the client has no guard, and may say what it likes once
			// the channel is taken away; ours does not listen.
			if (h == p.A || calls) && strings.Contains(line, "192.0.2.") && (strings.Contains(line, ".1701 >") || strings.Contains(line, ".1701:")) {
				if strings.Contains(line, afterwards) {
					continue
				}
				assert.Fail(t, "L2TP in clear", "%s sent %s", h, line)
			}
		}
		assert.Positive(t, twohosts.Count(lines, "ESP(spi="), "%s", h)
		assert.Positive(t, twohosts.Count(lines, "isakmp"), "%s", h)
		assert.Zero(t, twohosts.Count(lines, "ICMP echo"), "%s", h)
		if h == p.A {
			assert.Equal(t, 1, twohosts.Count(lines, afterwards), "the capture sees what is in clear")
		}
	}
}

// The names in the certificates of both ends.
const (
	ourName  = "gate.example.com"
	peerName = "device.example.com"
)

// certificates gives the peer its own, and us ours in files.
func certificates(t *testing.T, p *twohosts.Pair) {
	authority, err := pki.CreateAuthority(filepath.Join(p.Folder(), "ca"), pki.AuthorityConfig{Name: "Example CA"})
	require.NoError(t, err)
	theirs, err := authority.IssueIKE(pki.Request{Name: peerName})
	require.NoError(t, err)
	ours, err := authority.IssueIKE(pki.Request{Name: ourName})
	require.NoError(t, err)
	require.NoError(t, p.B.WriteFile("x509ca/ca.pem", string(theirs.CAPEM())))
	require.NoError(t, p.B.WriteFile("x509/own.pem", string(theirs.CertificatePEM())))
	require.NoError(t, p.B.WriteFile("private/own.pem", string(theirs.KeyPEM())))
	for name, text := range map[string][]byte{"ca.pem": ours.CAPEM(), "own.pem": ours.CertificatePEM(), "key.pem": ours.KeyPEM()} {
		require.NoError(t, os.WriteFile(filepath.Join(p.Folder(), name), text, 0o600))
	}
}
