package pages_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
)

// upload sends a form with a file; redirects are not followed.
func (s *site) upload(path string, fields map[string]string, content string) (int, string, http.Header) {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		require.NoError(s.t, form.WriteField(name, value))
	}
	file, err := form.CreateFormFile("file", `../../etc/"passwd`)
	require.NoError(s.t, err)
	_, err = file.Write([]byte(content))
	require.NoError(s.t, err)
	require.NoError(s.t, form.Close())
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+path, &body)
	require.NoError(s.t, err)
	request.Header.Set("Content-Type", form.FormDataContentType())
	return s.send(request)
}

func (s *site) send(request *http.Request) (int, string, http.Header) {
	s.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = answer.Body.Close() }()
	var b bytes.Buffer
	_, err = b.ReadFrom(answer.Body)
	require.NoError(s.t, err)
	return answer.StatusCode, b.String(), answer.Header
}

// change saves and applies a change of the configuration.
func (s *site) change(change func(*document.Document)) {
	s.t.Helper()
	doc, base := s.control.Saved()
	change(&doc)
	_, err := s.control.Save(s.t.Context(), "anna", "test", base, doc)
	require.NoError(s.t, err)
	_, err = s.control.Apply(s.t.Context(), "anna", 0)
	require.NoError(s.t, err)
}

// Everything runs and is configured, with names that want to be part of the
// page.
func TestEveryPageWithServices(t *testing.T) {
	s := newSite(t)
	_, _ = s.run()
	s.live.points, s.live.upgrade = apitest.NewPoints(), new(apitest.Upgrade)
	_, _ = s.log.Write([]byte(`time=now level=WARN msg="` + hostile + `" service=ipsec`))
	for _, service := range []string{"ipsec", "openvpn", "ser2net"} {
		for _, name := range []string{"demo0", "office", hostile} {
			s.engine.items = append(s.engine.items, control.Item{Service: service, Name: name, State: hostile, Detail: hostile, Verbs: []control.Verb{control.Start, control.Stop}})
		}
	}
	server, err := openvpn.FromRecipe("server_tun", openvpn.Answers{Name: "office"})
	require.NoError(t, err)
	s.change(func(doc *document.Document) {
		doc.OpenVPN.Instances = []openvpn.Instance{server}
		port := ser2net.DefaultPort()
		port.Name, port.Device = hostile, "/dev/ttyS0"
		doc.Ser2net.Ports = []ser2net.PortConfig{port}
		doc.IPsec.Phase1Proposals = []ipsec.Phase1Proposal{{Name: "ike", Encryption: ipsec.Encryption3DES, Hash: ipsec.HashMD5, DH: ipsec.Group2}}
		doc.IPsec.Phase2Proposals = []ipsec.Phase2Proposal{{Name: "esp", Encryption: ipsec.EncryptionAES256GCM}}
		doc.IPsec.Connections = []ipsec.Connection{{
			Name: "demo0", Enabled: true, Gateway: "192.0.2.1", PreSharedKey: ipsec.NewSecret("hunter-two"), Phase1: ipsec.Names{"ike"}, Phase2: ipsec.Names{"esp"}, LocalID: hostile,
		}}
	})
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.live.ser2net.Status().Ports[0].Listening)
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	require.Eventually(t, func() bool { return len(s.live.ser2net.Status().Ports[0].Clients) == 1 }, 10*time.Second, 5*time.Millisecond)

	paths := append([]string{
		"/ipsec/connections/demo0", "/openvpn/instances/office", "/openvpn/instance?name=office", "/openvpn/options?name=office",
		"/openvpn/options?name=office&tab=Networking", "/openvpn/options?name=office&tab=VPN", "/openvpn/options?name=office&tab=Cryptography",
		"/ser2net/ports/" + url.PathEscape(hostile), "/snmp/browse?oid=" + url.QueryEscape(hostile), "/log?text=" + url.QueryEscape(hostile), "/tags?device=INV2",
	}, everyPage...)
	for _, path := range paths {
		status, page := s.get(path)
		assert.Equal(t, http.StatusOK, status, "%s: %s", path, page)
		assert.NotContains(t, page, hostile, path)
		assert.NotContains(t, page, "<i>gate", path)
		assert.NotContains(t, page, "hunter-two", path)
		ids := make(map[string]bool)
		for _, id := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			assert.False(t, ids[id[1]], "%s: %s is there twice", path, id[1])
			ids[id[1]] = true
		}
		for _, id := range regexp.MustCompile(`<(?:input|select|textarea) (?:[^>]* )?id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			if !strings.Contains(page, `for="`+id[1]+`"`) {
				assert.Regexp(t, `<label class="box"><input type="checkbox" id="`+regexp.QuoteMeta(id[1])+`"`, page, "%s: %s has no label", path, id[1])
			}
		}
	}
	for _, path := range []string{"/openvpn/instance?name=none", "/openvpn/options?name=none", "/openvpn/new?recipe=none", "/tags?device=none"} {
		status, _ := s.get(path)
		assert.Equal(t, http.StatusNotFound, status, path)
	}
	_, page := s.get("/ipsec")
	assert.Contains(t, page, "name resolution", "the cause of the failure")
	assert.Contains(t, page, "ESTABLISHED")
	assert.Contains(t, page, "phase 1: ike")
	assert.Contains(t, page, "To be known", "3DES is weak")
	_, page = s.get("/ser2net")
	assert.Contains(t, page, "DTR o")
	assert.Contains(t, page, html.EscapeString(connection.LocalAddr().String()))
	status, _ := s.post("/ser2net/disconnect", url.Values{"port": {hostile}, "client": {"77"}})
	assert.Equal(t, http.StatusNotFound, status)
	status, page = s.post("/ser2net/disconnect", url.Values{"port": {hostile}, "client": {"0"}})
	assert.Equal(t, http.StatusSeeOther, status, page)
	require.NoError(t, connection.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err = connection.Read(make([]byte, 1))
	assert.Error(t, err)
}

// Forms that only admins, or operators, may send.
func TestRolesOfForms(t *testing.T) {
	s := newSite(t)
	for path, needed := range map[string]account.Role{
		"/openvpn/new": account.Admin, "/openvpn/import": account.Admin, "/openvpn/imported": account.Admin, "/openvpn/options": account.Admin,
		"/openvpn/file": account.Admin, "/openvpn/make-files": account.Admin, "/openvpn/delete-files": account.Admin, "/openvpn/client-file": account.Admin,
		"/openvpn/certificates/authority": account.Admin, "/openvpn/certificates/issue": account.Admin, "/openvpn/certificates/revoke": account.Admin,
		"/openvpn/certificates/renew": account.Admin, "/openvpn/certificates/bundle": account.Admin, "/api-settings/new-key": account.Admin,
		"/upgrade": account.Admin, "/upgrade/apply": account.Admin, "/openvpn/client": account.Operator, "/ser2net/disconnect": account.Operator,
		"/api-settings/try": account.Operator,
	} {
		for _, role := range []account.Role{"", account.Viewer, account.Operator, account.Admin} {
			s.user.Role = role
			status, _ := s.post(path, url.Values{})
			assert.Equal(t, !role.Allows(needed), status == http.StatusForbidden, "%s by %q: %d", path, role, status)
		}
	}
}

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

// sent is what a browser would send of a form as it stands.
func sent(page, action string) url.Values {
	_, page, _ = strings.Cut(page, `action="`+strings.ReplaceAll(action, "+", "&#43;")+`"`)
	page, _, _ = strings.Cut(page, "</form>")
	values := make(url.Values)
	for _, input := range regexp.MustCompile(`<input ([^>]*)>`).FindAllStringSubmatch(page, -1) {
		name := attribute(input[1], "name")
		if strings.Contains(input[1], `type="checkbox"`) && !strings.Contains(input[1], " checked") || name == "" {
			continue
		}
		values.Add(name, attribute(input[1], "value"))
	}
	for _, area := range regexp.MustCompile(`(?s)<textarea ([^>]*)>(.*?)</textarea>`).FindAllStringSubmatch(page, -1) {
		values.Add(attribute(area[1], "name"), html.UnescapeString(area[2]))
	}
	for _, choice := range regexp.MustCompile(`(?s)<select ([^>]*)>(.*?)</select>`).FindAllStringSubmatch(page, -1) {
		for _, option := range regexp.MustCompile(`<option ([^>]*) selected>`).FindAllStringSubmatch(choice[2], -1) {
			values.Add(attribute(choice[1], "name"), attribute(option[1], "value"))
		}
	}
	return values
}

func attribute(tag, name string) string {
	m := regexp.MustCompile(`(?:^| )` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// Proposals are chosen among those that there are.
func TestChoicesOfNames(t *testing.T) {
	s := newSite(t)
	s.change(func(doc *document.Document) {
		doc.IPsec.Phase1Proposals = []ipsec.Phase1Proposal{{Name: "one", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14}, {Name: "two", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA256, DH: ipsec.Group14}}
		doc.IPsec.Phase2Proposals = []ipsec.Phase2Proposal{{Name: "esp", Encryption: ipsec.EncryptionAES256GCM}}
	})
	_, page := s.get("/ipsec/connections/+")
	assert.Contains(t, page, `<option value="two">two</option>`)
	form := sent(page, "/ipsec/connections/+")
	form.Set("name", "demo0")
	form.Set("gateway", "192.0.2.1")
	form.Set("pre_shared_key", "hunter-two")
	form["phase1"], form["phase2"] = []string{"two", "one"}, []string{"esp"}
	status, page := s.post("/ipsec/connections/+", form)
	require.Equal(t, http.StatusSeeOther, status, page)
	doc, _ := s.control.Saved()
	assert.Equal(t, ipsec.Names{"two", "one"}, doc.IPsec.Connections[0].Phase1)
	_, page = s.get("/ipsec/connections/demo0")
	assert.Equal(t, []string{"two", "one", ""}, sent(page, "/ipsec/connections/demo0")["phase1"])
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

// A script gets a message in place of a page.
func TestDoByScript(t *testing.T) {
	s := newSite(t)
	for item, want := range map[string]string{"meter": `<p role="status">Done: stop meter.</p>`, "none": `<p role="alert">It did not work:`} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+"/do", strings.NewReader(url.Values{"service": {"ser2net"}, "item": {item}, "verb": {"stop"}}.Encode()))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("HX-Request", "true")
		_, page, _ := s.send(request)
		assert.True(t, strings.HasPrefix(page, want), page)
	}
	// Only pages of one's own are gone back to.
	status, _, header := s.upload("/do", nil, "")
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Empty(t, header.Get("Location"))
}

func TestBrowser(t *testing.T) {
	s := newSite(t)
	_, page := s.get("/snmp/browse?oid=ifTable")
	assert.Contains(t, page, "ifDescr.1")
	assert.Contains(t, page, "02 00 00 00 00 01", "octets that are no text")
	_, page = s.get("/snmp/browse")
	assert.Contains(t, page, "ifDescr.1")
	assert.Contains(t, page, "fieldgateHostName.0")
	assert.Contains(t, page, "&lt;i&gt;gate&lt;/i&gt;")
	_, page = s.get("/snmp/browse?oid=ifDescr.1")
	assert.Contains(t, page, "OCTET STRING")
	assert.NotContains(t, page, "ifPhysAddress.1")
	_, page = s.get("/snmp/browse?oid=fieldgateServices")
	assert.Contains(t, page, "fieldgateServiceState")
	_, page = s.get("/snmp/browse?oid=nonsense")
	assert.Contains(t, page, "neither an identifier")
	status, _ := s.get("/snmp/browse?oid=.1.3&after=x")
	assert.Equal(t, http.StatusBadRequest, status)
}

func TestAPIPage(t *testing.T) {
	s := newSite(t)
	status, page := s.post("/api-settings/new-key", url.Values{"name": {"a b"}, "sources": {"192.0.2.0/24"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, `value="192.0.2.0/24"`)
	status, page = s.post("/api-settings/new-key", url.Values{"name": {"scada"}, "sources": {"everywhere"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status, page)
	status, page = s.post("/api-settings/new-key", url.Values{"name": {"scada"}, "endpoints": {"tags devices"}, "sources": {"192.0.2.0/24"}, "days": {"30"}})
	require.Equal(t, http.StatusOK, status, page)
	key := regexp.MustCompile(`<code class="key">(\w{32})</code>`).FindStringSubmatch(page)
	require.NotNil(t, key, page)
	doc, _ := s.control.Saved()
	require.Len(t, doc.API.Keys, 1)
	assert.Equal(t, []string{"tags", "devices"}, doc.API.Keys[0].Endpoints)
	assert.NotEmpty(t, doc.API.Keys[0].Expires)
	_, page = s.get("/api-settings")
	assert.NotContains(t, page, key[1], "it is shown once")
	assert.Contains(t, page, "scada")

	_, page = s.post("/api-settings/try", url.Values{"endpoint": {"/api/device/info"}, "device_alias": {"it's"}, "key": {"wrong-key"}})
	assert.Contains(t, page, "status 401")
	assert.NotContains(t, page, "wrong-key")
	_, page = s.post("/api-settings/try", url.Values{"endpoint": {"/api/device/info"}, "device_alias": {"it's"}, "key": {"right"}})
	assert.Contains(t, page, "status 200")
	assert.Contains(t, page, "&lt;b&gt;/api/device/info it&#39;s&lt;/b&gt;")
	status, _ = s.post("/api-settings/try", url.Values{"endpoint": {"/users"}})
	assert.Equal(t, http.StatusBadRequest, status)

	status, _ = s.post("/api-settings/endpoints", url.Values{"base": {"2"}, "box:tags": {"1"}, "tags": {"on"}})
	assert.Equal(t, http.StatusSeeOther, status)
	doc, _ = s.control.Saved()
	assert.True(t, doc.API.Endpoints.Tags)
}

func TestLog(t *testing.T) {
	s := newSite(t)
	for _, text := range []string{`level=INFO msg="one" service=ipsec`, `level=WARN msg="two" service=openvpn`, `level=ERROR msg="Three" service=ipsec`} {
		_, _ = s.log.Write([]byte(text))
	}
	for query, want := range map[string][]string{"": {"one", "two", "Three"}, "level=WARN": {"two", "Three"}, "service=ipsec": {"one", "Three"}, "text=three": {"Three"}, "level=ERROR&service=openvpn": nil} {
		_, page := s.get("/log?" + query)
		for _, word := range []string{"one", "two", "Three"} {
			assert.Equal(t, slices.Contains(want, word), strings.Contains(page, "msg=&#34;"+word), "%s: %s", query, word)
		}
	}
	_, page := s.get("/log?follow=no")
	assert.NotContains(t, page, `id="live"`)
	status, text := s.get("/log/download")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, `msg="two"`)
}

func TestUpgrade(t *testing.T) {
	s := newSite(t)
	status, _, _ := s.upload("/upgrade", nil, "image")
	assert.Equal(t, http.StatusConflict, status, "it is switched off")
	taker := new(apitest.Upgrade)
	s.live.upgrade = taker
	status, page, _ := s.upload("/upgrade", nil, "refuse: wrong board")
	assert.Equal(t, http.StatusUnprocessableEntity, status, page)
	status, page = s.post("/upgrade", url.Values{})
	assert.Equal(t, http.StatusBadRequest, status, page)
	status, _, header := s.upload("/upgrade", nil, "image")
	require.Equal(t, http.StatusSeeOther, status)
	assert.Zero(t, taker.Applied())
	_, page = s.get(header.Get("Location"))
	form := sent(page, "/upgrade/apply")
	require.NotEmpty(t, form.Get("image"), page)
	status, page = s.post("/upgrade/apply", form)
	assert.Equal(t, http.StatusSeeOther, status, page)
	assert.Equal(t, 1, taker.Applied())
	status, _ = s.post("/upgrade/apply", form)
	assert.Equal(t, http.StatusGone, status, "once")
}

func TestTags(t *testing.T) {
	s := newSite(t)
	_, page := s.get("/tags")
	assert.Contains(t, page, "no source")
	s.live.points = apitest.NewPoints()
	_, page = s.get("/tags?from=-3")
	devices, err := s.live.points.Devices(context.Background())
	require.NoError(t, err)
	for _, d := range devices {
		assert.Contains(t, page, "/tags?device="+d.Alias)
	}
	assert.Contains(t, page, "good")
	s.live.points = noPoints{}
	_, page = s.get("/tags")
	assert.Contains(t, page, "not ready")
}

type noPoints struct{ api.Points }

func (noPoints) Devices(context.Context) ([]api.Device, error) { return nil, api.ErrNotReady }
