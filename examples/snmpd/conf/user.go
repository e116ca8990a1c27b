package conf

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/snmp"
)

const (
	minPassword = 8  // RFC 3414, section 11.2
	maxUser     = 27 // with what is put before it for a group, 32
)

// user is a line of createUser. An engine other than ours, or keys instead of
// passwords, are judged once ours is known.
type user struct {
	snmp.User
	engine []byte // of -e
	master bool   // a key of -m is not localized yet
	at     Place
}

// createUser reads [-e ENGINEID] NAME [(AUTH PASSWORD) [PRIV [PASSWORD]]]; a
// password may be -l KEY or -m KEY.
func (p *parser) createUser(rest string) {
	w := Words(rest)
	u := user{at: p.at}
	if w[0] == "-e" {
		if len(w) < 3 {
			p.errorf("createUser: -e needs an engine ID and a name")
			return
		}
		var ok bool
		if u.engine, ok = octets(w[1]); !ok {
			p.errorf("bad engineID %s", w[1])
			return
		}
		w = w[2:]
	}
	u.Name, w = w[0], w[1:]
	if u.Name == "" || len(u.Name) > maxUser {
		p.errorf("createUser: the name has %d characters, want 1 to %d", len(u.Name), maxUser)
		return
	}
	if len(w) > 0 {
		if !p.userSecrets(&u, w) {
			return
		}
	}
	p.users = slices.DeleteFunc(p.users, func(other user) bool {
		return other.Name == u.Name && bytes.Equal(other.engine, u.engine)
	})
	p.users = append(p.users, u)
}

// userSecrets reads what follows the name.
func (p *parser) userSecrets(u *user, w []string) (ok bool) {
	if u.Auth, ok = authProtocol(w[0]); !ok {
		p.errorf("unknown authProtocol")
		return false
	}
	secret, w, ok := p.secret(u, w[1:], "authentication")
	if !ok {
		return false
	}
	u.AuthPassword, u.AuthKey = secret.password, secret.key
	if len(w) == 0 {
		return true
	}
	if u.Priv, ok = privProtocol(w[0]); !ok {
		p.errorf("unknown privProtocol")
		return false
	}
	if len(w) == 1 { // the same as that of the authentication
		u.PrivKey = u.AuthKey
		return true
	}
	if secret, _, ok = p.secret(u, w[1:], "privacy"); ok {
		u.PrivPassword, u.PrivKey = secret.password, secret.key
	}
	return ok
}

type secret struct{ password, key snmp.Secret }

// secret reads a password, or -l KEY or -m KEY.
func (p *parser) secret(u *user, w []string, what string) (s secret, rest []string, ok bool) {
	if len(w) > 1 && (w[0] == "-l" || w[0] == "-m") {
		key, valid := octets(w[1])
		if !valid {
			p.errorf("%s key: want hexadecimal after %s", what, w[0])
			return s, nil, false
		}
		u.master = w[0] == "-m"
		return secret{key: config.NewSecret(hex.EncodeToString(key))}, w[2:], true
	}
	if len(w) == 0 || len(w[0]) < minPassword {
		p.errorf("could not generate the %s key from the supplied pass phrase: it has to have %d characters at least.", what, minPassword)
		return s, nil, false
	}
	return secret{password: config.NewSecret(w[0])}, w[1:], true
}

// octets reads hexadecimal, with 0x before it or not.
func octets(text string) ([]byte, bool) {
	b, err := hex.DecodeString(strings.TrimPrefix(strings.TrimPrefix(text, "0x"), "0X"))
	return b, err == nil && len(b) > 0
}

func authProtocol(text string) (snmp.AuthProtocol, bool) {
	switch strings.ToUpper(strings.ReplaceAll(text, "-", "")) {
	case "MD5":
		return snmp.AuthMD5, true
	case "SHA", "SHA1", "DEFAULT":
		return snmp.AuthSHA1, true
	case "SHA224":
		return snmp.AuthSHA224, true
	case "SHA256":
		return snmp.AuthSHA256, true
	case "SHA384":
		return snmp.AuthSHA384, true
	case "SHA512":
		return snmp.AuthSHA512, true
	}
	return "", false
}

func privProtocol(text string) (snmp.PrivProtocol, bool) {
	switch strings.ToUpper(strings.ReplaceAll(text, "-", "")) {
	case "DES":
		return snmp.PrivDES, true
	case "AES", "AES128", "DEFAULT":
		return snmp.PrivAES, true
	case "AES192":
		return snmp.PrivAES192, true
	case "AES256":
		return snmp.PrivAES256, true
	case "AES192C":
		return snmp.PrivAES192C, true
	case "AES256C":
		return snmp.PrivAES256C, true
	}
	return "", false
}

// simpleUser reads [-s MODEL] NAME [LEVEL [OID | -V VIEW [CONTEXT]]].
func (p *parser) simpleUser(name, rest string) {
	w := Words(rest)
	if w[0] == "-s" {
		if len(w) < 3 {
			p.errorf("missing user")
			return
		}
		if !strings.EqualFold(w[1], "usm") {
			p.errorf("security model %s is not supported, want usm", w[1])
			return
		}
		w = w[2:]
	}
	w = append(w, make([]string, 5)...)
	if w[0] == "" || len(w[0]) > maxUser {
		p.errorf("the user name has %d characters, want 1 to %d", len(w[0]), maxUser)
		return
	}
	level, ok := securityLevel(cmp.Or(w[1], "auth"))
	if !ok {
		p.errorf("bad security level (noauthnopriv, authnopriv, authpriv)")
		return
	}
	see, context, ok := p.seen(w[2:])
	if !ok {
		return
	}
	r := snmp.Access{Group: "user-" + w[0], Context: context, Model: snmp.ModelUSM, Level: level, Read: see, Notify: see}
	if rest, prefix := strings.CutSuffix(context, "*"); prefix {
		r.Context, r.ContextPrefix = rest, true
	}
	if name == "rwuser" {
		r.Write = see
	}
	p.join(r.Group, snmp.Member{Model: snmp.ModelUSM, SecurityName: w[0]})
	p.allow(r)
}
