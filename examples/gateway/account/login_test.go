package account_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/markup/markuptest"
)

func TestLoginAndLogout(t *testing.T) {
	b := newRig(t).browser()
	w := b.get("/ipsec?x=1")
	assert.Equal(t, http.StatusSeeOther, w.Code)
	assert.Equal(t, "/login?next=%2Fipsec%3Fx%3D1", w.Header().Get("Location"))

	w = b.get(w.Header().Get("Location"))
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Contains(t, w.Body.String(), `name="next" value="/ipsec?x=1"`)
	assert.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	assert.Empty(t, w.Result().Cookies(), "a visitor has no session")

	w = b.ask(http.MethodPost, "/login", url.Values{"user": {" Anna"}, "password": {annasPassword}, "next": {"/ipsec?x=1"}})
	assert.Equal(t, http.StatusSeeOther, w.Code)
	assert.Equal(t, "/ipsec?x=1", w.Header().Get("Location"))
	session := b.cookies["gateway"]
	require.NotNil(t, session)
	assert.True(t, session.HttpOnly)
	assert.False(t, session.Secure)
	assert.Equal(t, http.SameSiteLaxMode, session.SameSite)
	assert.Zero(t, session.MaxAge, "it goes with the browser")

	assert.Equal(t, "anna (admin)", b.get("/ipsec").Body.String())
	w = b.get("/login?next=/snmp")
	assert.Equal(t, "/snmp", w.Header().Get("Location"), "who is logged in needs no login")

	assert.Equal(t, http.StatusMethodNotAllowed, b.get("/logout").Code)
	w = b.ask(http.MethodPost, "/logout", nil)
	assert.Equal(t, http.StatusSeeOther, w.Code)
	assert.NotContains(t, b.cookies, "gateway")
	b.cookies["gateway"] = session
	assert.Equal(t, http.StatusSeeOther, b.get("/ipsec").Code, "the session has ended, not only its cookie")
}

func TestCookiesAreSecureWithTLS(t *testing.T) {
	b := newRig(t).browser()
	b.tls = true
	w := b.mustLogin("anna", annasPassword).login("anna", annasPassword)
	require.Len(t, w.Result().Cookies(), 2)
	for _, c := range w.Result().Cookies() {
		assert.True(t, c.Secure, c.Name)
		assert.True(t, c.HttpOnly, c.Name)
	}
}

func TestWrongPasswords(t *testing.T) {
	b := newRig(t).browser()
	known, unknown := b.login("anna", "wrong password"), b.login("nobody", "wrong password")
	assert.Equal(t, http.StatusUnauthorized, known.Code)
	assert.Equal(t, known.Code, unknown.Code)
	assert.Equal(t, known.Body.String(), strings.ReplaceAll(unknown.Body.String(), "nobody", "anna"), "whether there is a user shows")
	assert.Contains(t, known.Body.String(), "User or password is wrong.")
	assert.Contains(t, known.Body.String(), `value="anna"`, "what was typed stays")
	assert.NotContains(t, known.Body.String(), "wrong password\"")
	assert.Empty(t, b.cookies)
	// bcrypt would not see what comes after 72 bytes.
	assert.Equal(t, http.StatusUnauthorized, b.login("anna", annasPassword+strings.Repeat("x", 72)).Code)
}

func TestLoginEscapes(t *testing.T) {
	b := newRig(t).browser()
	const script = `"><script>alert(1)</script>`
	w := b.ask(http.MethodPost, "/login", url.Values{"user": {script}, "password": {script}, "next": {"/" + script}})
	assert.NotContains(t, w.Body.String(), "<script>")
	for _, e := range b.manager.Audit() {
		assert.NotContains(t, e.User+e.What, "script", "what was typed may be a password")
	}
}

// A link must not lead elsewhere after the login.
func TestNextStaysHere(t *testing.T) {
	b := newRig(t).browser().mustLogin("anna", annasPassword)
	for _, next := range []string{
		"//evil.example", "https://evil.example/", `/\evil.example`, `\\evil.example`, "javascript:alert(1)", "evil", "", "/login", "/logout",
		"/../..//evil.example", "///evil.example", "/%5cevil.example", "//user@evil.example/", "/\tevil", "http:evil",
	} {
		w := b.get("/login?next=" + url.QueryEscape(next))
		assert.Equal(t, "/", w.Header().Get("Location"), next)
	}
}

func TestLoginRefusesLargeForms(t *testing.T) {
	b := newRig(t).browser()
	w := b.login("anna", strings.Repeat("x", 9<<10))
	assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	w = b.ask(http.MethodPut, "/login", nil)
	assert.Equal(t, http.StatusMethodNotAllowed, w.Code)
}

// An attacker who plants a session in a browser does not share it after the
// login, and the planted one is nobody's.
func TestSessionFixation(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.cookies["gateway"] = &http.Cookie{Name: "gateway", Value: "planted", Path: "/"}
	b.mustLogin("anna", annasPassword)
	assert.NotEqual(t, "planted", b.cookies["gateway"].Value)

	attacker := r.browser().mustLogin("victor", victorPassword)
	planted := attacker.cookies["gateway"]
	b = r.browser()
	b.cookies["gateway"] = planted
	b.mustLogin("anna", annasPassword)
	assert.Equal(t, "anna (admin)", b.get("/").Body.String())
	assert.NotEqual(t, planted.Value, b.cookies["gateway"].Value)
	attacker.cookies["gateway"] = planted
	assert.Equal(t, http.StatusSeeOther, attacker.get("/").Code, "the planted session has ended")
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t).browser().mustLogin("anna", annasPassword)
		for range 24 { // used every 29 minutes, for 11:36 h
			time.Sleep(29 * time.Minute)
			require.Equal(t, http.StatusOK, b.get("/").Code)
		}
		time.Sleep(25 * time.Minute)
		assert.Equal(t, http.StatusSeeOther, b.get("/").Code, "after 12 h, though it was used")

		b.mustLogin("anna", annasPassword)
		time.Sleep(31 * time.Minute)
		assert.Equal(t, http.StatusSeeOther, b.get("/").Code, "after 30 min without use")
	})
}

// A page that is open, and asked of by nobody, is not used: its events end
// with the session, which they do not prolong.
func TestEventsDoNotProlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		b := r.browser().mustLogin("anna", annasPassword)
		r.serve(func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() })
		start := time.Now()
		b.header.Set("Accept", "text/event-stream")
		b.get("/events")
		assert.Equal(t, 30*time.Minute, time.Since(start))
		time.Sleep(time.Second)
		assert.Equal(t, http.StatusUnauthorized, b.get("/events").Code)
	})
}

func TestEventsEndWhenTheUserChanges(t *testing.T) {
	changes := map[string]func(m *account.Manager) error{
		"role":     func(m *account.Manager) error { return m.SetRole(t.Context(), "victor", account.Operator) },
		"password": func(m *account.Manager) error { return m.SetPassword(t.Context(), "victor", "another password") },
		"deleted":  func(m *account.Manager) error { return m.Delete(t.Context(), "victor") },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				b := r.browser().mustLogin("victor", victorPassword)
				r.serve(func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() })
				b.header.Set("Accept", "text/event-stream")
				ended := make(chan struct{})
				go func() { defer close(ended); b.get("/events") }()
				synctest.Wait()
				require.NoError(t, change(r.manager))
				<-ended
			})
		})
	}
}

func TestBruteForceByAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		b := r.browser()
		for i := range 5 {
			require.Equal(t, http.StatusUnauthorized, b.login(fmt.Sprintf("guess%d", i), "wrong password").Code)
		}
		w := b.login("anna", annasPassword)
		assert.Equal(t, http.StatusTooManyRequests, w.Code, "even the right one has to wait")
		assert.Equal(t, "1", w.Header().Get("Retry-After"))
		assert.Contains(t, w.Body.String(), "Try again in 1 s.")
		other := r.browser()
		other.address = "192.0.2.2"
		other.mustLogin("anna", annasPassword)

		tries, start := 0, time.Now()
		for time.Since(start) < 12*time.Hour {
			w := b.login("anna", "wrong password")
			require.Contains(t, []int{http.StatusUnauthorized, http.StatusTooManyRequests}, w.Code)
			if w.Code == http.StatusUnauthorized {
				tries++
			}
			time.Sleep(10 * time.Second)
		}
		assert.Less(t, tries, 80, "in half a day")
		time.Sleep(15 * time.Minute)
		r.browser().mustLogin("anna", annasPassword) // nobody is locked out for ever
	})
}

// IPv6 gives every subscriber more addresses than anybody could count.
func TestBruteForceByNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t).browser()
		for i := range 5 {
			b.address = fmt.Sprintf("2001:db8::%d", i+1)
			require.Equal(t, http.StatusUnauthorized, b.login("anna", "wrong password").Code)
		}
		b.address = "2001:db8::ffff"
		assert.Equal(t, http.StatusTooManyRequests, b.login("anna", annasPassword).Code)
	})
}

func TestBruteForceFromEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		owner := r.browser().mustLogin("anna", annasPassword)
		owner.ask(http.MethodPost, "/logout", nil)
		attack := func(i int) int {
			b := r.browser()
			b.address = fmt.Sprintf("198.51.%d.%d", 100+i/250, i%250+1)
			return b.login("anna", "wrong password").Code
		}
		i := 0
		for ; attack(i) == http.StatusUnauthorized; i++ {
			require.Less(t, i, 50)
		}
		assert.Equal(t, 20, i)
		stranger := r.browser()
		stranger.address = "203.0.113.1"
		assert.Equal(t, http.StatusTooManyRequests, stranger.login("anna", annasPassword).Code)
		owner.address = "203.0.113.2"
		owner.mustLogin("anna", annasPassword) // whose browser is known from before

		for range 1000 { // the attack goes on, and so does its owner
			i++
			attack(i)
			time.Sleep(time.Second)
		}
		owner.mustLogin("anna", annasPassword)
		time.Sleep(5*time.Minute + time.Second)
		stranger.mustLogin("anna", annasPassword)
	})
}

// A known browser that was stolen guesses no faster.
func TestBruteForceByKnownBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t).browser().mustLogin("anna", annasPassword)
		for range 10 {
			require.Equal(t, http.StatusUnauthorized, b.login("anna", "wrong password").Code)
		}
		assert.Equal(t, http.StatusTooManyRequests, b.login("anna", annasPassword).Code)
		// For another user the browser is not known.
		assert.Equal(t, http.StatusSeeOther, b.login("victor", victorPassword).Code)
	})
}

func TestKnownBrowserIsForgottenWithThePassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		b := r.browser().mustLogin("anna", annasPassword)
		require.NoError(t, r.manager.SetPassword(t.Context(), "anna", "another password"))
		for range 5 {
			require.Equal(t, http.StatusUnauthorized, b.login("anna", annasPassword).Code)
		}
		assert.Equal(t, http.StatusTooManyRequests, b.login("anna", "another password").Code, "it counts as any other")
	})
}

// Many tries at one time do not come through before the first has failed.
func TestBruteForceAtOnce(t *testing.T) {
	r := newRig(t)
	var checked atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if r.browser().login("anna", "wrong password").Code == http.StatusUnauthorized {
				checked.Add(1)
			}
		})
	}
	all.Wait()
	assert.LessOrEqual(t, checked.Load(), int32(5))
	assert.Positive(t, checked.Load())
}

func TestOtherSitesAreRefused(t *testing.T) {
	r := newRig(t)
	for name, header := range map[string]http.Header{
		"fetch metadata": {"Sec-Fetch-Site": {"cross-site"}},
		"same site":      {"Sec-Fetch-Site": {"same-site"}},
		"origin":         {"Origin": {"https://evil.example"}},
		"null origin":    {"Origin": {"null"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := r.browser().mustLogin("anna", annasPassword)
			b.header = header
			r.asked = nil
			for _, path := range []string{"/do", "/users/delete", "/services/apply", "/logout", "/login"} {
				w := b.ask(http.MethodPost, path, url.Values{"user": {"victor"}})
				assert.Equal(t, http.StatusForbidden, w.Code, path)
				if strings.HasPrefix(path, "/services/") {
					assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
				}
			}
			assert.Empty(t, r.asked)
			assert.Equal(t, http.StatusOK, b.get("/").Code, "a link may come from anywhere")
		})
	}
	t.Run("token", func(t *testing.T) { // browsers would send basic authentication along
		token, err := r.manager.NewToken(t.Context(), "anna")
		require.NoError(t, err)
		b := r.browser()
		b.header = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Authorization": {"Bearer " + token}}
		assert.Equal(t, http.StatusForbidden, b.ask(http.MethodPost, "/do", nil).Code)
	})
}

func TestNobody(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	for path, status := range map[string]int{
		"/": 303, "/config/export": 303, "/static/../config": 303, "/staticx": 303, "/healthz/x": 303, "/metricsx": 303, "//": 303,
		"/services/config": 401, "/services/": 401,
		"/static/style.css": 200, "/healthz": 200, "/metrics": 200, "/login": 200,
	} {
		assert.Equal(t, status, b.get(path).Code, path)
	}
	for _, user := range r.asked {
		assert.Zero(t, user)
	}
	w := b.get("/services/config")
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), "Bearer")
	assert.Contains(t, w.Body.String(), `"status":401`)

	w = b.ask(http.MethodPost, "/ipsec", url.Values{"base": {"1"}})
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	assert.Contains(t, w.Body.String(), "nothing was changed")
	b.header.Set("HX-Request", "true")
	assert.Equal(t, "/login", b.get("/").Header().Get("HX-Redirect"))
}

func TestTokens(t *testing.T) {
	r := newRig(t)
	token, err := r.manager.NewToken(t.Context(), "victor")
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(token), 43+4)
	with := func(header string) *httptest.ResponseRecorder {
		b := r.browser()
		b.header.Set("Authorization", header)
		return b.get("/services/status")
	}
	basic := func(user, password string) string {
		q := httptest.NewRequest(http.MethodGet, "/", nil)
		q.SetBasicAuth(user, password)
		return q.Header.Get("Authorization")
	}
	assert.Equal(t, "victor (viewer)", with("Bearer "+token).Body.String())
	assert.Equal(t, "victor (viewer)", with("bearer  "+token).Body.String())
	assert.Equal(t, "victor (viewer)", with(basic("victor", token)).Body.String())
	for _, wrong := range []string{
		"Bearer " + token + "x", "Bearer ", "Bearer", "x", token, "Digest " + token,
		basic("anna", token), basic("victor", victorPassword), basic("anna", annasPassword), basic("anna", ""),
	} {
		w := with(wrong)
		assert.Equal(t, http.StatusUnauthorized, w.Code, wrong)
		assert.NotContains(t, w.Body.String(), "victor")
	}
	assert.NotContains(t, r.file(), token)

	second, err := r.manager.NewToken(t.Context(), "victor")
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, with("Bearer "+token).Code, "the new one replaces it")
	require.NoError(t, r.manager.RevokeToken(t.Context(), "victor"))
	assert.Equal(t, http.StatusUnauthorized, with("Bearer "+second).Code)
}

// The answer of a handler that streams reaches the client at once, also where
// it is written down.
func TestAnswersAreNotHeldBack(t *testing.T) {
	r := newRig(t)
	b := r.browser().mustLogin("anna", annasPassword)
	r.serve(func(w http.ResponseWriter, _ *http.Request) {
		assert.NoError(t, http.NewResponseController(w).Flush())
	})
	w := b.ask(http.MethodPost, "/x", nil)
	assert.True(t, w.Flushed)
}

// What was typed, or what a link says, never becomes a part of the page.
func TestLoginPageTakesNoMarkup(t *testing.T) {
	shapeOf := func(user, next string) markuptest.Shape {
		w := newRig(t).browser().ask(http.MethodPost, "/login", url.Values{"user": {user}, "password": {"wrong password"}, "next": {next}})
		require.Equal(t, http.StatusUnauthorized, w.Code)
		shape, err := markuptest.Of(w.Body.Bytes())
		require.NoError(t, err)
		return shape
	}
	plain := shapeOf("x", "/x")
	for _, text := range []string{`"><script>alert(1)</script>`, `' autofocus onfocus='alert(1)`, `javascript:alert(1)`, `</title><b>`, "\x00<b>"} {
		shape := shapeOf(text, "/"+text)
		assert.Equal(t, plain.Tree, shape.Tree, text)
		assert.Equal(t, plain.Links, shape.Links, text)
	}
}
