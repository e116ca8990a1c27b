package notify

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/gosnmp/gosnmp"

	"github.com/fieldgate/fieldgate/snmp"
)

// maxMessage is msgMaxSize, what can be received by UDP.
const maxMessage = 65507

// user is who sends, and how.
type user struct {
	snmp.User
	auth  gosnmp.SnmpV3AuthProtocol
	priv  gosnmp.SnmpV3PrivProtocol
	flags gosnmp.SnmpV3MsgFlags // the level
}

// sender returns who sends a message of SNMPv3.
func sender(m snmp.NotificationMessage) (user, error) {
	u := user{User: m.User, auth: gosnmp.NoAuth, priv: gosnmp.NoPriv}
	if u.Name == "" {
		return u, fmt.Errorf("user %q is none of the users", m.To.User)
	}
	var known bool
	if u.auth, known = authProtocol(u.Auth); !known {
		return u, fmt.Errorf("user %q: %q is no authentication protocol", u.Name, u.Auth)
	}
	if u.priv, known = privProtocol(u.Priv); !known {
		return u, fmt.Errorf("user %q: %q is no privacy protocol", u.Name, u.Priv)
	}
	level := cmp.Or(m.To.Level, u.Level)
	if level == "" {
		level = most(u.User)
	}
	switch level {
	case snmp.NoAuthNoPriv:
		u.flags = gosnmp.NoAuthNoPriv
	case snmp.AuthNoPriv:
		u.flags = gosnmp.AuthNoPriv
	case snmp.AuthPriv:
		u.flags = gosnmp.AuthPriv
	default:
		return u, fmt.Errorf("level %q, want noAuthNoPriv, authNoPriv or authPriv", level)
	}
	if u.flags&gosnmp.AuthNoPriv != 0 && u.auth == gosnmp.NoAuth || u.flags == gosnmp.AuthPriv && u.priv == gosnmp.NoPriv {
		return u, fmt.Errorf("level %s, but user %q is for %s at most: give the user the protocols, or lower the level", level, u.Name, most(u.User))
	}
	return u, nil
}

// most is the level that the protocols of a user give.
func most(u snmp.User) snmp.Level {
	switch {
	case u.Auth == snmp.AuthNone:
		return snmp.NoAuthNoPriv
	case u.Priv == snmp.PrivNone:
		return snmp.AuthNoPriv
	}
	return snmp.AuthPriv
}

func authProtocol(p snmp.AuthProtocol) (gosnmp.SnmpV3AuthProtocol, bool) {
	switch p {
	case snmp.AuthNone:
		return gosnmp.NoAuth, true
	case snmp.AuthMD5:
		return gosnmp.MD5, true
	case snmp.AuthSHA1:
		return gosnmp.SHA, true
	case snmp.AuthSHA224:
		return gosnmp.SHA224, true
	case snmp.AuthSHA256:
		return gosnmp.SHA256, true
	case snmp.AuthSHA384:
		return gosnmp.SHA384, true
	case snmp.AuthSHA512:
		return gosnmp.SHA512, true
	}
	return 0, false
}

func privProtocol(p snmp.PrivProtocol) (gosnmp.SnmpV3PrivProtocol, bool) {
	switch p {
	case snmp.PrivNone:
		return gosnmp.NoPriv, true
	case snmp.PrivDES:
		return gosnmp.DES, true
	case snmp.PrivAES:
		return gosnmp.AES, true
	case snmp.PrivAES192:
		return gosnmp.AES192, true
	case snmp.PrivAES256:
		return gosnmp.AES256, true
	case snmp.PrivAES192C:
		return gosnmp.AES192C, true
	case snmp.PrivAES256C:
		return gosnmp.AES256C, true
	}
	return 0, false
}

// privKeyLen is how much of a key a protocol uses: DES has 8 octets of key and
// 8 of pre-IV.
func privKeyLen(p gosnmp.SnmpV3PrivProtocol) int {
	switch p {
	case gosnmp.AES192, gosnmp.AES192C:
		return 24
	case gosnmp.AES256, gosnmp.AES256C:
		return 32
	}
	return 16
}

// localized returns the user's keys for an engine. Those that are configured
// in place of passwords fit our own engine only.
func (u user) localized(engine []byte, own bool) (*gosnmp.UsmSecurityParameters, error) {
	p := &gosnmp.UsmSecurityParameters{
		UserName: u.Name, AuthoritativeEngineID: string(engine),
		AuthenticationProtocol: gosnmp.NoAuth, PrivacyProtocol: gosnmp.NoPriv,
	}
	if u.flags&gosnmp.AuthNoPriv != 0 {
		p.AuthenticationProtocol = u.auth
		p.AuthenticationPassphrase = u.AuthPassword.Reveal()
		if err := u.secret(&p.SecretKey, "auth", u.AuthKey.Reveal(), p.AuthenticationPassphrase, own, u.auth.HashType().Size()); err != nil {
			return nil, err
		}
	}
	if u.flags == gosnmp.AuthPriv {
		p.PrivacyProtocol = u.priv
		p.PrivacyPassphrase = cmp.Or(u.PrivPassword.Reveal(), u.AuthPassword.Reveal())
		if err := u.secret(&p.PrivacyKey, "priv", u.PrivKey.Reveal(), p.PrivacyPassphrase, own, privKeyLen(u.priv)); err != nil {
			return nil, err
		}
	}
	if err := p.InitSecurityKeys(); err != nil {
		return nil, fmt.Errorf("user %q: the keys cannot be made: %w", u.Name, err)
	}
	return p, nil
}

// secret sets a key that is configured, or sees to it that there is a password
// to make it from.
func (u user) secret(key *[]byte, name, configured, password string, own bool, length int) error {
	switch {
	case own && configured != "":
		k, err := hex.DecodeString(strings.TrimPrefix(configured, "0x"))
		if err != nil || len(k) < length {
			return fmt.Errorf("user %q: %s_key is not %d octets in hexadecimal", u.Name, name, length)
		}
		*key = k[:length]
	case password == "" && configured != "":
		return fmt.Errorf("user %q: %s_key fits traps only: informs need the password, as their keys are made for the receiver", u.Name, name)
	case password == "":
		return fmt.Errorf("user %q: %s_password is missing", u.Name, name)
	}
	return nil
}

// secure encodes a notification of SNMPv3. The data is that of our own engine,
// whoever is the authority for the message (RFC 3413, section 3.3).
func (s *Sender) secure(m snmp.NotificationMessage, kind gosnmp.PDUType, flags gosnmp.SnmpV3MsgFlags, keys *gosnmp.UsmSecurityParameters, message, request uint32) ([]byte, error) {
	binds, err := v2Binds(m)
	if err != nil {
		return nil, err
	}
	keys.PrivacyParameters = s.nextSalt(keys)
	context := string(m.Engine.ID)
	if context == "" {
		context = keys.AuthoritativeEngineID
	}
	return encode(&gosnmp.SnmpPacket{
		Version: gosnmp.Version3, MsgID: message, MsgMaxSize: maxMessage, MsgFlags: flags,
		SecurityModel: gosnmp.UserSecurityModel, SecurityParameters: keys,
		ContextEngineID: context, ContextName: m.To.Context,
		PDUType: kind, RequestID: request, Variables: binds,
	})
}

// nextSalt returns the salt of a message, which never comes again.
func (s *Sender) nextSalt(keys *gosnmp.UsmSecurityParameters) []byte {
	n := s.salt.Add(1)
	if keys.PrivacyProtocol != gosnmp.DES {
		return binary.BigEndian.AppendUint64(nil, n)
	}
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, keys.AuthoritativeEngineBoots), uint32(n))
}

// errEngineID is the fault of a receiver that tells no engine ID.
var errEngineID = errors.New("the receiver tells no valid engine ID")
