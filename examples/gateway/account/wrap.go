package account

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// Wrap returns next behind the login: it knows who asks by [From]. Who is not
// logged in is sent to the login page, or gets status 401 below /services/ and
// with what is no page. The login itself is /login and /logout. Without a
// login /static/, /healthz and /metrics come through, as nobody.
//
// Forms of other sites are refused, whoever is logged in.
func (m *Manager) Wrap(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.refuse(r, "", "a form of another site: "+action(r), http.StatusForbidden)
		fail(w, r, http.StatusForbidden, "This request comes from the page of another site, and is not done.")
	}))
	return protection.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m.serve(w, r, next) }))
}

func (m *Manager) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if strings.HasPrefix(r.URL.Path, "/static/") && path.Clean(r.URL.Path) == r.URL.Path {
		next.ServeHTTP(w, r)
		return
	}
	r, user, ok := m.identify(r)
	if !ok {
		m.refuse(r, "", "wrong token: "+action(r), http.StatusUnauthorized)
		w.Header().Set("WWW-Authenticate", `Bearer realm="gateway", error="invalid_token"`)
		fail(w, r, http.StatusUnauthorized, "There is no such token.")
		return
	}
	switch r.URL.Path {
	case "/login":
		m.serveLogin(w, r, user)
		return
	case "/logout":
		m.logout(w, r, user)
		return
	case "/healthz", "/metrics":
	default:
		if user.Name == "" {
			m.send(w, r)
			return
		}
	}
	r = r.WithContext(With(r.Context(), user))
	switch {
	case streamed(r):
		m.stream(w, r, user, next)
	case user.Name == "", r.Method == http.MethodGet, r.Method == http.MethodHead, r.Method == http.MethodOptions:
		next.ServeHTTP(w, r)
	default:
		m.recorded(w, r, user, next)
	}
}

// identify says who asks; the zero User is nobody. It is not ok to come with a
// token that is none.
func (m *Manager) identify(r *http.Request) (*http.Request, User, bool) {
	m.lookSometimes()
	if r.Header.Get("Authorization") != "" {
		known, ok := m.byAuthorization(r)
		return r, User{known.Name, known.Role}, ok
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return r, User{}, true
	}
	ctx, err := m.sessions.Load(r.Context(), cookie.Value)
	if err != nil {
		m.log.Error("a session cannot be read", "error", err)
		return r, User{}, true
	}
	known, exists := m.user(m.sessions.GetString(ctx, sessionUser))
	if !exists {
		return r, User{}, true
	}
	if !streamed(r) { // a page that is only open is not used
		if _, _, err := m.sessions.Commit(ctx); err != nil {
			m.log.Error("a session cannot be stored", "error", err)
		}
	}
	return r.WithContext(withToken(r.Context(), cookie.Value)), User{known.Name, known.Role}, true
}

// byAuthorization returns whose token the request has. Passwords are for
// people: they are not taken here.
func (m *Manager) byAuthorization(r *http.Request) (record, bool) {
	name, token, basic := r.BasicAuth()
	if !basic {
		scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return record{}, false
		}
		token = strings.TrimSpace(rest)
	}
	known, ok := m.byToken(token)
	return known, ok && (!basic || known.Name == name)
}

// send sends to the login page who has to log in.
func (m *Manager) send(w http.ResponseWriter, r *http.Request) {
	page := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case isServices(r):
		w.Header().Set("WWW-Authenticate", `Bearer realm="gateway"`)
		fail(w, r, http.StatusUnauthorized, "This needs a login, or the token of a user: Authorization: Bearer TOKEN.")
	case r.Header.Get("HX-Request") != "":
		w.Header().Set("HX-Redirect", "/login")
		w.WriteHeader(http.StatusUnauthorized)
	case streamed(r):
		http.Error(w, "You are not logged in.", http.StatusUnauthorized)
	case page:
		http.Redirect(w, r, "/login?next="+url.QueryEscape(safeNext(r.URL.RequestURI())), http.StatusSeeOther)
	default:
		m.showLogin(w, http.StatusUnauthorized, loginData{
			Next: "/", Message: "You are not logged in any more, so nothing was changed. To keep what you typed, log in on another page, go back here and send it again.",
		})
	}
}

// streamed reports whether what is asked lives for long: server-sent events.
func streamed(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// stream serves what ends with the session, and when the user changes.
func (m *Manager) stream(w http.ResponseWriter, r *http.Request, user User, next http.Handler) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	if token := tokenOf(ctx); token != "" {
		var release context.CancelFunc
		ctx, release = context.WithDeadline(ctx, m.sessions.store.expires(token))
		defer release()
	}
	stop := context.AfterFunc(m.streaming(user), cancel)
	defer stop()
	next.ServeHTTP(w, r.WithContext(ctx))
}

// recorded serves what changes something, and writes it down; what a user may
// not do with what others were refused.
func (m *Manager) recorded(w http.ResponseWriter, r *http.Request, user User, next http.Handler) {
	n := &note{what: action(r)}
	answer := &statusWriter{ResponseWriter: w}
	defer func() {
		trail := m.audit.done
		if answer.status == http.StatusForbidden {
			trail = m.audit.refused
		}
		trail.add(Entry{At: time.Now(), User: user.Name, From: host(r), What: n.text(), Status: answer.status})
	}()
	next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), noteKey{}, n)))
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 || w.status < http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// refuse writes down that somebody was turned away.
func (m *Manager) refuse(r *http.Request, user, what string, status int) {
	m.audit.refused.add(Entry{At: time.Now(), User: user, From: host(r), What: what, Status: status})
}

// action is a request in a few words.
func action(r *http.Request) string {
	const most = 100
	text := r.Method + " " + r.URL.Path
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

func isServices(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/services/") }

// fail answers with a sentence: as problem details (RFC 9457) to programs.
func fail(w http.ResponseWriter, r *http.Request, status int, sentence string) {
	if !isServices(r) {
		http.Error(w, sentence, status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": sentence})
}
