package account

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// How long a session lasts, and how many there are.
const (
	idleTimeout     = 30 * time.Minute
	lifetime        = 12 * time.Hour
	maxSessions     = 256
	maxUserSessions = 16
)

const (
	sessionCookie = "gateway"
	sessionUser   = "user" // the value of a session
)

// sessions are who is logged in. They end with the process.
type sessions struct {
	*scs.SessionManager
	secure *scs.SessionManager // the same, with cookies for TLS only
	store  *store
}

func newSessions() *sessions {
	s := &sessions{store: &store{all: make(map[string]*session)}}
	manager := func(secure bool) *scs.SessionManager {
		// Not scs.New: its store has a goroutine that never ends.
		return &scs.SessionManager{
			IdleTimeout: idleTimeout, Lifetime: lifetime, Store: s.store, Codec: codec{},
			Cookie: scs.SessionCookie{Name: sessionCookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure},
		}
	}
	s.SessionManager, s.secure = manager(false), manager(true)
	return s
}

// write sends the token of a session to a browser; empty: to be forgotten.
func (s *sessions) write(w http.ResponseWriter, r *http.Request, token string, expires time.Time) {
	manager := s.SessionManager
	if r.TLS != nil {
		manager = s.secure
	}
	manager.WriteSessionCookie(r.Context(), w, token, expires)
}

// store keeps sessions; it implements [scs.Store].
type store struct {
	mu  sync.Mutex
	all map[string]*session // by token
}

type session struct {
	user    string
	data    []byte // nil: not stored yet
	used    time.Time
	expires time.Time
}

// admit makes room for a session of a user, which Commit then fills. The
// session that was not used for the longest time gives way.
func (s *store) admit(token, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	own := 0
	for token, old := range s.all {
		if now.After(old.expires) {
			delete(s.all, token)
		} else if old.user == user {
			own++
		}
	}
	if own >= maxUserSessions {
		s.dropOldest(func(old *session) bool { return old.user == user })
	}
	if len(s.all) >= maxSessions {
		s.dropOldest(func(*session) bool { return true })
	}
	s.all[token] = &session{user: user, used: now, expires: now.Add(idleTimeout)}
}

func (s *store) dropOldest(of func(*session) bool) {
	oldest := ""
	for token, old := range s.all {
		if of(old) && (oldest == "" || old.used.Before(s.all[oldest].used)) {
			oldest = token
		}
	}
	delete(s.all, oldest)
}

// Find implements [scs.Store].
func (s *store) Find(token string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.all[token]
	if known == nil || known.data == nil || time.Now().After(known.expires) {
		return nil, false, nil
	}
	return known.data, true, nil
}

// Commit implements [scs.Store]. It brings no session back that has ended
// meanwhile.
func (s *store) Commit(token string, data []byte, expires time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.all[token]; known != nil {
		known.data, known.used, known.expires = data, time.Now(), expires
	}
	return nil
}

// Delete implements [scs.Store].
func (s *store) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, token)
	return nil
}

// expires returns when a session ends if nothing more is asked.
func (s *store) expires(token string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.all[token]; known != nil {
		return known.expires
	}
	return time.Time{}
}

// end ends the sessions of a user, except one.
func (s *store) end(user, except string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, known := range s.all {
		if known.user == user && token != except {
			delete(s.all, token)
		}
	}
}

// count returns how many sessions a user has.
func (s *store) count(user string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, known := range s.all {
		if known.user == user && time.Now().Before(known.expires) {
			n++
		}
	}
	return n
}

type tokenKey struct{}

// withToken notes by which session a request comes.
func withToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

func tokenOf(ctx context.Context) string {
	token, _ := ctx.Value(tokenKey{}).(string)
	return token
}
