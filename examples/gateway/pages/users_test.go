package pages_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/pages"
)

// The passwords of the users of an accountSite.
const (
	annasPassword  = "anna's password"
	victorPassword = "victor's password"
)

// accountSite is a site with users, anna and victor, behind its login.
type accountSite struct {
	*site
	accounts *account.Manager
}

func newAccountSite(t *testing.T) *accountSite {
	t.Helper()
	folder := t.TempDir()
	var users strings.Builder
	users.WriteString("key: 00112233445566778899aabbccddeeff\nusers:\n")
	for _, u := range [][3]string{{"anna", "admin", annasPassword}, {"victor", "viewer", victorPassword}} {
		hash, err := bcrypt.GenerateFromPassword([]byte(u[2]), bcrypt.MinCost)
		require.NoError(t, err)
		_, _ = fmt.Fprintf(&users, "  - {name: %s, role: %s, password: %q}\n", u[0], u[1], hash)
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "users.yaml"), []byte(users.String()), 0o600))
	accounts, err := account.Open(account.Options{Folder: folder, Cost: bcrypt.MinCost})
	require.NoError(t, err)
	s := newSite(t)
	p, err := pages.New(pages.Options{Control: s.control, Live: live{}, Log: slog.New(slog.DiscardHandler), Accounts: accounts})
	require.NoError(t, err)
	s.server.Close()
	s.server = httptest.NewServer(accounts.Wrap(p))
	t.Cleanup(s.server.Close)
	return &accountSite{s, accounts}
}

// visitor is a browser that somebody has logged in with.
type visitor struct {
	t      *testing.T
	client *http.Client
	url    string
}

func (s *accountSite) login(user, password string) *visitor {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	v := &visitor{s.t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, s.server.URL}
	status, page := v.post("/login", url.Values{"user": {user}, "password": {password}})
	require.Equal(s.t, http.StatusSeeOther, status, page)
	return v
}

func (v *visitor) get(path string) (int, string) {
	v.t.Helper()
	return v.read(v.client.Get(v.url + path))
}

func (v *visitor) post(path string, form url.Values) (int, string) {
	v.t.Helper()
	return v.read(v.client.PostForm(v.url+path, form))
}

func (v *visitor) read(answer *http.Response, err error) (int, string) {
	v.t.Helper()
	require.NoError(v.t, err)
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	require.NoError(v.t, err)
	return answer.StatusCode, string(page)
}

func TestUsersPage(t *testing.T) {
	s := newAccountSite(t)
	anna := s.login("anna", annasPassword)
	status, page := anna.get("/users")
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, page, "You are anna (admin).")
	assert.Contains(t, page, `aria-label="Delete victor"`)
	assert.Contains(t, page, "log in", "the audit log")

	status, page = anna.post("/users/add", url.Values{"name": {"Otto <b>"}, "role": {"operator"}, "password": {"otto's password"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, `value="Otto &lt;b&gt;"`, "what was typed stays")
	assert.Contains(t, page, `<option value="operator" selected>`)
	assert.Contains(t, page, "is no name for a user")
	assert.NotContains(t, page, "otto&#39;s password")

	status, _ = anna.post("/users/add", url.Values{"name": {"otto"}, "role": {"operator"}, "password": {"otto's password"}})
	assert.Equal(t, http.StatusSeeOther, status)
	otto := s.login("otto", "otto's password")
	for _, change := range []url.Values{
		{"action": {"role"}, "role": {"viewer"}}, {"action": {"password"}, "password": {"another password"}}, {"action": {"revoke"}}, {"action": {"delete"}},
	} {
		change.Set("name", "otto")
		status, page := anna.post("/users/change", change)
		assert.Equal(t, http.StatusSeeOther, status, page)
	}
	status, _ = otto.get("/users")
	assert.Equal(t, http.StatusSeeOther, status, "the cookie of a deleted user opens nothing")

	status, page = anna.post("/users/change", url.Values{"name": {"anna"}, "action": {"delete"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, "anna is not changed: one user at least has to be an admin")
	status, _ = anna.post("/users/change", url.Values{"name": {"anna"}, "action": {"explode"}})
	assert.Equal(t, http.StatusBadRequest, status)

	_, page = anna.get("/users")
	for _, line := range []string{"add user &#34;otto&#34; as &#34;operator&#34;", "give the role &#34;viewer&#34; to user &#34;otto&#34;", "delete user &#34;otto&#34;"} {
		assert.Contains(t, page, line)
	}
}

func TestOwnAccount(t *testing.T) {
	s := newAccountSite(t)
	victor := s.login("victor", victorPassword)
	_, page := victor.get("/users")
	assert.Contains(t, page, "You are victor (viewer).")
	assert.NotContains(t, page, "anna", "a viewer sees no others")
	assert.NotContains(t, page, "Audit log")

	for name, c := range map[string]struct {
		form url.Values
		says string
	}{
		"wrong":     {url.Values{"current": {"wrong"}, "password": {"another password"}, "again": {"another password"}}, "your password is wrong"},
		"different": {url.Values{"current": {victorPassword}, "password": {"another password"}, "again": {"x"}}, "not the same both times"},
		"short":     {url.Values{"current": {victorPassword}, "password": {"short"}, "again": {"short"}}, "too short"},
	} {
		status, page := victor.post("/users/own-password", c.form)
		assert.Equal(t, http.StatusUnprocessableEntity, status, name)
		assert.Contains(t, page, c.says, name)
	}
	status, _ := victor.post("/users/own-password", url.Values{"current": {victorPassword}, "password": {"another password"}, "again": {"another password"}})
	assert.Equal(t, http.StatusSeeOther, status)
	status, _ = victor.get("/users")
	assert.Equal(t, http.StatusOK, status, "who changes it stays logged in")
	s.login("victor", "another password")

	status, _ = victor.post("/users/own-token", nil)
	assert.Equal(t, http.StatusBadRequest, status, "no token is replaced by accident")
	_, page = victor.post("/users/own-token", url.Values{"action": {"new"}})
	token := regexp.MustCompile(`<code id="token">(fgt_[\w-]{43})</code>`).FindStringSubmatch(page)
	require.NotNil(t, token)
	_, page = victor.get("/users")
	assert.NotContains(t, page, token[1], "it is shown once")
	program, err := http.NewRequest(http.MethodGet, s.server.URL+"/users", nil)
	require.NoError(t, err)
	program.SetBasicAuth("victor", token[1])
	status, _ = victor.read(http.DefaultClient.Do(program))
	assert.Equal(t, http.StatusOK, status)
	victor.post("/users/own-token", url.Values{"action": {"revoke"}})
	status, _ = victor.read(http.DefaultClient.Do(program))
	assert.Equal(t, http.StatusUnauthorized, status)
}

// A viewer who posts the forms of an admin changes nothing.
func TestViewerPostsAdminForms(t *testing.T) {
	s := newAccountSite(t)
	victor := s.login("victor", victorPassword)
	_, before := s.control.Saved()
	for path, form := range map[string]url.Values{
		"/users/add":      {"name": {"evil"}, "role": {"admin"}, "password": {"evil password"}},
		"/users/change":   {"name": {"victor"}, "action": {"role"}, "role": {"admin"}},
		"/config/device":  {"base": {"1"}, "model": {"evil"}},
		"/ipsec":          {"base": {"1"}},
		"/apply":          {"confirm": {"0"}},
		"/confirm":        {},
		"/config/restore": {"revision": {"1"}},
		"/config/export":  {},
		"/config/import":  {},
		"/do":             {"service": {"ser2net"}, "item": {"meter"}, "verb": {"stop"}},
	} {
		status, _ := victor.post(path, form)
		assert.Equal(t, http.StatusForbidden, status, path)
	}
	_, after := s.control.Saved()
	assert.Equal(t, before, after)
	assert.Empty(t, s.engine.asked)
	assert.Len(t, s.accounts.Users(), 2)
	assert.Equal(t, account.Viewer, s.accounts.Users()[1].Role)

	require.NoError(t, s.accounts.SetRole(t.Context(), "victor", account.Operator))
	status, _ := victor.post("/do", url.Values{"service": {"ser2net"}, "item": {"meter"}, "verb": {"stop"}})
	assert.Equal(t, http.StatusSeeOther, status, "the new role counts at once")
}
