package document

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUpgraded(t *testing.T) {
	for name, c := range map[string]struct {
		format    int
		old, want string
	}{
		"off: false":      {1, "openvpn:\n  folder:   # watched\n    off: false # x\n    path: /a\n", "openvpn:\n  folder:   # watched\n    enabled: true # x\n    path: /a\n"},
		"off: true":       {1, "openvpn: {folder: {path: /ä, off: true}}\n", "openvpn: {folder: {path: /ä, enabled: false}}\n"},
		"off: yes":        {1, "openvpn:\n  folder: {off: True}\n", "openvpn:\n  folder: {enabled: false}\n"},
		"only a path":     {1, "snmp: {}\nopenvpn:\n  folder:\n    path: /a\n", "snmp: {}\nopenvpn:\n  folder:\n    enabled: true\n    path: /a\n"},
		"flow path":       {1, "openvpn:\n  folder: {path: /a}\n", "openvpn:\n  folder: {enabled: true, path: /a}\n"},
		"empty folder":    {1, "openvpn:\n  folder: {}\n", "openvpn:\n  folder: {enabled: true}\n"},
		"no folder":       {1, "openvpn:\n  # on\n  enabled: true\n", "openvpn:\n  # on\n  folder: {enabled: true}\n  enabled: true\n"},
		"flow":            {1, "openvpn: {enabled: true}\n", "openvpn: {folder: {enabled: true}, enabled: true}\n"},
		"CRLF":            {1, "openvpn:\r\n  folder:\r\n    off: false\r\n", "openvpn:\r\n  folder:\r\n    enabled: true\r\n"},
		"by hand":         {0, "openvpn:\n  folder: {off: false}\n", "openvpn:\n  folder: {enabled: true}\n"},
		"by hand, new":    {0, "openvpn:\n  enabled: true\n", ""},
		"of today":        {2, "openvpn:\n  enabled: true\n", ""},
		"of today, typo":  {2, "openvpn:\n  folder: {off: false}\n", ""},
		"both":            {1, "openvpn:\n  folder: {off: false, enabled: false}\n", ""},
		"no openvpn":      {1, "web: {}\n", ""},
		"not a bool":      {1, "openvpn:\n  folder: {off: perhaps}\n", ""},
		"a list":          {1, "- 1\n", ""},
		"a list, openvpn": {1, "openvpn: [1]\n", ""},
		"no YAML":         {1, "openvpn: {\n", ""},
		"empty":           {1, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == "" {
				c.want = c.old
			}
			assert.Equal(t, c.want, string(Upgraded([]byte(c.old), c.format)))
			assert.Equal(t, c.want, string(Upgraded([]byte(c.want), Format)), "once is enough")
		})
	}
	doc, faults := Parse(Upgraded([]byte("openvpn:\n  folder:\n    path: /a\n    trust_whole: true\n"), 1))
	require.Empty(t, faults)
	assert.True(t, doc.OpenVPN.Folder.Enabled)
	assert.True(t, doc.OpenVPN.Folder.TrustWhole)
}

// Whatever stands in a file, it is brought up to date without a panic, and what
// read before reads afterwards.
func FuzzUpgraded(f *testing.F) {
	for _, seed := range []string{
		"openvpn:\n  folder:\n    off: false\n", "openvpn: {folder: {off: true}}", "openvpn: {folder: {}}", "openvpn:\n  enabled: true\n",
		"openvpn: &a {folder: *a}", "openvpn:\n  folder: &a\n    path: x\n", "? openvpn\n: folder:\n    off: !!bool 'true'\n", "\ufeffopenvpn:\n  folder: {off: false}\n",
		"---\nopenvpn: !!map\n  folder: !!map {off: false}\n", "openvpn:\n  folder: {\"off\": false}\n", "openvpn:\r  folder:\r    off: true",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, before := Parse(text)
		_, after := Parse(Upgraded(text, 1))
		if len(before) == 0 {
			require.Empty(t, after, "%q", Upgraded(text, 1))
		}
	})
}
