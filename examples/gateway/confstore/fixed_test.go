package confstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// The commands of an upgrade come from the file: no save, import or older
// revision brings others, and what the gateway takes back itself still can.
func TestFixedInTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "gateway.yaml")
	write := func(command string) {
		require.NoError(t, os.WriteFile(path, []byte(`upgrade: {apply_command: [`+command+`, "{file}"]}`+"\n"), 0o600))
	}
	write("/sbin/old")
	s := open(t, confstore.Disk(dir))
	old, _ := s.Newest()
	write("/sbin/new")
	edited, err := s.Reload()
	require.NoError(t, err)
	require.True(t, edited)
	now, version := s.Newest()
	require.Equal(t, "/sbin/new", now.Upgrade.ApplyCommand[0], "the file may")

	refused := func(err error) {
		t.Helper()
		var invalid *document.Error
		require.ErrorAs(t, err, &invalid)
		require.Len(t, invalid.Faults, 1)
		assert.Equal(t, "upgrade.apply_command", invalid.Faults[0].Path)
		_, is := s.Newest()
		assert.Equal(t, version, is, "nothing is stored")
	}
	other := now
	other.Upgrade.ApplyCommand = []string{"/bin/sh", "{file}"}
	_, err = s.Save("anna", "", version.Revision, other)
	refused(err)
	restored, err := s.At(1)
	require.NoError(t, err)
	_, err = s.Save("anna", "revision 1 again", version.Revision, restored)
	refused(err)
	text, err := s.Export(true)
	require.NoError(t, err)
	_, err = s.Import("anna", version.Revision, []byte(strings.Replace(string(text), "/sbin/new", "/bin/sh", 1)))
	refused(err)
	_, err = s.Import("anna", version.Revision, []byte("device: {model: x}\n")) // which is the default
	refused(err)
	_, err = s.Import("anna", version.Revision, text)
	require.NoError(t, err)

	_, err = s.Restore("revision 1 again: not confirmed", old)
	require.NoError(t, err)
	now, version = s.Newest()
	assert.Equal(t, "/sbin/old", now.Upgrade.ApplyCommand[0])
	assert.Equal(t, "gateway", version.By)
}
