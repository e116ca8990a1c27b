package account_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

func (r *rig) file() string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.folder, "users.yaml"))
	require.NoError(r.t, err)
	return string(text)
}

func TestFirstPassword(t *testing.T) {
	r := &rig{t: t, folder: t.TempDir()}
	_, err := account.Open(account.Options{Folder: r.folder})
	require.ErrorIs(t, err, fs.ErrNotExist)

	var out bytes.Buffer
	require.NoError(t, account.Ensure(r.folder, &out))
	shown := regexp.MustCompile(`user admin, .*: ([a-z0-9-]{23})\n`).FindStringSubmatch(out.String())
	require.NotNil(t, shown, out.String())
	assert.NotContains(t, r.file(), shown[1])
	info, err := os.Stat(filepath.Join(r.folder, "users.yaml"))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

	out.Reset()
	require.NoError(t, account.Ensure(r.folder, &out))
	assert.Empty(t, out.String(), "once")

	r.manager, err = account.Open(account.Options{Folder: r.folder})
	require.NoError(t, err)
	r.serve(func(http.ResponseWriter, *http.Request) {})
	r.browser().mustLogin("admin", shown[1])
}

type noPaper struct{}

func (noPaper) Write([]byte) (int, error) { return 0, errors.New("no paper") }

// Nobody has seen the password, so there must be no user who has it.
func TestFirstPasswordNotShown(t *testing.T) {
	folder := t.TempDir()
	require.ErrorContains(t, account.Ensure(folder, noPaper{}), "cannot be shown")
	assert.NoFileExists(t, filepath.Join(folder, "users.yaml"))
	require.Error(t, account.Ensure(filepath.Join(folder, "gone"), new(bytes.Buffer)))
}

// Who has the shell and no password makes one; the running gateway takes it.
func TestNewPasswordFromTheShell(t *testing.T) {
	r := newRig(t)
	b := r.browser().mustLogin("anna", annasPassword)
	var out bytes.Buffer
	require.NoError(t, account.NewPassword(r.folder, "anna", &out))
	_, password, _ := strings.Cut(strings.TrimSpace(out.String()), "kept): ")
	assert.Equal(t, http.StatusUnauthorized, r.browser().login("anna", annasPassword).Code)
	r.browser().mustLogin("anna", password)
	assert.Equal(t, http.StatusSeeOther, b.get("/").Code, "the sessions of before have ended")
	r.browser().mustLogin("victor", victorPassword)

	require.NoError(t, account.NewPassword(r.folder, "rescue", &out))
	require.NoError(t, r.manager.Reload())
	assert.Contains(t, r.manager.Users(), account.Info{User: account.User{Name: "rescue", Role: account.Admin}})
	require.Error(t, account.NewPassword(r.folder, "No Name", &out))
}

// A file that is changed by hand counts within a second, also without a login.
func TestChangedByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		b := r.browser().mustLogin("victor", victorPassword)
		r.write("anna", account.Admin, annasPassword)
		time.Sleep(time.Second)
		assert.Equal(t, http.StatusSeeOther, b.get("/").Code)
	})
}

func TestUsers(t *testing.T) {
	r := newRig(t)
	m, ctx := r.manager, t.Context()
	require.NoError(t, m.Add(ctx, "otto", account.Operator, "otto's password"))
	_, err := m.NewToken(ctx, "otto")
	require.NoError(t, err)
	r.browser().mustLogin("otto", "otto's password")
	assert.Equal(t, []account.Info{
		{User: account.User{Name: "anna", Role: account.Admin}},
		{User: account.User{Name: "otto", Role: account.Operator}, Token: true, Sessions: 1},
		{User: account.User{Name: "victor", Role: account.Viewer}},
	}, m.Users())

	before := r.file()
	for name, problem := range map[string]struct {
		err  error
		says string
	}{
		"short":          {m.Add(ctx, "x", account.Viewer, "123456789"), "too short"},
		"short in runes": {m.Add(ctx, "x", account.Viewer, "äöüäöüäöü"), "too short"},
		"long":           {m.Add(ctx, "x", account.Viewer, strings.Repeat("xy", 36)+"x"), "too long"},
		"no text":        {m.SetPassword(ctx, "anna", "\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff"), "no text"},
		"own name":       {m.Add(ctx, "victorinus", account.Viewer, "VictorINUS"), "name of the user"},
		"monotonous":     {m.Add(ctx, "x", account.Viewer, "aaaaaaaaaaaa"), "again and again"},
		"twice":          {m.Add(ctx, "anna", account.Viewer, "some password"), "already"},
		"no name":        {m.Add(ctx, "", account.Viewer, "some password"), "no name"},
		"script":         {m.Add(ctx, "<script>", account.Viewer, "some password"), "no name"},
		"line break":     {m.Add(ctx, "a\nb", account.Viewer, "some password"), "no name"},
		"long name":      {m.Add(ctx, strings.Repeat("a", 33), account.Viewer, "some password"), "no name"},
		"no role":        {m.Add(ctx, "x", "root", "some password"), "no role"},
		"empty role":     {m.SetRole(ctx, "victor", ""), "no role"},
		"last admin":     {m.SetRole(ctx, "anna", account.Viewer), "admin"},
		"last one":       {m.Delete(ctx, "anna"), "admin"},
		"nobody":         {m.Delete(ctx, "nobody"), "no user"},
		"nobody's":       {m.SetPassword(ctx, "nobody", "some password"), "no user"},
		"nobody's role":  {m.SetRole(ctx, "nobody", account.Admin), "no user"},
		"nobody's token": {m.RevokeToken(ctx, "nobody"), "no user"},
	} {
		assert.ErrorContains(t, problem.err, problem.says, name)
	}
	_, err = m.NewToken(ctx, "nobody")
	require.ErrorIs(t, err, account.ErrNoUser)
	assert.Equal(t, before, r.file(), "what is refused changes nothing")

	require.NoError(t, m.Add(ctx, "long", account.Viewer, strings.Repeat("xy", 36)))
	r.browser().mustLogin("long", strings.Repeat("xy", 36))
	for i := range 60 {
		require.NoError(t, m.Add(ctx, fmt.Sprintf("u%d", i), account.Viewer, "some password"))
	}
	require.ErrorContains(t, m.Add(ctx, "onemore", account.Viewer, "some password"), "allowed are 64")
}

func TestChangesActAtOnce(t *testing.T) {
	t.Run("role", func(t *testing.T) {
		r := newRig(t)
		b := r.browser().mustLogin("victor", victorPassword)
		assert.Equal(t, "victor (viewer)", b.get("/").Body.String())
		require.NoError(t, r.manager.SetRole(t.Context(), "victor", account.Operator))
		assert.Equal(t, "victor (operator)", b.get("/").Body.String())
	})
	t.Run("deleted", func(t *testing.T) {
		r := newRig(t)
		b := r.browser().mustLogin("victor", victorPassword)
		require.NoError(t, r.manager.Delete(t.Context(), "victor"))
		assert.Equal(t, http.StatusSeeOther, b.get("/").Code)
		// Another one of the same name does not inherit the session.
		require.NoError(t, r.manager.Add(t.Context(), "victor", account.Admin, "another password"))
		assert.Equal(t, http.StatusSeeOther, b.get("/").Code)
	})
	t.Run("password", func(t *testing.T) {
		r := newRig(t)
		here, there := r.browser().mustLogin("victor", victorPassword), r.browser().mustLogin("victor", victorPassword)
		r.serve(func(w http.ResponseWriter, q *http.Request) {
			if q.Method == http.MethodPost {
				assert.NoError(t, r.manager.SetPassword(q.Context(), "victor", "another password"))
			}
		})
		here.ask(http.MethodPost, "/users/password", nil)
		assert.Equal(t, http.StatusOK, here.get("/").Code, "who changes it stays")
		assert.Equal(t, http.StatusSeeOther, there.get("/").Code)
		assert.Equal(t, http.StatusUnauthorized, r.browser().login("victor", victorPassword).Code)
	})
}

func TestSessionsAreBounded(t *testing.T) {
	r := newRig(t)
	first := r.browser().mustLogin("victor", victorPassword)
	second := r.browser().mustLogin("victor", victorPassword)
	require.Equal(t, http.StatusOK, first.get("/").Code) // used later than the second
	for range 15 {
		r.browser().mustLogin("victor", victorPassword)
	}
	assert.Equal(t, http.StatusOK, first.get("/").Code)
	assert.Equal(t, http.StatusSeeOther, second.get("/").Code, "the one that was not used for the longest time has ended")
	assert.Equal(t, 16, r.manager.Users()[1].Sessions)
}

func TestWrongFiles(t *testing.T) {
	const hash = "$2a$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	const key = "key: 00112233445566778899aabbccddeeff\n"
	for name, c := range map[string]struct{ text, says string }{
		"empty":       {"", "damaged"},
		"no yaml":     {"{", "damaged"},
		"unknown key": {key + "x: 1\n", "damaged"},
		"no admin":    {key + "users: [{name: a, role: viewer, password: '" + hash + "'}]\n", "admin"},
		"no users":    {key, "admin"},
		"no key":      {"users: [{name: a, role: admin, password: '" + hash + "'}]\n", "key"},
		"clear text":  {key + "users: [{name: a, role: admin, password: hunter-two}]\n", "bcrypt"},
		"twice":       {key + "users: [{name: a, role: admin, password: '" + hash + "'}, {name: a, role: admin, password: '" + hash + "'}]\n", "already"},
		"too long":    {key + strings.Repeat("# \n", 100_000), "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "users.yaml")
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			_, err := account.Open(account.Options{Folder: folder})
			require.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "hunter-two")

			r := newRig(t) // a running one goes on with what it has
			require.NoError(t, os.WriteFile(filepath.Join(r.folder, "users.yaml"), []byte(c.text), 0o600))
			require.Error(t, r.manager.Reload())
			require.Error(t, r.manager.SetRole(t.Context(), "victor", account.Operator))
			r.browser().mustLogin("anna", annasPassword)
			assert.Equal(t, c.text, r.file(), "nobody writes over it")
		})
	}
	t.Run("others may read it", func(t *testing.T) {
		r := newRig(t)
		require.NoError(t, os.Chmod(filepath.Join(r.folder, "users.yaml"), 0o644))
		_, err := account.Open(account.Options{Folder: r.folder})
		require.ErrorContains(t, err, "0600")
	})
}

func TestAudit(t *testing.T) {
	r := newRig(t)
	b := r.browser().mustLogin("anna", annasPassword)
	r.serve(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/do" {
			account.Note(q.Context(), "stop ser2net meter")
		}
		w.WriteHeader(http.StatusForbidden)
	})
	b.ask(http.MethodPost, "/do", url.Values{"password": {"hunter-two"}})
	b.ask(http.MethodPost, "/config/"+strings.Repeat("ä", 200), nil)
	b.get("/config")
	account.Note(context.Background(), "nothing")
	r.browser().login("victor", "wrong password")
	r.browser().login("mypassword", "wrong password")
	b.ask(http.MethodPost, "/logout", nil)

	var lines []string
	for _, e := range r.manager.Audit() {
		assert.Equal(t, "192.0.2.1", e.From)
		assert.NotZero(t, e.At)
		lines = append(lines, fmt.Sprintf("%s: %s %d", e.User, e.What, e.Status))
	}
	require.Len(t, lines, 6)
	assert.Equal(t, []string{"anna: log out 0", "(unknown): log in: wrong password 401", "victor: log in: wrong password 401"}, lines[:3])
	assert.LessOrEqual(t, len(lines[3]), 130)
	assert.Equal(t, []string{"anna: stop ser2net meter 403", "anna: log in 0"}, lines[4:])

	again, err := account.Open(account.Options{Folder: r.folder})
	require.NoError(t, err)
	assert.Len(t, again.Audit(), 6, "it outlives the process")
	for _, name := range []string{"audit.log", "audit-refused.log"} {
		info, err := os.Stat(filepath.Join(r.folder, name))
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	}
}

// Who is turned away again and again cannot push out what users did, nor fill
// the disk.
func TestAuditIsBounded(t *testing.T) {
	r := newRig(t)
	r.browser().mustLogin("anna", annasPassword)
	b := r.browser()
	b.header.Set("Authorization", "Bearer x")
	victor := r.browser().mustLogin("victor", victorPassword)
	r.serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	for range 1500 {
		b.get("/" + strings.Repeat("x", 100))
		victor.ask(http.MethodPost, "/"+strings.Repeat("y", 100), nil) // a viewer
		r.browser().ask(http.MethodPost, "/healthz", nil)
		r.browser().ask(http.MethodPost, "/metrics", nil)
	}
	names, err := filepath.Glob(filepath.Join(r.folder, "audit*"))
	require.NoError(t, err)
	assert.Len(t, names, 3)
	for _, name := range names {
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.LessOrEqual(t, info.Size(), int64(128<<10))
	}
	text, err := os.ReadFile(filepath.Join(r.folder, "audit.log"))
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(text), "\n"), "both have logged in")
	assert.Len(t, r.manager.Audit(), 200)
}

// A full disk keeps nobody out.
func TestAuditWithoutDisk(t *testing.T) {
	r := newRig(t)
	require.NoError(t, os.Mkdir(filepath.Join(r.folder, "audit.log"), 0o700))
	r.browser().mustLogin("anna", annasPassword)
	assert.Len(t, r.manager.Audit(), 1)
}
