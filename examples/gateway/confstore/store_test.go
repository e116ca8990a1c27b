package confstore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
)

// firstFile is the file of a first start.
func firstFile(t testing.TB) string {
	t.Helper()
	hash, err := api.HashKey("correct horse battery")
	require.NoError(t, err)
	return string(document.FirstFile(hash.Reveal(), "/etc/openvpn"))
}

func open(t testing.TB, f confstore.Folder) *confstore.Store {
	t.Helper()
	s, err := confstore.Open(f, confstore.Options{Keep: 5})
	require.NoError(t, err)
	return s
}

func TestFirstStart(t *testing.T) {
	dir := t.TempDir()
	_, err := confstore.Open(confstore.Disk(dir), confstore.Options{})
	require.ErrorIs(t, err, os.ErrNotExist)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte(firstFile(t)), 0o600))
	s := open(t, confstore.Disk(dir))
	doc, version := s.Newest()
	assert.EqualValues(t, 1, version.Revision)
	assert.Equal(t, "file", version.By)
	assert.Equal(t, "admin", doc.API.Keys[0].Name)

	text, err := os.ReadFile(filepath.Join(dir, "gateway.yaml"))
	require.NoError(t, err)
	assert.NotContains(t, string(text), doc.API.Keys[0].Hash.Reveal(), "secrets have a file of their own")
	assert.Contains(t, string(text), "# this host only; :8080 = every address", "comments stay")
	for _, name := range []string{"gateway.yaml", "secrets.yaml", "history/0000000001.yaml"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}

	again := open(t, confstore.Disk(dir))
	same, version := again.Newest()
	assert.EqualValues(t, 1, version.Revision, "nothing has changed")
	assert.Equal(t, doc, same)
}

func TestSaveHistoryRestore(t *testing.T) {
	d := newDisk(map[string]string{"gateway.yaml": firstFile(t)})
	s := open(t, d)
	doc, v1 := s.Newest()
	doc.Points.Redis.Password = snmp.NewSecret("hunter-two")
	v2, err := s.Save("anna", "password of the bus", v1.Revision, doc)
	require.NoError(t, err)
	doc.Web.Listen = ":81"
	v3, err := s.Save("anna", "", v2.Revision, doc)
	require.NoError(t, err)

	changed, err := s.Diff(v1.Revision, v3.Revision)
	require.NoError(t, err)
	assert.Equal(t, []control.Change{
		{Path: "points.redis.password", From: "", To: "[redacted]"},
		{Path: "web.listen", From: "127.0.0.1:8080", To: ":81"},
	}, changed)
	old, err := s.At(v2.Revision)
	require.NoError(t, err)
	assert.Equal(t, "hunter-two", old.Points.Redis.Password.Reveal())

	history, err := s.History()
	require.NoError(t, err)
	require.Len(t, history, 3)
	assert.Equal(t, "password of the bus", history[1].What)
	assert.Equal(t, "anna", history[1].By)

	doc.Points.Redis.Password = snmp.NewSecret("")
	for range 6 {
		_, version := s.Newest()
		doc.Web.Listen = fmt.Sprintf(":%d", 100+version.Revision)
		_, err := s.Save("anna", "", version.Revision, doc)
		require.NoError(t, err)
	}
	history, err = s.History()
	require.NoError(t, err)
	assert.Len(t, history, 5, "only so many are kept")
	_, err = s.At(v2.Revision)
	require.ErrorIs(t, err, confstore.ErrNoRevision)
	assert.NotContains(t, d.files["secrets.yaml"], "hunter-two", "nobody refers to it any more")
	_, before := s.Newest()
	reopened := open(t, d)
	got, version := reopened.Newest()
	assert.Equal(t, before, version)
	assert.Equal(t, doc, got)
}

// Two people save on the same revision: the second is told what the first has
// changed, and nothing is lost.
func TestConflict(t *testing.T) {
	s := open(t, newDisk(map[string]string{"gateway.yaml": firstFile(t)}))
	doc, base := s.Newest()
	anna, ben := doc, doc
	anna.Web.Listen = ":81"
	_, err := s.Save("anna", "", base.Revision, anna)
	require.NoError(t, err)
	ben.Device.Model = "WCC"
	_, err = s.Save("ben", "", base.Revision, ben)
	var conflict *control.Conflict
	require.ErrorAs(t, err, &conflict)
	assert.Equal(t, "anna", conflict.By)
	assert.Equal(t, []control.Change{{Path: "web.listen", From: "127.0.0.1:8080", To: ":81"}}, conflict.Changes)
	got, _ := s.Newest()
	assert.Equal(t, anna, got)
}

func TestEditedByHand(t *testing.T) {
	d := newDisk(map[string]string{"gateway.yaml": firstFile(t)})
	s := open(t, d)
	d.files["gateway.yaml"] = strings.Replace(d.files["gateway.yaml"], "listen: 127.0.0.1:8080", "listen: 127.0.0.1:9999", 1)
	edited, err := s.Reload()
	require.NoError(t, err)
	assert.True(t, edited)
	doc, version := s.Newest()
	assert.Equal(t, "127.0.0.1:9999", doc.Web.Listen)
	assert.EqualValues(t, 2, version.Revision)
	edited, err = s.Reload()
	require.NoError(t, err)
	assert.False(t, edited)

	good := d.files["gateway.yaml"]
	d.files["gateway.yaml"] = strings.Replace(good, "  enabled: true", "  enabled: perhaps", 1)
	_, err = s.Reload()
	var wrong *document.Error
	require.ErrorAs(t, err, &wrong)
	assert.Contains(t, err.Error(), `"perhaps", want true or false`)
	same, _ := s.Newest()
	assert.Equal(t, doc, same)

	d.files["gateway.yaml"] = strings.Replace(good, `"format":2`, `"format":9`, 1)
	_, err = s.Reload()
	assert.ErrorContains(t, err, "written by a newer version of the gateway")
	d.files["gateway.yaml"] = strings.Replace(good, "hash: secret:", "hash: secret:x", 1)
	_, err = s.Reload()
	assert.ErrorContains(t, err, "there is no secret of this name any more")
}

func TestFaultyDocumentsAreNotStored(t *testing.T) {
	d := newDisk(map[string]string{"gateway.yaml": firstFile(t)})
	s := open(t, d)
	doc, version := s.Newest()
	before := d.files["gateway.yaml"]
	doc.Ser2net.Ports = []ser2net.PortConfig{{Name: ""}}
	_, err := s.Save("anna", "", version.Revision, doc)
	var wrong *document.Error
	require.ErrorAs(t, err, &wrong)
	assert.Equal(t, before, d.files["gateway.yaml"])
}

func TestExportImport(t *testing.T) {
	s := open(t, newDisk(map[string]string{"gateway.yaml": firstFile(t)}))
	doc, version := s.Newest()
	doc.SNMP.Users = []snmp.User{{Name: "zoe", Auth: snmp.AuthSHA256, AuthPassword: snmp.NewSecret("first-password")}, {Name: "b", Auth: snmp.AuthSHA256, AuthPassword: snmp.NewSecret("other-password")}}
	version, err := s.Save("anna", "", version.Revision, doc)
	require.NoError(t, err)

	public, err := s.Export(false)
	require.NoError(t, err)
	assert.NotContains(t, string(public), "first-password")
	assert.NotContains(t, string(public), "other-password")
	assert.NotContains(t, string(public), "secret:")
	full, err := s.Export(true)
	require.NoError(t, err)
	assert.Contains(t, string(full), "first-password")

	version, err = s.Import("ben", version.Revision, []byte(strings.Replace(string(public), "name: zoe", "name: c", 1)))
	require.Error(t, err, "nobody knows the password of c")
	assert.NotContains(t, err.Error(), "first-password")
	_, version = s.Newest()
	_, err = s.Import("ben", version.Revision, []byte("web: {listen: 1"))
	require.Error(t, err)

	text := strings.Replace(string(public), "listen: 127.0.0.1:8080", "listen: 127.0.0.1:8081", 1)
	_, err = s.Import("ben", version.Revision, []byte(text))
	require.NoError(t, err)
	got, _ := s.Newest()
	want := doc
	want.Web.Listen = "127.0.0.1:8081"
	assert.Equal(t, want, got)

	_, version = s.Newest()
	other := open(t, newDisk(map[string]string{"gateway.yaml": firstFile(t)}))
	_, base := other.Newest()
	_, err = other.Import("ben", base.Revision, full)
	require.NoError(t, err)
	got, _ = other.Newest()
	assert.Equal(t, doc, got)
}

// The power goes at each step of a save: what is left is the revision before
// or the new one, whole, with every secret.
func TestPowerCutAtEveryStep(t *testing.T) {
	base := newDisk(map[string]string{"gateway.yaml": firstFile(t)})
	s := open(t, base)
	doc, version := s.Newest()
	old := doc
	for i := range 6 { // so that the history is full and something has to go
		doc.Points.Redis.Password = snmp.NewSecret(fmt.Sprint("password ", i))
		doc.Device.Model = fmt.Sprint("model ", i)
		old = doc
		var err error
		version, err = s.Save("anna", "", version.Revision, doc)
		require.NoError(t, err)
	}
	doc.Points.Redis.Password, doc.Device.Model = snmp.NewSecret("the new one"), "new"

	saved := 0
	for cut := 1; ; cut++ {
		for _, partly := range []bool{false, true} {
			d := newDisk(base.files)
			s := open(t, d)
			d.steps, d.cutAt, d.partly = 0, cut, partly
			_, err := s.Save("anna", "", version.Revision, doc)
			for _, eager := range []bool{false, true} {
				after := open(t, d.afterCut(eager))
				got, v := after.Newest()
				if got.Device.Model == "new" {
					assert.Equal(t, doc, got, "cut at %d", cut)
					assert.Equal(t, version.Revision+1, v.Revision)
				} else {
					assert.Equal(t, old, got, "cut at %d", cut)
					assert.Equal(t, version.Revision, v.Revision)
					assert.Error(t, err, "cut at %d: it was said to be stored", cut)
				}
				history, err := after.History()
				require.NoError(t, err)
				for _, v := range history {
					_, err := after.At(v.Revision)
					assert.NoError(t, err, "cut at %d: revision %d does not read any more", cut, v.Revision)
				}
			}
			if d.steps < cut {
				saved = cut
			}
		}
		if saved > 0 {
			break
		}
	}
	assert.Greater(t, saved, 8, "a save has that many steps")
}

func TestFullDisk(t *testing.T) {
	base := newDisk(map[string]string{"gateway.yaml": firstFile(t)})
	open(t, base)
	for full := 1; full < 20; full++ {
		d := newDisk(base.files)
		s := open(t, d)
		doc, version := s.Newest()
		before := doc
		doc.Points.Redis.Password, doc.Device.Model = snmp.NewSecret("the new one"), "new"
		d.steps, d.fullAt = 0, full
		_, err := s.Save("anna", "", version.Revision, doc)
		got, _ := s.Newest()
		d.fullAt = 0
		reopened, _ := open(t, d).Newest()
		assert.Equal(t, got, reopened, "full at %d: memory and disk agree", full)
		if err != nil {
			assert.Equal(t, before, got)
		} else {
			assert.Equal(t, doc, got)
		}
	}
}

func TestUnconfirmed(t *testing.T) {
	d := newDisk(map[string]string{"gateway.yaml": firstFile(t)})
	s := open(t, d)
	assert.Nil(t, s.Unconfirmed())
	require.NoError(t, s.SetUnconfirmed(nil))
	require.NoError(t, s.SetUnconfirmed(&control.Unconfirmed{Previous: 1, By: "anna"}))
	assert.Equal(t, &control.Unconfirmed{Previous: 1, By: "anna"}, open(t, d.afterCut(false)).Unconfirmed())
	require.NoError(t, s.SetUnconfirmed(nil))
	assert.Nil(t, open(t, d.afterCut(false)).Unconfirmed())
}

// A save of a large configuration takes its time on a small processor: this
// is the code, without the flash.
func BenchmarkSave1000Records(b *testing.B) {
	s := open(b, newDisk(map[string]string{"gateway.yaml": firstFile(b)}))
	doc, version := s.Newest()
	for i := range 1000 {
		doc.Ser2net.Ports = append(doc.Ser2net.Ports, ser2net.PortConfig{Name: fmt.Sprint("port", i), Listen: fmt.Sprintf(":%d", 10000+i), Device: fmt.Sprint("/dev/ttyS", i)})
	}
	for b.Loop() {
		var err error
		if version, err = s.Save("anna", "", version.Revision, doc); err != nil {
			b.Fatal(err)
		}
	}
}
