package confstore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/snmp"
)

// unsynced is a disk whose folder cannot be synced.
type unsynced struct {
	*disk
	broken bool
}

func (d *unsynced) Sync(below string) error {
	if d.broken {
		return syscall.EIO
	}
	return d.disk.Sync(below)
}

// What is said not to be stored is not what the next start finds.
func TestFolderThatCannotBeSynced(t *testing.T) {
	d := &unsynced{disk: used(t)}
	s := open(t, d)
	doc, version := s.Newest()
	before := d.files["gateway.yaml"]
	d.broken = true
	doc.Device.Model = "new"
	_, err := s.Save("anna", "", version.Revision, doc)
	require.ErrorIs(t, err, syscall.EIO)
	assert.Equal(t, before, d.files["gateway.yaml"])

	d.broken = false
	next, err := s.Save("anna", "", version.Revision, doc)
	require.NoError(t, err)
	assert.Equal(t, version.Revision+1, next.Revision)
}

// Who puts a file of the history in the place of gateway.yaml restores it: the
// revisions between stay what they were.
func TestFileOfTheHistoryPutBack(t *testing.T) {
	d := used(t)
	d.files["gateway.yaml"] = d.files["history/0000000002.yaml"]
	third := d.files["history/0000000003.yaml"]
	s := open(t, d)
	doc, version := s.Newest()
	assert.Equal(t, "127.0.0.1:8082", doc.Web.Listen)
	assert.EqualValues(t, 4, version.Revision)
	assert.Contains(t, version.What, "revision 2 again")
	assert.Equal(t, third, d.files["history/0000000003.yaml"])
	old, err := s.At(3)
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:8083", old.Web.Listen)
}

// An import that is not stored leaves nothing of itself.
func TestImportOnAFullDisk(t *testing.T) {
	d := used(t)
	s := open(t, d)
	_, version := s.Newest()
	text, err := s.Export(false)
	require.NoError(t, err)
	d.fullAt = d.steps + 1
	_, err = s.Import("anna", version.Revision, append([]byte("# of the import\n"), bytes.Replace(text, []byte("127.0.0.1:8083"), []byte("127.0.0.1:9999"), 1)...))
	require.ErrorIs(t, err, syscall.ENOSPC)
	d.fullAt = 0
	text, err = s.Export(false)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "of the import")
	assert.Contains(t, string(text), "127.0.0.1:8083")
}

// The raw file of a newer version is no more imported than it is opened.
func TestImportOfANewerVersion(t *testing.T) {
	s := open(t, used(t))
	_, version := s.Newest()
	_, err := s.Import("anna", version.Revision, []byte(`# fieldgate {"format":9,"revision":9,"sum":""}`+"\ndevice: {}\n"))
	assert.ErrorContains(t, err, "newer version")
}

// The revision that an apply may have to bring back is kept, however many are
// saved meanwhile.
func TestRevisionOfAnUnconfirmedApplyIsKept(t *testing.T) {
	d := used(t)
	s := open(t, d)
	require.NoError(t, s.SetUnconfirmed(&control.Unconfirmed{Previous: 2}))
	doc, version := s.Newest()
	for range 8 {
		doc.Device.Model += "x"
		var err error
		version, err = s.Save("anna", "", version.Revision, doc)
		require.NoError(t, err)
	}
	old, err := s.At(2)
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:8082", old.Web.Listen)
	_, err = s.At(3)
	require.ErrorIs(t, err, confstore.ErrNoRevision)

	require.NoError(t, s.SetUnconfirmed(nil))
	doc.Device.Model = "last"
	_, err = s.Save("anna", "", version.Revision, doc)
	require.NoError(t, err)
	_, err = s.At(2)
	require.ErrorIs(t, err, confstore.ErrNoRevision)
}

// So is what runs in the place of a file that cannot be read.
func TestStandInIsKeptForTheWayBack(t *testing.T) {
	d := used(t)
	d.files["gateway.yaml"] = "damaged: ["
	s, unread, err := confstore.OpenReadable(d, confstore.Options{})
	require.NoError(t, err)
	require.Error(t, unread)
	doc, stand := s.Newest()
	doc.Device.Model = "new"
	_, err = s.Save("anna", "", stand.Revision, doc)
	require.NoError(t, err)
	old, err := open(t, d).At(stand.Revision)
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:8083", old.Web.Listen)
	assert.Empty(t, old.Device.Model)
}

// The secrets of a file that cannot be read stay, for it may be mended.
func TestSecretsOfWhatCannotBeRead(t *testing.T) {
	d := used(t)
	d.files["gateway.yaml"] += "\ndamaged: ["
	d.files["secrets.yaml"] += "only_there: hunter2\n"
	d.files["gateway.yaml"] += "\nx: secret:only_there\n"
	s, unread, err := confstore.OpenReadable(d, confstore.Options{Keep: 5})
	require.NoError(t, err)
	require.Error(t, unread)
	doc, version := s.Newest()
	for range 8 {
		doc.Device.Model += "x"
		version, err = s.Save("anna", "", version.Revision, doc)
		require.NoError(t, err)
	}
	assert.Contains(t, d.files["secrets.yaml"], "hunter2")
}

// Secrets of any text come back from the disk and from an export.
func TestSecretsOfAnyText(t *testing.T) {
	for name, text := range map[string]string{
		"looks_like_a_reference": "secret:abcdefghijkl",
		"two_colons":             "secret::x",
		"only_the_prefix":        "secret:",
		"redacted":               "[redacted] or not",
		"number":                 "0123",
		"no":                     "no",
		"quotes":                 `a"b'c #d: {e}`,
		"lines":                  "a\nb\n\n",
		"blanks":                 "  x\t",
		"unicode":                "пароль\u2028\u0085",
	} {
		t.Run(name, func(t *testing.T) {
			d := used(t)
			s := open(t, d)
			doc, version := s.Newest()
			doc.IPsec.Connections = []ipsec.Connection{{Name: "a", Gateway: "g.example", PreSharedKey: snmp.NewSecret(text),
				Phase1: ipsec.Names{"p1"}, Phase2: ipsec.Names{"p2"}}}
			doc.IPsec.Phase1Proposals = []ipsec.Phase1Proposal{{Name: "p1", Encryption: "aes256", Hash: "sha256", DH: "14"}}
			doc.IPsec.Phase2Proposals = []ipsec.Phase2Proposal{{Name: "p2", Encryption: "aes256", Hash: "sha256", DH: "14"}}
			version, err := s.Save("anna", "", version.Revision, doc)
			require.NoError(t, err)
			same, _ := open(t, d).Newest()
			assert.Equal(t, text, same.IPsec.Connections[0].PreSharedKey.Reveal())

			for _, secrets := range []bool{true, false} {
				export, err := s.Export(secrets)
				require.NoError(t, err)
				version, err = s.Import("anna", version.Revision, export)
				require.NoError(t, err, string(export))
				same, _ = s.Newest()
				assert.Equal(t, text, same.IPsec.Connections[0].PreSharedKey.Reveal())
			}
		})
	}
}

// What YAML cannot hold is refused, and is not found at the next start.
func TestTextThatDoesNotReadBack(t *testing.T) {
	d := used(t)
	s := open(t, d)
	doc, version := s.Newest()
	doc.OpenVPN.Folder.Path = "/etc/\xff\xfe"
	_, err := s.Save("anna", "", version.Revision, doc)
	if err == nil {
		same, _ := open(t, d).Newest()
		assert.Equal(t, doc.OpenVPN.Folder.Path, same.OpenVPN.Folder.Path)
	}
	same, unread, err := confstore.OpenReadable(d, confstore.Options{})
	require.NoError(t, err)
	require.NoError(t, unread)
	_, newest := same.Newest()
	_, want := s.Newest()
	assert.Equal(t, want.Revision, newest.Revision)
}

// What could not be read at the next start is refused.
func TestTooLargeToBeReadAgain(t *testing.T) {
	s := open(t, used(t))
	doc, version := s.Newest()
	doc.OpenVPN.Folder.Path = "/" + strings.Repeat("x", document.MaxSize)
	_, err := s.Save("anna", "", version.Revision, doc)
	require.Error(t, err)
	_, newest := s.Newest()
	assert.Equal(t, version.Revision, newest.Revision)
}

// Two short secrets on one line, whose places move as they are replaced.
func TestSecretsOnOneLine(t *testing.T) {
	for range 20 { // the order in which they are replaced is random
		d := newDisk(map[string]string{"gateway.yaml": "ipsec: {phase1_proposals: [{name: p, encryption: aes256, hash: sha256, dh: 14}]," +
			" phase2_proposals: [{name: p, encryption: aes256, hash: sha256, dh: 14}], connections: [" +
			"{pre_shared_key: c, name: a, gateway: g, phase1: p, phase2: p}, {pre_shared_key: r, name: b, gateway: h, phase1: p, phase2: p}]}\n"})
		s := open(t, d)
		doc, _ := s.Newest()
		same, _ := open(t, d).Newest()
		require.Equal(t, doc, same)
		require.Equal(t, "c", same.IPsec.Connections[0].PreSharedKey.Reveal())
		require.Equal(t, "r", same.IPsec.Connections[1].PreSharedKey.Reveal())
	}
}

// What others have put in the way is not written into.
func TestDiskWritesFilesOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.WriteFile(other, []byte("theirs"), 0o600))
	require.NoError(t, os.Symlink(other, filepath.Join(dir, "link")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "open"), nil, 0o644))
	for _, name := range []string{"link", "open"} {
		require.NoError(t, confstore.Disk(dir).WriteFile(name, []byte("ours")))
		info, err := os.Lstat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode(), name)
	}
	text, err := os.ReadFile(other)
	require.NoError(t, err)
	assert.Equal(t, "theirs", string(text))
}
