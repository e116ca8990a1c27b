package usm_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

var engineID = []byte("\x80\x00\xc3\xbb\x04gateway-1")

const (
	authPassword = "authentic words"
	privPassword = "private words"
)

var (
	auths = []usm.Auth{usm.MD5, usm.SHA1, usm.SHA224, usm.SHA256, usm.SHA384, usm.SHA512}
	privs = []usm.Priv{usm.DES, usm.AES, usm.AES192, usm.AES256, usm.AES192C, usm.AES256C}
)

// users are one per pair of protocols, named as auth-priv, and two that have
// less: "sha256" without encryption, and "nobody" without keys. They are made
// once, since keys take their time.
var users = sync.OnceValue(func() []*usm.User {
	all := []usm.Credentials{{Name: "nobody"}, {Name: "sha256", Auth: usm.SHA256, AuthPassword: authPassword}}
	for _, auth := range auths {
		long := usm.Localize(auth, usm.PasswordKey(auth, authPassword), engineID)
		for _, priv := range privs {
			c := usm.Credentials{Name: string(auth) + "-" + string(priv), Auth: auth, Priv: priv, AuthKey: long}
			if priv == usm.AES && auth == usm.SHA1 || priv.KeySize() > auth.KeySize() {
				c.PrivPassword = privPassword
			} else {
				c.PrivKey = usm.Localize(auth, usm.PasswordKey(auth, privPassword), engineID)[:priv.KeySize()]
			}
			all = append(all, c)
		}
	}
	var users []*usm.User
	for _, c := range all {
		u, err := usm.NewUser(c, engineID)
		if err != nil {
			panic(err)
		}
		users = append(users, u)
	}
	return users
})

// user returns the user of the name.
func user(name string) *usm.User {
	for _, u := range users() {
		if u.Name() == name {
			return u
		}
	}
	panic("no user " + name)
}

func newEngine(boots uint32) *usm.Engine {
	return usm.New(usm.Config{ID: engineID, Boots: boots, MaxSize: 65507, Users: users()})
}

// request is what a manager who knows the engine sends: a GET of sysDescr.0.
// change may spoil what is around it.
func request(t testing.TB, e *usm.Engine, name string, l usm.Level, change func(*message.Envelope)) []byte {
	return packet(t, e, user(name), l, message.Get, change)
}

func packet(t testing.TB, e *usm.Engine, u *usm.User, l usm.Level, pdu message.PDUType, change func(*message.Envelope)) []byte {
	m := message.Message{ContextEngineID: engineID, Header: message.Header{ID: 77}, Security: message.Security{User: []byte(u.Name())}}
	env := e.Envelope(&m, u, l)
	if change != nil {
		change(&env)
	}
	var w message.Writer
	w.Begin(&env, 4711, 65507)
	require.True(t, w.Append([]uint32{1, 3, 6, 1, 2, 1, 1, 1, 0}, ber.Null, 0, ""))
	s, err := w.Finish(pdu, 0, 0)
	require.NoError(t, err)
	if env.SaltSize != 8 || len(s.Scoped)%8 != 0 && u.Priv() == usm.DES {
		env.Header.Flags &^= message.FlagPriv // too spoilt to be encrypted
	}
	e.Outgoing(u, &env, s)
	return s.Raw
}

// take gives a datagram to the engine, whose verdict it returns.
func take(t testing.TB, e *usm.Engine, datagram []byte) (*message.Message, *usm.User, error) {
	var m message.Message
	before := bytes.Clone(datagram)
	require.NoError(t, m.Decode(datagram))
	u, err := e.Incoming(&m)
	require.Equal(t, before, datagram, "the datagram stays as it is")
	return &m, u, err
}
