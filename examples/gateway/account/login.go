package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/markup"
)

// maxLogin bounds what the login form may send.
const maxLogin = 8 << 10

// loginData is what the login page shows.
type loginData struct {
	User, Next, Message string
}

func (m *Manager) serveLogin(w http.ResponseWriter, r *http.Request, user User) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		next := safeNext(r.URL.Query().Get("next"))
		if user.Name != "" {
			http.Redirect(w, r, next, http.StatusSeeOther)
			return
		}
		m.showLogin(w, http.StatusOK, loginData{Next: next})
	case http.MethodPost:
		m.login(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "This is the login page.", http.StatusMethodNotAllowed)
	}
}

func (m *Manager) showLogin(w http.ResponseWriter, status int, data loginData) {
	var page markup.Writer
	data.write(&page)
	text, err := page.Bytes()
	if err != nil {
		m.log.Error("login page failed", "error", err)
		http.Error(w, "The login page failed.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // who has gone needs no page
}

// login takes the form.
func (m *Manager) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxLogin)
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			status = http.StatusRequestEntityTooLarge
		}
		m.showLogin(w, status, loginData{Next: "/", Message: "The form cannot be read."})
		return
	}
	data := loginData{User: name(r.PostForm.Get("user")), Next: safeNext(r.PostForm.Get("next"))}
	user, err := m.authenticate(r, data.User, r.PostForm.Get("password"))
	var locked *lockedError
	switch {
	case err == nil:
		err = m.begin(w, r, user)
	case errors.As(err, &locked):
		w.Header().Set("Retry-After", strconv.Itoa(seconds(locked.wait)))
		data.Message = err.Error()
		m.showLogin(w, http.StatusTooManyRequests, data)
		return
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "5")
		data.Message = "Too many people log in at this moment. Try again."
		m.showLogin(w, http.StatusServiceUnavailable, data)
		return
	}
	if err != nil {
		data.Message = "User or password is wrong."
		m.showLogin(w, http.StatusUnauthorized, data)
		return
	}
	http.Redirect(w, r, data.Next, http.StatusSeeOther)
}

// name is a typed name of a user: telephones like to begin with a capital.
func name(typed string) string { return strings.ToLower(strings.TrimSpace(typed)) }

// lockedError tells that there were too many wrong passwords.
type lockedError struct{ wait time.Duration }

func (e *lockedError) Error() string {
	return fmt.Sprintf("There were too many wrong passwords. Try again in %d s.", seconds(e.wait))
}

var errWrong = errors.New("account: user or password is wrong")

// authenticate returns the user of a name and a password. Whether there is
// such a user shows in no answer, and in no time that one takes.
func (m *Manager) authenticate(r *http.Request, name, password string) (record, error) {
	m.look()
	user, exists := m.user(name)
	hash := user.Password
	if !exists {
		hash = nobodysHash(m.cost)
	}
	browser := m.knownBrowser(r, user)
	mill, tries := m.strangers, []try{{m.byAddress, address(r)}, {m.byName, name}}
	if exists && browser != "" {
		mill, tries = m.known, []try{{m.byBrowser, browser}}
	}
	for i, t := range tries {
		if wait := t.pace.take(t.key); wait > 0 {
			giveBack(tries[:i])
			return record{}, &lockedError{wait}
		}
	}
	right, err := mill.check(r.Context(), hash, password)
	if err != nil {
		giveBack(tries)
		return record{}, err
	}
	if right && exists {
		giveBack(tries)
		return user, nil
	}
	who := "(unknown)" // the typed name may well be a password
	if exists {
		who = name
	}
	m.refuse(r, who, "log in: wrong password", http.StatusUnauthorized)
	return record{}, errWrong
}

// try is a place where a wrong password counts.
type try struct {
	pace *pace
	key  string
}

func giveBack(tries []try) {
	for _, t := range tries {
		t.pace.give(t.key)
	}
}

// begin begins a session, always with a token of its own: one that was planted
// in the browser before is worth nothing. The error is errWrong if the user
// has changed since the password was checked.
func (m *Manager) begin(w http.ResponseWriter, r *http.Request, user record) error {
	ctx, err := m.sessions.Load(r.Context(), tokenOf(r.Context()))
	if err == nil {
		err = m.sessions.RenewToken(ctx)
	}
	if err != nil {
		return err
	}
	m.sessions.Put(ctx, sessionUser, user.Name)
	m.mu.Lock()
	is := m.table.find(user.Name)
	current := is != nil && is.Password == user.Password
	if current {
		m.sessions.store.admit(m.sessions.Token(ctx), user.Name)
	}
	m.mu.Unlock()
	if !current {
		return errWrong
	}
	token, expires, err := m.sessions.Commit(ctx)
	if err != nil {
		return err
	}
	m.sessions.write(w, r.WithContext(ctx), token, expires)
	http.SetCookie(w, m.browserCookie(r, user))
	m.audit.done.add(Entry{At: time.Now(), User: user.Name, From: host(r), What: "log in"})
	return nil
}

// logout ends the session of the request.
func (m *Manager) logout(w http.ResponseWriter, r *http.Request, user User) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		http.Error(w, "Logging out takes a POST.", http.StatusMethodNotAllowed)
		return
	}
	if token := tokenOf(r.Context()); token != "" {
		_ = m.sessions.store.Delete(token) // never fails
		m.audit.done.add(Entry{At: time.Now(), User: user.Name, From: host(r), What: "log out"})
	}
	if ctx, err := m.sessions.Load(context.WithoutCancel(r.Context()), ""); err == nil {
		m.sessions.write(w, r.WithContext(ctx), "", time.Time{})
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// safeNext returns where to go after the login: a path on this gateway,
// whatever a link says.
func safeNext(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(next, "//") || strings.Contains(u.Path, `\`) || path.Clean(u.Path) != u.Path || u.Path == "/login" || u.Path == "/logout" {
		return "/"
	}
	return u.RequestURI()
}

// host is the address that a request comes from. What it says itself of
// proxies does not count.
func host(r *http.Request) string {
	if addr, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return addr.Addr().Unmap().WithZone("").String()
	}
	return r.RemoteAddr
}

// address is what wrong passwords count for: the address, or the network of
// 64 bits that one subscriber has with IPv6.
func address(r *http.Request) string {
	from := host(r)
	addr, err := netip.ParseAddr(from)
	if err != nil || addr.Is4() {
		return from
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return from
	}
	return prefix.String()
}

// Reauthenticate checks the password of who is logged in, before something
// that must not happen at an unattended screen. The error is a sentence for
// people; wrong passwords count as they do at the login.
func (m *Manager) Reauthenticate(r *http.Request, password string) error {
	_, err := m.authenticate(r, From(r.Context()).Name, password)
	var locked *lockedError
	switch {
	case errors.Is(err, errWrong):
		return errors.New("your password is wrong")
	case errors.As(err, &locked), err == nil:
		return err
	}
	return errBusy
}
