package confstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
)

// What people say of a change is told in a comment, and stays in it, whatever
// ends a line for YAML.
func TestLabelStaysAComment(t *testing.T) {
	for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029", "\x00", "\ufeff", "\x7f", "\u009f", "\xff", "\ufffe", "\U0010ffff", "\U000e0001", "\u00ad"} {
		t.Run(fmt.Sprintf("%+q", end), func(t *testing.T) {
			dir := confstore.Disk(t.TempDir())
			require.NoError(t, dir.WriteFile("gateway.yaml", []byte("device: {model: one}\n")))
			s := open(t, dir)
			doc, version := s.Newest()
			doc.Device.Model = "two"
			what := end + `upgrade: {apply_command: [/bin/sh, "{file}"]}` + end + "#"
			_, err := s.Save("anna", what, version.Revision, doc)
			require.NoError(t, err)
			again := open(t, dir)
			read, version := again.Newest()
			assert.EqualValues(t, 2, version.Revision)
			assert.Equal(t, doc, read)
			assert.Equal(t, strings.ToValidUTF8(what, "\ufffd"), version.What, "it is told as it was said")
			old, err := again.At(2)
			require.NoError(t, err)
			assert.Equal(t, doc, old)
		})
	}
}
