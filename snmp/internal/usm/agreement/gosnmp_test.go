// Package agreement_test compares package usm with gosnmp. It stands apart, so
// that programs with an agent do not get gosnmp into their go.sum.
package agreement_test

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// gosnmp has code of its own for all of it: a manager made with it discovers
// the engine, reads from it, and follows it through a restart, with every pair
// of protocols.
func TestAgreesWithGoSNMP(t *testing.T) {
	authOf := map[usm.Auth]gosnmp.SnmpV3AuthProtocol{
		usm.MD5: gosnmp.MD5, usm.SHA1: gosnmp.SHA, usm.SHA224: gosnmp.SHA224,
		usm.SHA256: gosnmp.SHA256, usm.SHA384: gosnmp.SHA384, usm.SHA512: gosnmp.SHA512,
	}
	privOf := map[usm.Priv]gosnmp.SnmpV3PrivProtocol{
		usm.PrivNone: gosnmp.NoPriv, usm.DES: gosnmp.DES, usm.AES: gosnmp.AES, usm.AES192: gosnmp.AES192,
		usm.AES256: gosnmp.AES256, usm.AES192C: gosnmp.AES192C, usm.AES256C: gosnmp.AES256C,
	}
	agent := newAgent(t)
	for auth := range authOf {
		for priv := range privOf {
			t.Run(string(auth)+"-"+string(priv), func(t *testing.T) {
				agree(t, agent, auth, priv, authOf[auth], privOf[priv])
			})
		}
	}
}

func agree(t *testing.T, agent *agent, auth usm.Auth, priv usm.Priv, theirAuth gosnmp.SnmpV3AuthProtocol, theirPriv gosnmp.SnmpV3PrivProtocol) {
	const authPassword, privPassword = "authentic words", "private words"
	u, err := usm.NewUser(usm.Credentials{
		Name: string(auth) + "-" + string(priv), Auth: auth, AuthPassword: authPassword, Priv: priv, PrivPassword: privPassword,
	}, engineID)
	require.NoError(t, err)
	boot := func(boots uint32) *usm.Engine {
		e := usm.New(usm.Config{ID: engineID, Boots: boots, MaxSize: 65507, Users: []*usm.User{u}})
		agent.engine.Store(e)
		return e
	}
	flags := gosnmp.AuthPriv
	if priv == usm.PrivNone {
		flags = gosnmp.AuthNoPriv
	}
	boot(3)
	client := &gosnmp.GoSNMP{
		Target: "127.0.0.1", Port: agent.port, Version: gosnmp.Version3, Timeout: 10 * time.Second, Retries: 2,
		SecurityModel: gosnmp.UserSecurityModel, MsgFlags: flags,
		SecurityParameters: &gosnmp.UsmSecurityParameters{
			UserName:               u.Name(),
			AuthenticationProtocol: theirAuth, AuthenticationPassphrase: authPassword,
			PrivacyProtocol: theirPriv, PrivacyPassphrase: privPassword,
		},
	}
	require.NoError(t, client.Connect())
	defer client.Conn.Close()
	read := func() {
		got, err := client.Get([]string{"." + strings.Repeat("1.3.6.", 30) + "1"})
		require.NoError(t, err)
		require.Len(t, got.Variables, 1)
		assert.Equal(t, []byte("hello "+u.Name()), got.Variables[0].Value)
	}
	read()
	restarted := boot(4)
	read()
	assert.Equal(t, uint32(1), restarted.Count(usm.NotInTimeWindows))
}

var engineID = []byte("\x80\x00\xc3\xbb\x04gateway-1")

// agent answers every request with a greeting.
type agent struct {
	engine atomic.Pointer[usm.Engine]
	port   uint16
}

func newAgent(t *testing.T) *agent {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	a := &agent{port: uint16(conn.LocalAddr().(*net.UDPAddr).Port)}
	done := make(chan struct{})
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	go func() {
		defer close(done)
		buf := make([]byte, 65535)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, err = conn.WriteTo(a.answer(t, buf[:n]), from)
			assert.NoError(t, err)
		}
	}()
	return a
}

// answer returns a Response or a REPORT.
func (a *agent) answer(t *testing.T, datagram []byte) []byte {
	e := a.engine.Load()
	var m message.Message
	if !assert.NoError(t, m.Decode(datagram)) {
		return nil
	}
	var w message.Writer
	u, err := e.Incoming(&m)
	if failure, ok := err.(usm.Failure); ok {
		env := e.Envelope(&m, u, failure.Level())
		env.ContextEngineID = e.ID()
		w.Begin(&env, 0, m.Header.MaxSize)
		w.Append([]uint32{1, 3, 6, 1, 6, 3, 15, 1, 1, uint32(failure), 0}, ber.Counter32, uint64(e.Count(failure)), "")
		s, err := w.Finish(message.Report, 0, 0)
		assert.NoError(t, err)
		e.Outgoing(u, &env, s)
		return s.Raw
	}
	if !assert.NoError(t, m.DecodeScoped()) {
		return nil
	}
	env := e.Envelope(&m, u, usm.LevelOf(m.Header.Flags))
	w.Begin(&env, m.PDU.RequestID, m.Header.MaxSize)
	for _, b := range m.Binds {
		assert.True(t, w.Append(b.OID, ber.OctetString, 0, "hello "+u.Name()))
	}
	s, err := w.Finish(message.Response, 0, 0)
	assert.NoError(t, err)
	e.Outgoing(u, &env, s)
	return s.Raw
}
