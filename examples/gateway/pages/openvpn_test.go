package pages_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/openvpn"
)

func TestRecipe(t *testing.T) {
	s := newSite(t)
	_, page := s.get("/openvpn/new")
	for _, r := range openvpn.Recipes() {
		assert.Contains(t, page, "recipe="+r.Name)
		status, form := s.get("/openvpn/new?recipe=" + r.Name)
		assert.Equal(t, http.StatusOK, status)
		for _, answer := range r.Asks {
			assert.Contains(t, form, `="`+answer, "%s asks for %s", r.Name, answer)
		}
	}
	status, page := s.post("/openvpn/new?recipe=client_tun", url.Values{"base": {"1"}, "name": {"a b"}, "port": {"many"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Regexp(t, `id="remote-error">[^<]*required`, page)
	assert.Regexp(t, `id="port-error"`, page)
	assert.Contains(t, page, `value="a b"`)

	_, _ = s.post("/openvpn/certificates/authority", url.Values{"name": {"Plant CA"}})
	status, page = s.post("/openvpn/new?recipe=server_pki", url.Values{"base": {"1"}, "name": {"office"}, "network": {"10.8.0.0/24"}, "make": {"on"}})
	require.Equal(t, http.StatusSeeOther, status, page)
	doc, _ := s.control.Saved()
	require.Len(t, doc.OpenVPN.Instances, 1)
	assert.Equal(t, "10.8.0.0/24", doc.OpenVPN.Instances[0].Server)
	assert.True(t, doc.OpenVPN.Enabled)
	assert.Empty(t, openvpn.CheckFiles(doc.OpenVPN.Instances[0], s.files, time.Now()))
	_, page = s.get("/openvpn/instance?name=office")
	assert.NotContains(t, page, "missing")

	status, page = s.post("/openvpn/new?recipe=server_tun", url.Values{"base": {"2"}, "name": {"OFFICE"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status, "names that differ in case only")
	assert.Regexp(t, `id="name-error"`, page)

	_, page = s.post("/apply", url.Values{"confirm": {"0"}})
	require.Contains(t, page, "Applied.")
	_, base := s.control.Saved()
	status, page = s.post("/openvpn/instances/office", url.Values{"base": {fmt.Sprint(base)}, "action": {"delete"}})
	require.Equal(t, http.StatusSeeOther, status, page)
	status, page = s.post("/openvpn/new?recipe=server_tun", url.Values{"base": {fmt.Sprint(base)}, "name": {"office"}, "make": {"on"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Regexp(t, `id="name-error">[^<]*still runs`, page)
}

func TestImport(t *testing.T) {
	s := newSite(t)
	const file = "client\nremote vpn.example.org 443\nproto udp\nup /bin/evil\nca ca.crt\ncert a.crt\nkey a.key\n<tls-crypt>\n%s</tls-crypt>\n"
	status, page, _ := s.upload("/openvpn/import", map[string]string{"name": "office"}, "nonsense\x00")
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, "The file is not taken")

	key := staticKey(t)
	status, page, _ = s.upload("/openvpn/import", map[string]string{"name": "office"}, fmt.Sprintf(file, key))
	require.Equal(t, http.StatusOK, status, page)
	assert.Contains(t, page, "refused")
	assert.Contains(t, page, "ca.crt")
	assert.NotContains(t, page, strings.Split(key, "\n")[5], "a key does not go back to the browser")
	doc, _ := s.control.Saved()
	assert.Empty(t, doc.OpenVPN.Instances, "nothing is stored before it was looked at")
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(page)
	require.NotNil(t, token)

	status, page = s.post("/openvpn/imported", url.Values{"token": {token[1]}, "name": {"bad name"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, `value="bad name"`)
	other := s.user
	s.user.Name = "mallory"
	status, _ = s.post("/openvpn/imported", url.Values{"token": {token[1]}, "name": {"office"}})
	assert.Equal(t, http.StatusGone, status, "another user's upload")
	s.user = other
	status, page = s.post("/openvpn/imported", url.Values{"token": {token[1]}, "name": {"office"}})
	require.Equal(t, http.StatusSeeOther, status, page)
	doc, _ = s.control.Saved()
	require.Len(t, doc.OpenVPN.Instances, 1)
	assert.Equal(t, "vpn.example.org", doc.OpenVPN.Instances[0].Remotes[0].Host)
	files, err := s.files.List("office")
	require.NoError(t, err)
	assert.Len(t, files, 1)
	status, _ = s.post("/openvpn/imported", url.Values{"token": {token[1]}, "name": {"again"}})
	assert.Equal(t, http.StatusGone, status, "it is used up")

	_, page = s.get("/openvpn/instance?name=office")
	assert.Contains(t, page, "missing", "ca.crt is still to be uploaded")
	status, page, _ = s.upload("/openvpn/file", map[string]string{"name": "office", "kind": "ca"}, "certificate")
	require.Equal(t, http.StatusSeeOther, status, page)
	content, err := s.files.Get("office", doc.OpenVPN.Instances[0].Files[openvpn.FileCA])
	require.NoError(t, err)
	assert.Equal(t, "certificate", string(content))
	assert.EqualValues(t, 1, s.taken.Load(), "the running instance is told")
	status, _, _ = s.upload("/openvpn/file", map[string]string{"name": "office", "kind": "dh"}, "x")
	assert.Equal(t, http.StatusNotFound, status, "a file that it does not name")
	status, _ = s.post("/openvpn/delete-files", url.Values{"name": {"office"}})
	assert.Equal(t, http.StatusBadRequest, status, "only when one is sure")
	status, _ = s.post("/openvpn/delete-files", url.Values{"name": {"office"}, "sure": {"on"}})
	assert.Equal(t, http.StatusSeeOther, status)
	files, err = s.files.List("office")
	require.NoError(t, err)
	assert.Empty(t, files)
}

// staticKey is a key as openvpn writes it.
func staticKey(t *testing.T) string {
	t.Helper()
	text := "-----BEGIN OpenVPN Static key V1-----\n"
	for i := range 16 {
		text += strings.Repeat(fmt.Sprintf("%02x", i*3+1), 16) + "\n"
	}
	return text + "-----END OpenVPN Static key V1-----\n"
}

func TestOptions(t *testing.T) {
	s := newSite(t)
	i, err := openvpn.FromRecipe("server_tun", openvpn.Answers{Name: "office"})
	require.NoError(t, err)
	i.Options = append(i.Options, openvpn.Option{Name: "push", Args: []string{"route 10.1.0.0 255.255.0.0"}}, openvpn.Option{Name: "route", Args: []string{"10.2.0.0", "255.255.0.0"}})
	s.change(func(doc *document.Document) { doc.OpenVPN.Instances = []openvpn.Instance{i} })

	// Sending back what the page shows changes nothing.
	for _, tab := range []string{"Service", "Networking", "VPN", "Cryptography"} {
		_, page := s.get("/openvpn/options?name=office&tab=" + tab)
		form := sent(page, "/openvpn/options")
		_, base := s.control.Saved()
		form.Set("base", fmt.Sprint(base))
		status, page := s.post("/openvpn/options", form)
		require.Equal(t, http.StatusSeeOther, status, "%s: %s", tab, page)
		doc, _ := s.control.Saved()
		assert.Equal(t, i.Options, doc.OpenVPN.Instances[0].Options, tab)
	}

	_, page := s.get("/openvpn/options?name=office&tab=VPN")
	form := sent(page, "/openvpn/options")
	form.Set("o.push", "route 10.1.0.0 255.255.0.0\r\ndhcp-option DNS 10.1.0.1\r\n")
	status, page := s.post("/openvpn/options", form)
	require.Equal(t, http.StatusSeeOther, status, page)
	_, page = s.get("/openvpn/options?name=office&tab=Networking")
	form = sent(page, "/openvpn/options")
	form.Set("o.keepalive.0", "5")
	form.Set("o.keepalive.1", "soon")
	status, page = s.post("/openvpn/options", form)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Regexp(t, `id="o.keepalive-error">[^<]*keepalive`, page)
	assert.Contains(t, page, `value="soon"`)
	form.Set("o.keepalive.1", "50")
	status, page = s.post("/openvpn/options", form)
	require.Equal(t, http.StatusSeeOther, status, page)
	doc, _ := s.control.Saved()
	assert.Contains(t, doc.OpenVPN.Instances[0].Options, openvpn.Option{Name: "keepalive", Args: []string{"5", "50"}})
	assert.Contains(t, doc.OpenVPN.Instances[0].Options, openvpn.Option{Name: "push", Args: []string{"dhcp-option DNS 10.1.0.1"}})
	assert.Contains(t, doc.OpenVPN.Instances[0].Options, openvpn.Option{Name: "route", Args: []string{"10.2.0.0", "255.255.0.0"}})
}

func TestCertificates(t *testing.T) {
	s := newSite(t)
	_, page := s.get("/openvpn/certificates")
	assert.Contains(t, page, "There is no certificate authority")
	status, page := s.post("/openvpn/certificates/authority", url.Values{"name": {"<b>"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, `value="&lt;b&gt;"`)
	status, _ = s.post("/openvpn/certificates/issue", url.Values{"name": {"x"}})
	assert.Equal(t, http.StatusConflict, status)
	status, _ = s.post("/openvpn/certificates/authority", url.Values{"name": {"Plant CA"}})
	require.Equal(t, http.StatusSeeOther, status)
	status, page = s.post("/openvpn/certificates/issue", url.Values{"name": {""}, "use": {"client"}, "days": {"soon"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, "whole number of days")
	status, page = s.post("/openvpn/certificates/issue", url.Values{"name": {"pump"}, "use": {"client"}, "days": {"30"}})
	require.Equal(t, http.StatusSeeOther, status, page)
	status, ca := s.get("/openvpn/certificates/ca.crt")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, ca, "BEGIN CERTIFICATE")

	status, page = s.post("/openvpn/new?recipe=server_pki", url.Values{"base": {"1"}, "name": {"office"}, "make": {"on"}, "action": {"apply"}})
	require.Equal(t, http.StatusOK, status, page)
	_, page = s.get("/openvpn/certificates")
	assert.Contains(t, page, "pump")
	_, page = s.get("/openvpn/instance?name=office")
	serial := regexp.MustCompile(`<option value="([0-9A-F]+)">pump`).FindStringSubmatch(page)
	require.NotNil(t, serial, page)
	status, _ = s.post("/openvpn/client-file", url.Values{"name": {"office"}, "serial": serial[1:], "host": {""}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	status, text := s.post("/openvpn/client-file", url.Values{"name": {"office"}, "serial": serial[1:], "host": {"vpn.example.org"}})
	require.Equal(t, http.StatusOK, status, text)
	imported, err := openvpn.Import("office", []byte(text))
	require.NoError(t, err)
	assert.NoError(t, imported.Instance.Validate())
	assert.Len(t, imported.Files, 4)
	status, _ = s.post("/openvpn/certificates/bundle", url.Values{"serial": serial[1:]})
	assert.Equal(t, http.StatusBadRequest, status, "without a password")
	status, _ = s.post("/openvpn/certificates/bundle", url.Values{"serial": serial[1:], "password": {"secret"}})
	assert.Equal(t, http.StatusOK, status)

	status, page = s.post("/openvpn/certificates/revoke", url.Values{"serial": serial[1:]})
	require.Equal(t, http.StatusSeeOther, status, page)
	_, page = s.get("/openvpn/certificates")
	assert.Contains(t, page, "revoked")
	status, _ = s.post("/openvpn/certificates/revoke", url.Values{"serial": {"ABCDEF"}})
	assert.Equal(t, http.StatusNotFound, status)
	status, _ = s.post("/openvpn/certificates/revoke", url.Values{"serial": {"../.."}})
	assert.Equal(t, http.StatusBadRequest, status)
	status, page = s.post("/openvpn/certificates/issue", url.Values{"name": {"valve"}, "use": {"server"}})
	require.Equal(t, http.StatusSeeOther, status, page)
	_, page = s.get("/openvpn/certificates")
	renew := regexp.MustCompile(`renew" class="inline"><input type="hidden" name="serial" value="([0-9A-F]+)"><button aria-label="Renew valve"`).FindStringSubmatch(page)
	require.NotNil(t, renew)
	status, _ = s.post("/openvpn/certificates/renew", url.Values{"serial": renew[1:]})
	assert.Equal(t, http.StatusSeeOther, status)
}

func TestClients(t *testing.T) {
	s := newSite(t)
	runner, _ := s.run()
	process := runner.Process("office")
	process.Join("pump", "", "")
	require.Eventually(t, func() bool {
		_, page := s.get("/openvpn/instance?name=office")
		return strings.Contains(page, "Disconnect: pump")
	}, 20*time.Second, 20*time.Millisecond)
	status, page := s.post("/openvpn/client", url.Values{"name": {"office"}, "client": {"pump"}, "verb": {"ban"}, "back": {"/openvpn/instance?name=office"}})
	assert.Equal(t, http.StatusSeeOther, status, page)
	_, page = s.get("/openvpn/instance?name=office")
	assert.Contains(t, page, "Kept away")
	for verb, want := range map[string]int{"unban": http.StatusSeeOther, "explode": http.StatusBadRequest} {
		status, _ = s.post("/openvpn/client", url.Values{"name": {"office"}, "client": {"pump"}, "verb": {verb}})
		assert.Equal(t, want, status, verb)
	}
	status, _ = s.post("/openvpn/client", url.Values{"name": {"none"}, "client": {"pump"}, "verb": {"kick"}})
	assert.Equal(t, http.StatusNotFound, status)
}
