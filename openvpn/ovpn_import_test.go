package openvpn_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

var update = flag.Bool("update-import", false, "write the golden files of imports anew")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, have string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(have), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), have)
}

// Files as providers and other devices give them: the report, and what
// openvpn gets instead.
func TestImportOfFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/import/*.ovpn")
	require.NoError(t, err)
	require.Greater(t, len(paths), 10)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".ovpn")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			im, err := openvpn.Import("demo", text)
			require.NoError(t, err)
			var report strings.Builder
			for _, line := range im.Report.Lines {
				fmt.Fprintln(&report, line)
			}
			for _, file := range slices.Sorted(maps.Keys(im.Files)) {
				fmt.Fprintf(&report, "file %s: %d bytes\n", file, len(im.Files[file]))
			}
			conf, err := openvpn.Render(im.Instance)
			if err != nil {
				conf = []byte("# " + strings.ReplaceAll(err.Error(), "\n", "\n# ") + "\n")
			}
			golden(t, filepath.Join("import", name+".golden"), report.String()+"\n"+string(conf))
			if err == nil {
				again, err := openvpn.Import("demo", conf)
				require.NoError(t, err)
				assert.Equal(t, withoutSecrets(im.Instance), again.Instance)
			}
		})
	}
}

// withoutSecrets is what a rendered file can tell.
func withoutSecrets(i openvpn.Instance) openvpn.Instance {
	i.Username, i.Password, i.KeyPassword = "", openvpn.Secret{}, openvpn.Secret{}
	if i.Proxy != nil {
		p := *i.Proxy
		p.Username, p.Password = "", openvpn.Secret{}
		i.Proxy = &p
	}
	return i
}

func TestImportTakesCredentialsAsSecrets(t *testing.T) {
	text, err := os.ReadFile("testdata/import/connections.ovpn")
	require.NoError(t, err)
	im, err := openvpn.Import("demo", text)
	require.NoError(t, err)
	assert.Equal(t, "joe", im.Instance.Username)
	assert.Equal(t, "secret word", im.Instance.Password.Reveal())
	assert.NotContains(t, fmt.Sprintf("%+v", im), "secret word")
	conf, err := openvpn.Render(im.Instance)
	require.NoError(t, err)
	assert.NotContains(t, string(conf), "secret word")
	assert.NotContains(t, string(conf), "joe")
}

func TestImportRefusesFiles(t *testing.T) {
	const client = "client\ndev tun\nremote vpn.example.com\n"
	for name, c := range map[string]struct{ text, want string }{
		"empty":                       {"", "openvpn: import: the file has neither a remote nor a server: it is no OVPN file, or not all of one"},
		"a link turned into text":     {"../shared/client.ovpn", "openvpn: import: the file has neither a remote nor a server: it is no OVPN file, or not all of one"},
		"no remote":                   {"client\ndev tun\n", "openvpn: import: the file is of a client and has no remote that can be called"},
		"100 KB":                      {client + strings.Repeat("#\n", 50<<10), "openvpn: import: the file has 102438 bytes, it must have less than 102400"},
		"NUL":                         {client + "no\x00up x\n", "openvpn: import: line 4: has the control character 0x00"},
		"vertical tab":                {client + "up\vx\n", "openvpn: import: line 4: has the control character 0x0b"},
		"form feed":                   {client + "up\fx\n", "openvpn: import: line 4: has the control character 0x0c"},
		"escape":                      {client + "\x1b[2J\n", "openvpn: import: line 4: has the control character 0x1b"},
		"a long line":                 {client + "#" + strings.Repeat("x", 300) + "\n", "openvpn: import: line 4: is longer than 254 bytes"},
		"a long last line":            {client + "setenv X " + strings.Repeat("x", 246), "openvpn: import: line 4: is longer than 254 bytes"},
		"a block that never ends":     {client + "<ca>\nx\n</Ca>\n", "openvpn: import: line 4: the block <ca> has no end"},
		"text after a block":          {client + "<ca>\nx\n</ca>up\n", "openvpn: import: line 4: there is text after the end of the block <ca>"},
		"a long line in a block":      {client + "<ca>\n" + strings.Repeat("x", 255) + "</ca>\nup x\n", "openvpn: import: line 4: a line of the block <ca> is longer than 250 bytes"},
		"a long line in a connection": {"client\n<connection>\nremote a.example.com\n#" + strings.Repeat("y", 249) + "\n</connection>\n", "openvpn: import: line 2: a line of the block <connection> is longer than 250 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			im, err := openvpn.Import("demo", []byte(c.text))
			require.EqualError(t, err, c.want)
			var refusal *openvpn.ImportError
			assert.ErrorAs(t, err, &refusal)
			assert.Empty(t, im.Instance)
			assert.Empty(t, im.Files)
		})
	}
	for _, name := range []string{"", "..", "a/b", "a b", "-a", strings.Repeat("a", 300), "a\x00", "é"} {
		_, err := openvpn.Import(name, []byte(client))
		assert.ErrorContains(t, err, "is no name", name)
	}
	_, err := openvpn.Import("demo", make([]byte, 100<<20))
	assert.ErrorContains(t, err, "must have less than")
}
