package pages_test

import (
	"bytes"
	"context"
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
