package pages_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ser2net"
)

// An admin of the pages sees what only the file on the device sets, with the
// reason, and cannot change it.
func TestFixedInTheFile(t *testing.T) {
	s := newSite(t)
	_, page := s.get("/config/upgrade")
	assert.Regexp(t, `<textarea readonly id="apply_command"`, page)
	assert.Contains(t, page, "Set in gateway.yaml on the device only, since it names a program that the gateway runs.")
	_, page = s.get("/openvpn")
	assert.Regexp(t, `<input type="checkbox" id="folder.trust_whole" name="folder.trust_whole" value="on" disabled`, page)
	assert.NotContains(t, page, `name="box:folder.trust_whole"`)
	_, page = s.get("/ser2net/ports/+")
	assert.NotContains(t, page, `traces[0].file`, "no row to add")

	// A browser that sends it all the same changes the rest.
	status, _ := s.post("/config/upgrade", url.Values{
		"base": {"1"}, "apply_command": {"/bin/sh\n{file}"}, "test_command": {""}, "folder": {"/etc"}, "trusted_keys": {"RW1"}, "test_timeout": {"30s"},
	})
	require.Equal(t, http.StatusSeeOther, status)
	status, _ = s.post("/openvpn", url.Values{"base": {"2"}, "box:folder.trust_whole": {"1"}, "folder.trust_whole": {"on"}, "folder.path": {"/tmp"}})
	require.Equal(t, http.StatusSeeOther, status)
	status, _ = s.post("/ser2net/ports/+", url.Values{"base": {"3"}, "name": {"a"}, "device": {"/dev/ttyS0"}, "listen": {":5000"}, "traces[0].file": {"/etc/x"}})
	require.Equal(t, http.StatusSeeOther, status)
	doc, _ := s.control.Saved()
	want := document.Default()
	assert.EqualValues(t, 30*time.Second, doc.Upgrade.TestTimeout)
	want.Upgrade.TestTimeout = doc.Upgrade.TestTimeout
	assert.Equal(t, want.Upgrade, doc.Upgrade)
	assert.Equal(t, want.OpenVPN.Folder, doc.OpenVPN.Folder)
	assert.Empty(t, doc.Ser2net.Ports[0].Traces)
}

// What a table that cannot be changed has is shown, and stays when the record
// is saved, even if a browser says to remove it.
func TestFixedTable(t *testing.T) {
	s := newSite(t)
	doc := document.Default()
	port := ser2net.DefaultPort()
	port.Name, port.Device, port.Listen, port.Traces = "a", "/dev/ttyS0", ":5000", []ser2net.Trace{{File: "/tmp/trace"}}
	doc.Ser2net.Ports = []ser2net.PortConfig{port}
	text, err := document.Dump(doc, nil, nil)
	require.NoError(t, err)
	s.edit(text)
	_, page := s.get("/ser2net/ports/a")
	assert.Regexp(t, `<input readonly id="traces\[0\].file" name="traces\[0\].file"[^>]* value="/tmp/trace">`, page)
	assert.NotContains(t, page, `traces[0].remove`)
	assert.NotContains(t, page, `traces[1]`)
	status, _ := s.post("/ser2net/ports/a", url.Values{"base": {"2"}, "name": {"b"}, "traces[0].remove": {"on"}, "traces[0].file": {"/etc/x"}, "traces[1].file": {"/etc/y"}})
	require.Equal(t, http.StatusSeeOther, status)
	doc, _ = s.control.Saved()
	assert.Equal(t, "b", doc.Ser2net.Ports[0].Name)
	assert.Equal(t, port.Traces, doc.Ser2net.Ports[0].Traces)
}

// An older revision, or a file, that says otherwise is refused in words.
func TestFixedInAnOlderRevision(t *testing.T) {
	s := newSite(t)
	s.edit([]byte(`upgrade: {apply_command: [/sbin/new, "{file}"]}` + "\n"))
	status, page := s.post("/config/restore", url.Values{"revision": {"1"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, "upgrade.apply_command: Set in gateway.yaml on the device only")
	status, page, _ = s.upload("/config/import", nil, `upgrade: {apply_command: [/bin/sh, "{file}"]}`)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, "upgrade.apply_command: Set in gateway.yaml on the device only")
	_, revision := s.control.Saved()
	assert.EqualValues(t, 2, revision)
}

// edit does what somebody at the device does: writes the file and has it read.
func (s *site) edit(text []byte) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, "gateway.yaml"), text, 0o600))
	_, err := s.store.Reload()
	require.NoError(s.t, err)
}
