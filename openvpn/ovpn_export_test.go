package openvpn_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

// exported is a server with all that its clients must agree on.
func exported() openvpn.Instance {
	return openvpn.Instance{
		Name: "office", Role: openvpn.RoleServer, Server: "10.8.0.0/24", Port: 443, Protocol: openvpn.ProtocolTCP,
		Files: map[openvpn.FileKind]string{
			openvpn.FileCA: "ca.crt", openvpn.FileCert: "server.crt", openvpn.FileKey: "server.key", openvpn.FileTLSAuth: "ta.key",
		},
		KeyDirection: "0",
		Users:        []openvpn.User{{Name: "joe", Password: openvpn.NewSecret("secret word")}},
		Options: []openvpn.Option{
			{Name: "keepalive", Args: []string{"10", "60"}}, {Name: "data-ciphers", Args: []string{"AES-256-GCM"}},
			{Name: "auth", Args: []string{"SHA256"}}, {Name: "tls-version-min", Args: []string{"1.2"}},
			{Name: "tun-mtu", Args: []string{"1400"}}, {Name: "push", Args: []string{"route 192.0.2.0 255.255.255.0"}},
		},
	}
}

func clientFile(t testing.TB) openvpn.ClientFile {
	files := credentials(t)
	return openvpn.ClientFile{Host: "vpn.example.com", CA: files["ca.crt"], Cert: files["server.crt"], Key: files["server.key"], ControlKey: files["ta.key"]}
}

func TestExport(t *testing.T) {
	text, err := openvpn.Export(exported(), clientFile(t))
	require.NoError(t, err)
	golden(t, filepath.Join("render", "export.golden"), string(text))
	im, err := openvpn.Import("office", text)
	require.NoError(t, err)
	assert.Empty(t, im.Report.Of(openvpn.VerdictRefused, openvpn.VerdictDropped, openvpn.VerdictWarned))
	assert.Equal(t, openvpn.ProtocolTCP, im.Instance.Protocol)
	assert.Equal(t, "1", im.Instance.KeyDirection, "the other half of the key")
	assert.True(t, im.Instance.Login)
	assert.Len(t, im.Files, 4)
	assert.NotContains(t, string(text), "secret word")
}

func TestExportRefuses(t *testing.T) {
	server, file := exported(), clientFile(t)
	for name, c := range map[string]struct {
		change func(*openvpn.Instance, *openvpn.ClientFile)
		want   string
	}{
		"a client":                 {func(i *openvpn.Instance, _ *openvpn.ClientFile) { i.Role = openvpn.RoleClient }, "it is no server"},
		"no key":                   {func(_ *openvpn.Instance, f *openvpn.ClientFile) { f.ControlKey = nil }, "the key of tls-auth is missing"},
		"a wrong key":              {func(_ *openvpn.Instance, f *openvpn.ClientFile) { f.ControlKey = f.CA }, "holds no static key"},
		"no certificate":           {func(_ *openvpn.Instance, f *openvpn.ClientFile) { f.Cert = nil }, "files[cert]: required with key"},
		"no authority":             {func(_ *openvpn.Instance, f *openvpn.ClientFile) { f.CA = nil }, "files[ca]: required"},
		"no host":                  {func(_ *openvpn.Instance, f *openvpn.ClientFile) { f.Host = "" }, "remotes[0].host: required"},
		"a host that is an attack": {func(_ *openvpn.Instance, f *openvpn.ClientFile) { f.Host = "a\nup /x" }, "remotes[0].host"},
		"text in the key":          {func(_ *openvpn.Instance, f *openvpn.ClientFile) { f.Key = []byte("</key>\nup /x\n") }, "holds no PRIVATE KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			i, f := server, file
			i.Files = maps.Clone(i.Files)
			c.change(&i, &f)
			_, err := openvpn.Export(i, f)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestIntegrationExportIsAccepted(t *testing.T) {
	program(t)
	text, err := openvpn.Export(exported(), clientFile(t))
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "x.ovpn"), text, 0o600))
	output, ok := hold(t, folder, "--config", "x.ovpn")
	assert.True(t, ok, "%s", output)
	output, ok = hold(t, rendered(t, exported(), credentials(t)), "--config", "x.conf", "--management-client-auth")
	assert.True(t, ok, "the server: %s", output)
}
