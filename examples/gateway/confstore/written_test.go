package confstore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
)

// A save changes what was asked for and nothing else, also in a text that
// another editor, or another system, has written.
func TestSaveOfWhatOthersWrote(t *testing.T) {
	const text = "# Gerät\n\ndevice: # who\n  model: one # m ☃\n\n  serial: \"a\n    b\"\n\n\n# two\nweb:\n  listen: ':80'\n  # the end\n"
	for name, c := range map[string]struct{ written, now string }{
		"as here":             {text, text},
		"without a new line":  {strings.TrimSuffix(text, "\n"), text},
		"other line ends":     {strings.ReplaceAll(text, "\n", "\r\n"), strings.ReplaceAll(text, "\n", "\r\n")},
		"a mark of Unicode":   {"\ufeff" + text, text},
		"all of these":        {"\ufeff" + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\r\n"), strings.ReplaceAll(text, "\n", "\r\n")},
		"a mark before a key": {"\ufeffdevice:\n  model: one\n", "device:\n  model: one\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := confstore.Disk(t.TempDir())
			require.NoError(t, dir.WriteFile("gateway.yaml", []byte(c.written)))
			doc, version := open(t, dir).Newest()
			s := open(t, dir) // what was stored of it is read again
			doc.Device.Model = "two"
			_, err := s.Save("anna", "", version.Revision, doc)
			require.NoError(t, err)
			file, err := dir.ReadFile("gateway.yaml")
			require.NoError(t, err)
			_, stored, _ := strings.Cut(string(file), "\n")
			assert.Equal(t, strings.Replace(c.now, "model: one", "model: two", 1), stored)
			read, version := open(t, dir).Newest()
			assert.EqualValues(t, 2, version.Revision)
			assert.Equal(t, doc, read)
		})
	}
}
