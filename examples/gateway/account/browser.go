package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"
)

// A browser in which somebody has logged in keeps a signed cookie. Wrong
// passwords from elsewhere, for the same user or from the same address, then
// do not lock its owner out.

const (
	browserCookieName = "gateway_known"
	browserLifetime   = 90 * 24 * time.Hour
	nonceSize         = 16
	browserSize       = nonceSize + 8 // with the time of its end
)

func (m *Manager) browserCookie(r *http.Request, user record) *http.Cookie {
	value := make([]byte, browserSize, browserSize+sha256.Size)
	_, _ = rand.Read(value[:nonceSize]) // never fails
	binary.BigEndian.PutUint64(value[nonceSize:], uint64(time.Now().Add(browserLifetime).Unix()))
	value = append(value, m.sign(user, value)...)
	return &http.Cookie{
		Name: browserCookieName, Value: base64.RawURLEncoding.EncodeToString(value), Path: "/login", MaxAge: int(browserLifetime.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	}
}

// knownBrowser returns what a browser is told by in which user has logged in;
// empty: nobody knows it. A new password makes it unknown again.
func (m *Manager) knownBrowser(r *http.Request, user record) string {
	cookie, err := r.Cookie(browserCookieName)
	if err != nil {
		return ""
	}
	value, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || len(value) != browserSize+sha256.Size {
		return ""
	}
	signed, signature := value[:browserSize], value[browserSize:]
	if !hmac.Equal(signature, m.sign(user, signed)) || time.Now().Unix() > int64(binary.BigEndian.Uint64(signed[nonceSize:])) {
		return ""
	}
	return string(signed[:nonceSize])
}

// sign returns the signature of a value for a user with that password.
func (m *Manager) sign(user record, value []byte) []byte {
	m.mu.Lock()
	key := m.table.Key
	m.mu.Unlock()
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(user.Name + "\x00" + user.Password + "\x00"))
	mac.Write(value)
	return mac.Sum(nil)
}
