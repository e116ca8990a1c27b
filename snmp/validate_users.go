package snmp

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

func (c *Config) checkUsers(f *ConfigError, views map[string]bool) {
	first := make(map[string]int)
	for i, u := range c.Users {
		path := fmt.Sprintf("users[%d]", i)
		checkLength(f, path+".name", u.Name)
		if j, twice := first[u.Name]; twice {
			f.Addf(path+".name", "%q is the name of users[%d] already", u.Name, j)
		} else {
			first[u.Name] = i
		}
		u.checkAuth(f, path, c)
		u.checkPriv(f, path, c)
		switch {
		case !slices.Contains([]Level{"", NoAuthNoPriv, AuthNoPriv, AuthPriv}, u.Level):
			f.Addf(path+".level", "unknown word %q, want %s, %s, %s", u.Level, NoAuthNoPriv, AuthNoPriv, AuthPriv)
		case u.Level.number(noAuthNoPriv) > u.mostLevel():
			f.Addf(path+".level", "%s needs protocols that the user does not have", u.Level)
		}
		checkView(f, path+".read", u.Read, views)
		checkView(f, path+".write", u.Write, views)
	}
}

func (u *User) checkAuth(f *ConfigError, path string, c *Config) {
	size := usm.Auth(u.Auth).KeySize()
	switch {
	case size == 0 && u.Auth != AuthNone:
		f.Addf(path+".auth", "unknown word %q, want %s", u.Auth, join(AuthMD5, AuthSHA1, AuthSHA224, AuthSHA256, AuthSHA384, AuthSHA512))
	case u.Auth == AuthMD5 && !c.AllowWeak:
		f.Addf(path+".auth", "md5 is weak: choose sha256, or set allow_weak")
	}
	if u.Auth == AuthNone {
		if !u.AuthPassword.IsZero() || !u.AuthKey.IsZero() {
			f.Addf(path+".auth", "required with a password or key, such as sha256")
		}
		return
	}
	switch {
	case !u.AuthKey.IsZero() && !u.AuthPassword.IsZero():
		f.Addf(path+".auth_key", "it replaces auth_password: leave one of them out")
	case !u.AuthKey.IsZero():
		c.checkKey(f, path+".auth_key", u.AuthKey, size)
	default:
		checkPassword(f, path+".auth_password", u.AuthPassword)
	}
}

func (u *User) checkPriv(f *ConfigError, path string, c *Config) {
	size := usm.Priv(u.Priv).KeySize()
	switch {
	case size == 0 && u.Priv != PrivNone:
		f.Addf(path+".priv", "unknown word %q, want %s", u.Priv, join(PrivDES, PrivAES, PrivAES192, PrivAES256, PrivAES192C, PrivAES256C))
	case u.Priv == PrivDES && !c.AllowWeak:
		f.Addf(path+".priv", "des is weak: choose aes, or set allow_weak")
	}
	if u.Priv == PrivNone {
		if !u.PrivPassword.IsZero() || !u.PrivKey.IsZero() {
			f.Addf(path+".priv", "required with a password or key, such as aes")
		}
		return
	}
	if u.Auth == AuthNone {
		f.Addf(path+".priv", "encryption needs authentication: set auth too")
	}
	switch {
	case !u.PrivKey.IsZero() && !u.PrivPassword.IsZero():
		f.Addf(path+".priv_key", "it replaces priv_password: leave one of them out")
	case !u.PrivKey.IsZero():
		c.checkKey(f, path+".priv_key", u.PrivKey, size)
	case !u.PrivPassword.IsZero() || u.AuthPassword.IsZero():
		checkPassword(f, path+".priv_password", u.PrivPassword)
	}
}

func (c *Config) checkKey(f *ConfigError, path string, key Secret, size int) {
	if b, err := hex.DecodeString(key.Reveal()); err != nil || size > 0 && len(b) != size {
		f.Addf(path, "not %d octets in hexadecimal", size)
	}
	if c.EngineID == "" {
		f.Addf(path, "a localized key holds for one engine only: set engine_id")
	}
}

func checkPassword(f *ConfigError, path string, password Secret) {
	if n := len(password.Reveal()); n < usm.MinPassword {
		f.Addf(path, "it has %d characters, at least %d are required", n, usm.MinPassword)
	}
}

// mostLevel is what the protocols of the user give.
func (u *User) mostLevel() level {
	switch {
	case u.Auth == AuthNone:
		return noAuthNoPriv
	case u.Priv == PrivNone:
		return authNoPriv
	}
	return authPriv
}

// leastLevel is what requests of the user must have.
func (u *User) leastLevel() level { return u.Level.number(u.mostLevel()) }
