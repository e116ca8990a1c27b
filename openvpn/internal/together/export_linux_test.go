package together_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/openvpn"
)

// A plain openvpn connects with nothing but the exported file, whatever key of
// the control channel the server has, and whichever way the ends are known.
func TestIntegrationExportedFile(t *testing.T) {
	t.Parallel() // it waits more than it works
	b := newBench(t)
	tlsCrypt, err := b.ca.TLSCryptKey()
	require.NoError(t, err)
	v2Server, err := b.ca.TLSCryptV2ServerKey()
	require.NoError(t, err)
	v2Client, err := b.ca.TLSCryptV2ClientKey()
	require.NoError(t, err)
	for n, c := range []struct {
		name     string
		kind     openvpn.FileKind
		key, own []byte
		change   func(*openvpn.Instance)
		host     string
	}{
		{"tls-crypt", openvpn.FileTLSCrypt, tlsCrypt, tlsCrypt, func(*openvpn.Instance) {}, "192.0.2.1"},
		{"tls-crypt-v2", openvpn.FileTLSCryptV2, v2Server, v2Client, func(i *openvpn.Instance) { i.ForceCookie = true }, "192.0.2.1"},
		{"tls-auth", openvpn.FileTLSAuth, tlsCrypt, tlsCrypt, func(i *openvpn.Instance) { i.KeyDirection, i.Protocol = "0", openvpn.ProtocolTCP }, "192.0.2.1"},
		{"socket of IPv6 called by IPv4", openvpn.FileTLSCrypt, tlsCrypt, tlsCrypt, func(i *openvpn.Instance) { i.Protocol = openvpn.ProtocolUDP6 }, "192.0.2.1"},
		{"socket of IPv6", openvpn.FileTLSCrypt, tlsCrypt, tlsCrypt, func(i *openvpn.Instance) { i.Protocol, i.Listen.IPv6Only = openvpn.ProtocolTCP6, true }, "2001:db8::1"},
		{"fingerprints", openvpn.FileTLSCrypt, tlsCrypt, tlsCrypt, func(i *openvpn.Instance) { delete(i.Files, openvpn.FileCA) }, "192.0.2.1"},
		{"options of both ends", openvpn.FileTLSCrypt, tlsCrypt, tlsCrypt, func(i *openvpn.Instance) {
			i.Options = append(i.Options, openvpn.Option{Name: "tun-mtu", Args: []string{"1400"}}, openvpn.Option{Name: "fragment", Args: []string{"1200"}},
				openvpn.Option{Name: "data-ciphers", Args: []string{"CHACHA20-POLY1305"}}, openvpn.Option{Name: "auth", Args: []string{"SHA512"}})
		}, "192.0.2.1"},
		{"login without a certificate", openvpn.FileTLSCrypt, tlsCrypt, tlsCrypt, func(i *openvpn.Instance) {
			i.Users = []openvpn.User{{Name: "joe", Password: openvpn.NewSecret("pass")}}
			i.Options = append(i.Options, openvpn.Option{Name: "verify-client-cert", Args: []string{"none"}})
		}, "192.0.2.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := fmt.Sprintf("exp%d", n)
			server := b.made(t, "server_pki", openvpn.Answers{Name: name})
			client, err := b.ca.IssueClient(pki.Request{Name: "field-of-" + name})
			require.NoError(t, err)
			delete(server.Files, openvpn.FileTLSCrypt)
			server.Files[c.kind] = "control.key"
			require.NoError(t, b.store.Put(name, "control.key", c.key))
			server.Options = slices.DeleteFunc(server.Options, func(o openvpn.Option) bool {
				return o.Name == "explicit-exit-notify" || o.Name == "data-ciphers" // takes two seconds to end; is set here
			})
			c.change(&server)
			file := openvpn.ClientFile{Host: c.host, CA: b.ca.CAPEM(), Cert: client.CertificatePEM(), Key: client.KeyPEM(), ControlKey: c.own}
			if server.Files[openvpn.FileCA] == "" {
				id, err := pki.ParsePEM(b.file(t, name, server.Files[openvpn.FileCert]), b.file(t, name, server.Files[openvpn.FileKey]))
				require.NoError(t, err)
				file.CA, file.ServerFingerprint, server.PeerFingerprints = nil, id.Fingerprint(), []string{client.Fingerprint()}
				delete(server.Files, openvpn.FileCRL)
			}
			extra := "dev peer0\ndev-type tun\n"
			if len(server.Users) > 0 {
				file.Cert, file.Key = nil, nil
				extra += "auth-user-pass up.txt\n"
			}
			text, err := openvpn.Export(server, file)
			require.NoError(t, err)
			s := b.serve(t, server)
			connected(t, s, name)
			p := b.plain(t, string(text)+extra, map[string][]byte{"up.txt": []byte("joe\npass\n")})
			p.up(t)
			ping(t, b.theirs, "10.0.100.1")

			again, err := openvpn.Import("again", text)
			require.NoError(t, err)
			assert.Empty(t, again.Report.Of(openvpn.VerdictRefused, openvpn.VerdictDropped))
			assert.Empty(t, again.Lost)
			_, err = os.Stat(filepath.Join(p.folder, "control.key"))
			assert.ErrorIs(t, err, os.ErrNotExist, "all was in the file")
		})
	}
	// The key of the server must never be handed out.
	server := b.made(t, "server_pki", openvpn.Answers{Name: "leak"})
	delete(server.Files, openvpn.FileTLSCrypt)
	server.Files[openvpn.FileTLSCryptV2] = "control.key"
	client, err := b.ca.IssueClient(pki.Request{Name: "field"})
	require.NoError(t, err)
	_, err = openvpn.Export(server, openvpn.ClientFile{Host: "192.0.2.1", CA: b.ca.CAPEM(), Cert: client.CertificatePEM(), Key: client.KeyPEM(), ControlKey: v2Server})
	assert.ErrorContains(t, err, "never the server's")
}
