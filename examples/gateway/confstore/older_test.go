package confstore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
)

// older makes a disk look as the format before has left it. The sums are right:
// nobody has edited anything.
func older(t *testing.T, from, to string) *disk {
	t.Helper()
	d := used(t)
	for name, text := range d.files {
		if name == "secrets.yaml" {
			continue
		}
		_, text, _ = strings.Cut(text, "\n")
		changed := strings.Replace(text, from, to, 1)
		require.NotEqual(t, text, changed, name)
		d.files[name] = confstore.Sealed(t, d.files[name], 1, changed)
	}
	return d
}

// A gateway that is upgraded keeps its configuration, its history and the
// tunnels of the folder.
func TestUpgrade(t *testing.T) {
	for name, c := range map[string]struct {
		to      string
		enabled bool
	}{
		"watched":            {"    off: false\n", true},
		"switched off":       {"    off: true\n", false},
		"watched by default": {"", true},
	} {
		t.Run(name, func(t *testing.T) {
			d := older(t, "    enabled: true\n    path: \"/etc/openvpn\"", c.to+"    path: \"/etc/openvpn\"")
			s, unread, err := confstore.OpenReadable(d, confstore.Options{Keep: 5})
			require.NoError(t, err)
			require.NoError(t, unread)
			doc, version := s.Newest()
			assert.EqualValues(t, 3, version.Revision, "it is no edit")
			assert.Equal(t, "anna", version.By)
			assert.Equal(t, c.enabled, doc.OpenVPN.Folder.Enabled)
			assert.Equal(t, "127.0.0.1:8083", doc.Web.Listen)
			old, err := s.At(2)
			require.NoError(t, err)
			assert.Equal(t, c.enabled, old.OpenVPN.Folder.Enabled)
			raw, err := s.Import("anna", version.Revision, []byte(d.files["history/0000000002.yaml"]))
			require.NoError(t, err, "a file of the older gateway")
			doc, _ = s.Newest()
			assert.Equal(t, c.enabled, doc.OpenVPN.Folder.Enabled)

			doc.Device.Model = "next"
			_, err = s.Save("anna", "", raw.Revision, doc)
			require.NoError(t, err)
			assert.Contains(t, d.files["gateway.yaml"], `"format":2,`)
			assert.NotContains(t, d.files["gateway.yaml"], "off:")
			again, _ := open(t, d).Newest()
			assert.Equal(t, doc, again)
		})
	}
}

// What is damaged in the newest revision gives way to one of the older format.
func TestUpgradeOfHistory(t *testing.T) {
	d := older(t, "    enabled: true\n    path: \"/etc/openvpn\"", "    off: false\n    path: \"/etc/openvpn\"")
	d.files["gateway.yaml"] = "x"
	s, unread, err := confstore.OpenReadable(d, confstore.Options{Keep: 5})
	require.NoError(t, err)
	require.Error(t, unread)
	doc, _ := s.Newest()
	assert.True(t, doc.OpenVPN.Folder.Enabled)
	assert.Equal(t, "127.0.0.1:8083", doc.Web.Listen)
}
