package account_test

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

// The passwords of the users of a rig.
const (
	annasPassword  = "anna's password"
	victorPassword = "victor's password"
)

// rig is a manager with anna, an admin, and victor, a viewer.
type rig struct {
	t       *testing.T
	folder  string
	manager *account.Manager
	handler http.Handler
	asked   []account.User // who came through
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, folder: t.TempDir()}
	r.write("anna", account.Admin, annasPassword, "victor", account.Viewer, victorPassword)
	var err error
	r.manager, err = account.Open(account.Options{Folder: r.folder, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Cost: bcrypt.MinCost})
	require.NoError(t, err)
	r.serve(func(w http.ResponseWriter, q *http.Request) {
		user := account.From(q.Context())
		r.asked = append(r.asked, user)
		_, _ = fmt.Fprintf(w, "%s (%s)", user.Name, user.Role)
	})
	return r
}

func (r *rig) serve(next http.HandlerFunc) { r.handler = r.manager.Wrap(next) }

// write writes the users file: name, role and password of each.
func (r *rig) write(users ...any) {
	r.t.Helper()
	var b strings.Builder
	b.WriteString("key: 00112233445566778899aabbccddeeff\nusers:\n")
	for i := 0; i < len(users); i += 3 {
		hash, err := bcrypt.GenerateFromPassword([]byte(users[i+2].(string)), bcrypt.MinCost)
		require.NoError(r.t, err)
		_, _ = fmt.Fprintf(&b, "  - {name: %s, role: %s, password: %q}\n", users[i], users[i+1], hash)
	}
	require.NoError(r.t, os.WriteFile(filepath.Join(r.folder, "users.yaml"), []byte(b.String()), 0o600))
}

// browser keeps cookies, as browsers do.
type browser struct {
	*rig
	address string
	header  http.Header
	tls     bool
	cookies map[string]*http.Cookie
}

func (r *rig) browser() *browser {
	return &browser{rig: r, address: "192.0.2.1", header: make(http.Header), cookies: make(map[string]*http.Cookie)}
}

func (b *browser) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	q := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	q.RemoteAddr = b.address + ":4711"
	if strings.Contains(b.address, ":") {
		q.RemoteAddr = "[" + b.address + "]:4711"
	}
	if b.tls {
		q.TLS = new(tls.ConnectionState)
	}
	for key, values := range b.header {
		q.Header[key] = values
	}
	if form != nil {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range b.cookies {
		if strings.HasPrefix(path, c.Path) {
			q.AddCookie(c)
		}
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, q)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	return b.ask(http.MethodGet, path, nil)
}

func (b *browser) login(user, password string) *httptest.ResponseRecorder {
	return b.ask(http.MethodPost, "/login", url.Values{"user": {user}, "password": {password}})
}

// mustLogin logs in and returns the browser.
func (b *browser) mustLogin(user, password string) *browser {
	b.t.Helper()
	w := b.login(user, password)
	require.Equal(b.t, http.StatusSeeOther, w.Code, w.Body.String())
	return b
}
