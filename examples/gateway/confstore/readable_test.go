package confstore_test

import (
	"io/fs"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// used returns the disk of a gateway that has saved twice: revision 2 listens
// on port 8082, revision 3 on 8083.
func used(t *testing.T) *disk {
	t.Helper()
	d := newDisk(map[string]string{"gateway.yaml": firstFile(t)})
	s := open(t, d)
	doc, version := s.Newest()
	for _, listen := range []string{"127.0.0.1:8082", "127.0.0.1:8083"} {
		doc.Web.Listen = listen
		var err error
		version, err = s.Save("anna", "", version.Revision, doc)
		require.NoError(t, err)
	}
	return d
}

func TestOpenReadable(t *testing.T) {
	good := used(t).files
	newer := func(text string) string { return strings.Replace(text, `"format":2,`, `"format":9,`, 1) }
	for name, c := range map[string]struct {
		change func(files map[string]string)
		says   string // unread; empty: it reads
		listen string
		what   string
	}{
		"all is well":     {func(map[string]string) {}, "", "127.0.0.1:8083", ""},
		"a newer version": {func(f map[string]string) { f["gateway.yaml"] = newer(f["gateway.yaml"]) }, "newer version", "127.0.0.1:8083", "revision 3 again"},
		"a newer version, also before": {func(f map[string]string) {
			f["gateway.yaml"] = newer(f["gateway.yaml"])
			f["history/0000000003.yaml"] = newer(f["history/0000000003.yaml"])
		}, "newer version", "127.0.0.1:8082", "revision 2 again"},
		"cut off": {func(f map[string]string) { f["gateway.yaml"] = "web: {listen: 1" }, "gateway.yaml:2", "127.0.0.1:8083", "revision 3 again"},
		"empty":   {func(f map[string]string) { f["gateway.yaml"] = "" }, "no configuration", "127.0.0.1:8083", "revision 3 again"},
		"gone":    {func(f map[string]string) { delete(f, "gateway.yaml") }, "file does not exist", "127.0.0.1:8083", "revision 3 again"},
		"a damaged history": {func(f map[string]string) {
			f["gateway.yaml"] = "x"
			f["history/0000000003.yaml"] += "# more\n"
			f["history/notes.txt"] = "x"
		}, "gateway.yaml:1", "127.0.0.1:8082", "revision 2 again"},
		"nothing reads": {func(f map[string]string) {
			for name := range f {
				f[name] = "web: {listen: '0.0.0.0:8084'}\nnew_part: 1\n"
			}
		}, "", "0.0.0.0:8084", "everything stands at its default"},
		"nothing reads at all": {func(f map[string]string) {
			for name := range f {
				f[name] = "\x00\x01"
			}
		}, "", "127.0.0.1:8080", "everything stands at its default"},
		"damaged secrets": {func(f map[string]string) { f["secrets.yaml"] = "[" }, "secrets.yaml is damaged", "127.0.0.1:8083", "everything stands at its default"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk(maps.Clone(good))
			c.change(d.files)
			before, had := d.files["gateway.yaml"]
			s, unread, err := confstore.OpenReadable(d, confstore.Options{})
			require.NoError(t, err)
			doc, version := s.Newest()
			assert.Equal(t, c.listen, doc.Web.Listen)
			assert.Empty(t, doc.Faults())
			if c.what == "" {
				require.NoError(t, unread)
				assert.EqualValues(t, 3, version.Revision)
				return
			}
			require.ErrorContains(t, unread, c.says)
			assert.Contains(t, version.What, c.what)
			assert.EqualValues(t, 4, version.Revision, "a number that was never there")
			now, has := d.files["gateway.yaml"]
			assert.Equal(t, had, has)
			assert.Equal(t, before, now, "the file stays until the next save")
			if had {
				assert.Equal(t, before, d.files[confstore.UnreadFile])
			}

			doc.Device.Model = "mended"
			_, err = s.Save("anna", "", version.Revision, doc)
			require.NoError(t, err)
			again, unread, err := confstore.OpenReadable(d, confstore.Options{})
			require.NoError(t, err)
			require.NoError(t, unread)
			saved, version := again.Newest()
			assert.Equal(t, "mended", saved.Device.Model)
			assert.EqualValues(t, 5, version.Revision)
		})
	}
}

// Where there never was a configuration nothing is made up.
func TestOpenReadableAtTheFirstStart(t *testing.T) {
	_, _, err := confstore.OpenReadable(newDisk(nil), confstore.Options{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, _, err = confstore.OpenReadable(newDisk(map[string]string{"gateway.yaml": "bogus: 1"}), confstore.Options{})
	var wrong *document.Error
	require.ErrorAs(t, err, &wrong)
}
