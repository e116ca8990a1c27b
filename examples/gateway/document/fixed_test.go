package document_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/guide"
	"github.com/fieldgate/fieldgate/ser2net"
)

// What names a program, or a file that others fill, comes from the device's
// own file only.
func TestFixedFaults(t *testing.T) {
	begin := func() document.Document {
		doc := document.Default()
		doc.Ser2net.Ports = []ser2net.PortConfig{
			{Name: "a", Traces: []ser2net.Trace{{File: "/tmp/a"}, {File: "/tmp/b"}}},
			{Name: "b"},
		}
		doc.Upgrade.TrustedKeys = []string{"RW1"}
		return doc
	}
	for name, c := range map[string]struct {
		change func(*document.Document)
		paths  []string
	}{
		"nothing":          {func(*document.Document) {}, nil},
		"another option":   {func(d *document.Document) { d.Upgrade.Enabled, d.OpenVPN.Folder.Enabled = true, true }, nil},
		"apply command":    {func(d *document.Document) { d.Upgrade.ApplyCommand = []string{"/bin/sh", "{file}"} }, []string{"upgrade.apply_command"}},
		"an argument":      {func(d *document.Document) { d.Upgrade.ApplyCommand = []string{"/sbin/sysupgrade", "-F", "{file}"} }, []string{"upgrade.apply_command"}},
		"test command":     {func(d *document.Document) { d.Upgrade.TestCommand = nil }, []string{"upgrade.test_command"}},
		"an empty list":    {func(d *document.Document) { d.Ser2net.Ports[1].Traces = []ser2net.Trace{} }, nil},
		"folder of images": {func(d *document.Document) { d.Upgrade.Folder = "/etc/hotplug.d/iface" }, []string{"upgrade.folder"}},
		"one key more":     {func(d *document.Document) { d.Upgrade.TrustedKeys = []string{"RW1", "RW2"} }, []string{"upgrade.trusted_keys"}},
		"no key":           {func(d *document.Document) { d.Upgrade.TrustedKeys = nil }, []string{"upgrade.trusted_keys"}},
		"trust":            {func(d *document.Document) { d.OpenVPN.Folder.TrustWhole = true }, []string{"openvpn.folder.trust_whole"}},
		"folder":           {func(d *document.Document) { d.OpenVPN.Folder.Path = "/tmp" }, []string{"openvpn.folder.path"}},
		"a trace":          {func(d *document.Document) { d.Ser2net.Ports[1].Traces = []ser2net.Trace{{File: "/etc/x"}} }, []string{"ser2net.ports[1].traces"}},
		"a changed trace":  {func(d *document.Document) { d.Ser2net.Ports[0].Traces[1].HexDump = true }, []string{"ser2net.ports[0].traces"}},
		"a port less":      {func(d *document.Document) { d.Ser2net.Ports = d.Ser2net.Ports[1:] }, nil},
		"a port in front": {func(d *document.Document) {
			d.Ser2net.Ports = slices.Insert(d.Ser2net.Ports, 0, ser2net.PortConfig{Name: "c"})
		}, nil},
		"a trace less":      {func(d *document.Document) { d.Ser2net.Ports[0].Traces = d.Ser2net.Ports[0].Traces[:1] }, nil},
		"a trace elsewhere": {func(d *document.Document) { d.Ser2net.Ports[1].Traces = d.Ser2net.Ports[0].Traces[1:] }, nil},
		"all of it": {func(d *document.Document) {
			d.Upgrade.ApplyCommand, d.Upgrade.TestCommand, d.OpenVPN.Folder.TrustWhole = nil, nil, true
		}, []string{"openvpn.folder.trust_whole", "upgrade.apply_command", "upgrade.test_command"}},
	} {
		t.Run(name, func(t *testing.T) {
			now := begin()
			c.change(&now)
			var paths []string
			for _, f := range document.FixedFaults(begin(), now) {
				paths = append(paths, f.Path)
				assert.Contains(t, f.Problem, "in gateway.yaml on the device only")
			}
			assert.Equal(t, c.paths, paths)
		})
	}
}

// Each path is one that the configuration has.
func TestFixedPathsExist(t *testing.T) {
	text, err := document.Schema()
	require.NoError(t, err)
	for _, path := range guide.FixedPaths() {
		assert.NotEmpty(t, guide.Help(path), path)
		assert.Contains(t, string(text), guide.Fixed(path), path)
	}
	assert.NotEmpty(t, guide.Fixed("ser2net.ports.traces.file"), "what is below")
	for _, free := range []string{"", "upgrade", "upgrade.folders", "ser2net.ports", "openvpn.folder.enabled"} {
		assert.Empty(t, guide.Fixed(free), free)
	}
}
