package snmp_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

const engineID = "80001f8805010203040506070809"

func newSecret(text string) snmp.Secret { return snmp.NewSecret(text) }

// withUsers gives the agent an engine ID, and a user for every level: "open",
// "auth", and "priv", who may also ask with authentication only.
func withUsers(r *rig) {
	r.config.EngineID = engineID
	r.config.Users = []snmp.User{
		{Name: "open"},
		{Name: "auth", Auth: snmp.AuthSHA256, AuthPassword: newSecret("auth secret"), Write: "all"},
		{Name: "priv", Auth: snmp.AuthSHA512, Priv: snmp.PrivAES, AuthPassword: newSecret("auth secret"), PrivPassword: newSecret("priv secret"), Level: snmp.AuthNoPriv},
		{Name: "strict", Auth: snmp.AuthSHA1, Priv: snmp.PrivAES256, AuthPassword: newSecret("auth secret")},
	}
}

// v3 is a manager of SNMPv3.
type v3 struct {
	*rig
	engine *usm.Engine
	users  map[string]*usm.User
	at     time.Time // when the agent started
	boots  uint32
}

func manage(r *rig) *v3 {
	m := &v3{rig: r, users: make(map[string]*usm.User), at: time.Now(), boots: r.agent.Status().Boots}
	id, err := hex.DecodeString(r.agent.Status().EngineID)
	require.NoError(r.t, err)
	var users []*usm.User
	for _, u := range r.config.Users {
		c := usm.Credentials{Name: u.Name, Auth: usm.Auth(u.Auth), Priv: usm.Priv(u.Priv), AuthPassword: u.AuthPassword.Reveal(), PrivPassword: u.PrivPassword.Reveal()}
		user, err := usm.NewUser(c, id)
		require.NoError(r.t, err)
		m.users[u.Name] = user
		users = append(users, user)
	}
	m.engine = usm.New(usm.Config{ID: id, Boots: m.boots, MaxSize: 65507, Users: users})
	return m
}

// envelope is that of a request of now.
func (m *v3) envelope(user string, l usm.Level) message.Envelope {
	in := &message.Message{}
	in.Security.User = []byte(user)
	in.Header.ID = 4711
	e := m.engine.Envelope(in, m.users[user], l)
	e.Header.Flags |= message.FlagReportable
	e.ContextEngineID = m.engine.ID()
	return e
}

// send sends a message of a user, and returns the answer, nil for none.
func (m *v3) send(user string, e message.Envelope, p message.PDU, binds ...snmp.VarBind) []byte {
	m.t.Helper()
	s := write(&e, p, binds...)
	if u := m.users[user]; u != nil {
		m.engine.Outgoing(u, &e, s)
	}
	return m.exchange(s.Raw)
}

// open checks and decrypts an answer as a strict manager does.
func (m *v3) open(reply []byte) answer {
	m.t.Helper()
	require.NotNil(m.t, reply, "no answer")
	in := new(message.Message)
	require.NoError(m.t, in.Decode(reply))
	_, err := m.engine.Incoming(in)
	require.NoError(m.t, err)
	require.NoError(m.t, in.DecodeScoped())
	assert.EqualValues(m.t, 4711, in.Header.ID)
	assert.Equal(m.t, m.engine.ID(), in.ContextEngineID)
	return decoded(in, len(reply))
}

func (m *v3) get(user string, l usm.Level, oids ...string) answer {
	m.t.Helper()
	reply := m.send(user, m.envelope(user, l), message.PDU{Type: message.Get, RequestID: -5}, nulls(oids...)...)
	a := m.open(reply)
	assert.Equal(m.t, message.Response, a.Type)
	assert.EqualValues(m.t, -5, a.RequestID)
	assert.Equal(m.t, l, usm.LevelOf(a.m.Header.Flags))
	return a
}

// report demands that a reply is a REPORT with one counter.
func (m *v3) report(reply []byte, counter string, n uint32, l usm.Level, requestID int32) answer {
	m.t.Helper()
	require.NotNil(m.t, reply, "no REPORT")
	in := new(message.Message)
	require.NoError(m.t, in.Decode(reply))
	if l > usm.NoAuthNoPriv {
		_, err := m.engine.Incoming(in)
		require.NoError(m.t, err)
	}
	require.NoError(m.t, in.DecodeScoped())
	a := decoded(in, len(reply))
	assert.Equal(m.t, message.PDU{Type: message.Report, RequestID: requestID}, a.PDU)
	assert.Equal(m.t, l.Flags(), in.Header.Flags, "not reportable itself")
	assert.EqualValues(m.t, 4711, in.Header.ID)
	assert.Equal(m.t, []string{fmt.Sprintf("%s = Counter32: %d", counter, n)}, a.text())
	assert.Equal(m.t, m.engine.ID(), in.ContextEngineID)
	assert.Empty(m.t, in.ContextName)
	assert.Equal(m.t, m.engine.ID(), in.Security.EngineID)
	boots, seconds := m.engine.Clock()
	assert.Equal(m.t, boots, in.Security.Boots)
	assert.Equal(m.t, seconds, in.Security.Time)
	return a
}

const (
	unsupportedLevels = ".1.3.6.1.6.3.15.1.1.1.0"
	notInWindow       = ".1.3.6.1.6.3.15.1.1.2.0"
	unknownUsers      = ".1.3.6.1.6.3.15.1.1.3.0"
	unknownEngines    = ".1.3.6.1.6.3.15.1.1.4.0"
	wrongDigests      = ".1.3.6.1.6.3.15.1.1.5.0"
	decryptionErrors  = ".1.3.6.1.6.3.15.1.1.6.0"
	unknownHandlers   = ".1.3.6.1.6.3.11.2.1.3.0"
	unknownContexts   = ".1.3.6.1.6.3.12.1.5.0"
)

func inV3(t *testing.T, prepare func(*rig), test func(*v3)) {
	t.Helper()
	inBubble(t, func(r *rig) {
		withUsers(r)
		if prepare != nil {
			prepare(r)
		}
	}, func(r *rig) { test(manage(r)) })
}

func TestV3Levels(t *testing.T) {
	inV3(t, nil, func(m *v3) {
		for _, c := range []struct {
			user   string
			level  usm.Level
			status int32
		}{
			{"open", usm.NoAuthNoPriv, 0},
			{"auth", usm.AuthNoPriv, 0}, {"auth", usm.NoAuthNoPriv, 16},
			{"priv", usm.AuthPriv, 0}, {"priv", usm.AuthNoPriv, 0}, {"priv", usm.NoAuthNoPriv, 16},
			{"strict", usm.AuthPriv, 0}, {"strict", usm.AuthNoPriv, 16}, {"strict", usm.NoAuthNoPriv, 16},
		} {
			a := m.get(c.user, c.level, sysName)
			assert.Equal(t, c.status, a.ErrorStatus, "%s %d", c.user, c.level)
			assert.Zero(t, a.ErrorIndex)
			if c.status == 0 {
				assert.Equal(t, []string{sysName + ` = STRING: "gateway"`}, a.text())
			} else {
				assert.Equal(t, []string{sysName}, a.names(), "the bindings of the request")
			}
		}
	})
}

func TestV3NotLetIn(t *testing.T) {
	get := message.PDU{Type: message.Get, RequestID: 99}
	for name, c := range map[string]struct {
		user, as string
		level    usm.Level
		change   func(m *v3, e *message.Envelope)
		counter  string
	}{
		"empty engine ID":    {"", "", usm.NoAuthNoPriv, func(_ *v3, e *message.Envelope) { e.Security.EngineID = nil }, unknownEngines},
		"another engine ID":  {"auth", "auth", usm.AuthNoPriv, func(_ *v3, e *message.Envelope) { e.Security.EngineID = []byte("other") }, unknownEngines},
		"engine ID too long": {"auth", "auth", usm.AuthNoPriv, func(_ *v3, e *message.Envelope) { e.Security.EngineID = make([]byte, 60) }, unknownEngines},
		"unknown user":       {"nobody", "", usm.NoAuthNoPriv, nil, unknownUsers},
		"no user":            {"", "", usm.NoAuthNoPriv, nil, unknownUsers},
		"no authentication":  {"open", "auth", usm.AuthNoPriv, nil, unsupportedLevels},
		"wrong password":     {"auth", "priv", usm.AuthNoPriv, nil, wrongDigests},
		"short MAC":          {"auth", "", usm.AuthNoPriv, func(_ *v3, e *message.Envelope) { e.MACSize = 12 }, wrongDigests},
	} {
		t.Run(name, func(t *testing.T) {
			inV3(t, nil, func(m *v3) {
				sign := c.as
				e := m.envelope(sign, c.level&usm.NoAuthNoPriv)
				if m.users[sign] != nil {
					e = m.envelope(sign, c.level)
				}
				e.Header.Flags = c.level.Flags() | message.FlagReportable
				if c.level > usm.NoAuthNoPriv && e.MACSize == 0 {
					e.MACSize = 24
				}
				e.Security.User = []byte(c.user)
				if c.change != nil {
					c.change(m, &e)
				}
				for n := range uint32(3) {
					m.report(m.send(sign, e, get, nulls(sysName)...), c.counter, n+1, usm.NoAuthNoPriv, 99)
				}
			})
		})
	}
}

// The class of the PDU decides whether there is a REPORT; the flag only where
// the PDU cannot be read.
func TestV3WhoGetsReports(t *testing.T) {
	inV3(t, func(r *rig) { r.config.Limits.Rate = 1000 }, func(m *v3) {
		for _, p := range []message.PDUType{message.Get, message.GetNext, message.GetBulk, message.Set, message.Inform, message.Response, message.Report, message.TrapV2} {
			for _, reportable := range []message.Flags{0, message.FlagReportable} {
				e := m.envelope("nobody", usm.NoAuthNoPriv)
				e.Header.Flags = reportable
				reply := m.send("", e, message.PDU{Type: p})
				assert.Equal(t, p.Confirmed(), reply != nil, "%x %x", p, reportable)
			}
		}
		for _, reportable := range []message.Flags{0, message.FlagReportable} {
			e := m.envelope("strict", usm.AuthPriv)
			e.Header.Flags = usm.AuthPriv.Flags() | reportable
			e.Security.User = []byte("nobody")
			reply := m.send("strict", e, message.PDU{Type: message.Get, RequestID: 99})
			assert.Equal(t, reportable != 0, reply != nil)
			if reply != nil {
				m.report(reply, unknownUsers, 16+2, usm.NoAuthNoPriv, 0)
			}
		}
	})
}

func TestV3TimeWindow(t *testing.T) {
	inV3(t, func(r *rig) { r.config.Limits.Rate = 1000 }, func(m *v3) {
		time.Sleep(1000 * time.Second)
		get := message.PDU{Type: message.Get, RequestID: 99}
		var failed uint32
		for _, c := range []struct {
			boots, seconds int
			in             bool
		}{
			{0, 0, true}, {0, 150, true}, {0, -150, true},
			{0, 151, false}, {0, -151, false}, {1, 0, false}, {-1, 0, false}, {0, math.MaxInt32 - 1000, false},
		} {
			for _, l := range []usm.Level{usm.AuthNoPriv, usm.AuthPriv} {
				e := m.envelope("priv", l)
				e.Security.Boots += uint32(c.boots)
				e.Security.Time += uint32(c.seconds)
				reply := m.send("priv", e, get, nulls(sysName)...)
				if c.in {
					assert.Equal(t, message.Response, m.open(reply).Type)
					continue
				}
				failed++
				id := int32(99)
				if l == usm.AuthPriv {
					id = 0 // it was not decrypted
				}
				m.report(reply, notInWindow, failed, usm.AuthNoPriv, id)
			}
		}
		// The usual way to learn the time: boots and time 0, no bindings.
		e := m.envelope("priv", usm.AuthNoPriv)
		e.Security.Boots, e.Security.Time = 0, 0
		m.report(m.send("priv", e, message.PDU{Type: message.Get, RequestID: 1}), notInWindow, failed+1, usm.AuthNoPriv, 1)

		// Nothing of that matters without authentication.
		e = m.envelope("open", usm.NoAuthNoPriv)
		e.Security.Boots, e.Security.Time = 9, 9
		assert.Equal(t, message.Response, m.open(m.send("open", e, get, nulls(sysName)...)).Type)
	})
}

// A recorded message is answered again within the window, not after it.
func TestV3Replay(t *testing.T) {
	inV3(t, nil, func(m *v3) {
		e := m.envelope("auth", usm.AuthNoPriv)
		s := write(&e, message.PDU{Type: message.Get}, nulls(sysName)...)
		m.engine.Outgoing(m.users["auth"], &e, s)
		require.NotNil(t, m.exchange(s.Raw))
		time.Sleep(151 * time.Second)
		m.report(m.exchange(s.Raw), notInWindow, 1, usm.AuthNoPriv, 0)
	})
}

// After a restart the boots have grown, so recorded messages are of no use.
func TestV3ReplayAfterRestart(t *testing.T) {
	inV3(t, nil, func(m *v3) {
		e := m.envelope("auth", usm.AuthNoPriv)
		s := write(&e, message.PDU{Type: message.Get}, nulls(sysName)...)
		m.engine.Outgoing(m.users["auth"], &e, s)
		require.NotNil(t, m.exchange(s.Raw))
		m.stop()
		m.start()
		assert.EqualValues(t, 2, m.agent.Status().Boots)
		m2 := manage(m.rig)
		m2.report(m.exchange(s.Raw), notInWindow, 1, usm.AuthNoPriv, 0)
		assert.Zero(t, m2.get("auth", usm.AuthNoPriv, sysName).ErrorStatus)
	})
}

func TestV3DecryptionErrors(t *testing.T) {
	inV3(t, func(r *rig) {
		r.config.AllowWeak = true
		r.config.Users = append(r.config.Users, snmp.User{Name: "des", Auth: snmp.AuthMD5, Priv: snmp.PrivDES, AuthPassword: newSecret("auth secret")})
	}, func(m *v3) {
		get := message.PDU{Type: message.Get, RequestID: 99}
		e := m.envelope("strict", usm.AuthPriv)
		e.SaltSize = 7
		s := write(&e, get, nulls(sysName)...)
		e.Header.Flags &^= message.FlagPriv // sign only
		m.engine.Outgoing(m.users["strict"], &e, s)
		m.report(m.exchange(s.Raw), decryptionErrors, 1, usm.NoAuthNoPriv, 0)

		e = m.envelope("des", usm.AuthPriv)
		e.BlockSize = 1
		s = write(&e, message.PDU{Type: message.Get, RequestID: 1}, nulls(sysName)...)
		if len(s.Scoped)%8 == 0 {
			s = write(&e, message.PDU{Type: message.Get, RequestID: 1000}, nulls(sysName)...)
		}
		e.Header.Flags &^= message.FlagPriv
		m.engine.Outgoing(m.users["des"], &e, s)
		m.report(m.exchange(s.Raw), decryptionErrors, 2, usm.NoAuthNoPriv, 0)

		// With the wrong key rubbish comes out, which is no scopedPDU.
		before := m.agent.Status().Counters.Malformed
		e = m.envelope("strict", usm.AuthPriv)
		s = write(&e, get, nulls(sysName)...)
		e.Header.Flags &^= message.FlagPriv
		clear(s.Scoped)
		m.engine.Outgoing(m.users["strict"], &e, s)
		assert.Nil(t, m.exchange(s.Raw))
		assert.Equal(t, before+1, m.agent.Status().Counters.Malformed)
	})
}

func TestV3Contexts(t *testing.T) {
	var other snmptest.Handler
	other.Object(snmptest.Object{OID: oid(ownRoot + ".1"), Kind: snmp.KindInteger})
	other.Put(oid(ownRoot+".1.0"), snmp.Integer(42))
	inV3(t, func(r *rig) {
		r.options.Handlers = append(r.options.Handlers, snmp.Mount{Prefix: oid(ownRoot), Context: "other", Handler: &other})
		r.config.Communities = append(r.config.Communities, snmp.Community{Community: newSecret("ctx"), Sources: r.config.Communities[0].Sources, Context: "other"})
	}, func(m *v3) {
		get := message.PDU{Type: message.Get, RequestID: 99}
		e := m.envelope("strict", usm.AuthPriv)
		e.ContextName = []byte("other")
		a := m.open(m.send("strict", e, get, nulls(ownRoot+".1.0", sysName)...))
		assert.Equal(t, []string{ownRoot + ".1.0 = INTEGER: 42", sysName + " = noSuchObject"}, a.text())
		assert.Equal(t, "other", string(a.m.ContextName))

		a = m.ask(message.V2c, "ctx", get, nulls(ownRoot+".1.0")...)
		assert.Equal(t, []string{ownRoot + ".1.0 = INTEGER: 42"}, a.text())

		e = m.envelope("strict", usm.AuthPriv)
		e.ContextName = []byte("unknown")
		m.report(m.send("strict", e, get, nulls(sysName)...), unknownContexts, 1, usm.NoAuthNoPriv, 99)

		e = m.envelope("strict", usm.AuthPriv)
		e.ContextEngineID = []byte("other engine")
		m.report(m.send("strict", e, get, nulls(sysName)...), unknownHandlers, 1, usm.NoAuthNoPriv, 99)

		e = m.envelope("strict", usm.AuthPriv)
		m.report(m.send("strict", e, message.PDU{Type: message.Inform, RequestID: 99}), unknownHandlers, 2, usm.NoAuthNoPriv, 99)

		for _, p := range []message.PDUType{message.Response, message.Report, message.TrapV2} {
			assert.Nil(t, m.send("strict", m.envelope("strict", usm.AuthPriv), message.PDU{Type: p}), p)
		}
	})
}

// Faults of the message that are counted and get no REPORT.
func TestV3Drops(t *testing.T) {
	inV3(t, nil, func(m *v3) {
		e := m.envelope("open", usm.NoAuthNoPriv)
		good := write(&e, message.PDU{Type: message.Get}, nulls(sysName)...).Raw
		require.NotNil(t, m.exchange(good))
		replace := func(old, new string) []byte {
			require.Contains(t, string(good), old)
			return []byte(strings.Replace(string(good), old, new, 1))
		}
		count := func(oid string) int {
			return int(m.rig.get(oid).binds[0].Value.Uint())
		}
		const parseErrs, models, invalid = ".1.3.6.1.2.1.11.6.0", ".1.3.6.1.6.3.11.2.1.1.0", ".1.3.6.1.6.3.11.2.1.2.0"
		flags := "\x04\x01\x04\x02\x01\x03"
		for name, c := range map[string]struct {
			datagram []byte
			counter  string
		}{
			"another model":          {replace(flags, "\x04\x01\x04\x02\x01\x02"), models},
			"model 0":                {replace(flags, "\x04\x01\x04\x02\x01\x00"), parseErrs},
			"priv without auth":      {replace(flags, "\x04\x01\x06\x02\x01\x03"), invalid},
			"no flags":               {replace(flags, "\x04\x00\x02\x02\x00\x03"), parseErrs},
			"msgMaxSize 483":         {replace("\x02\x03\x00\xff\xe3", "\x02\x03\x00\x01\xe3"), parseErrs},
			"negative msgID":         {replace("\x02\x02\x12\x67", "\x02\x02\xf2\x67"), parseErrs},
			"security a sequence":    {replace("\x04\x22\x30", "\x30\x22\x30"), parseErrs},
			"truncated":              {good[:len(good)-3], parseErrs},
			"scopedPDU not sequence": {replace("\x30\x2d\x04\x0e", "\x31\x2d\x04\x0e"), parseErrs},
		} {
			before := count(c.counter)
			assert.Nil(t, m.exchange(c.datagram), name)
			assert.Equal(t, before+1, count(c.counter), name)
		}
		// Other bits of the flags mean nothing.
		require.NotNil(t, m.exchange(replace(flags, "\x04\x01\xfc\x02\x01\x03")))
	})
}

// The answer fits into what the manager takes: fewer bindings with GETBULK,
// tooBig with others, and REPORTs fit anyway.
func TestV3SmallMessages(t *testing.T) {
	inV3(t, table, func(m *v3) {
		for _, l := range []usm.Level{usm.AuthNoPriv, usm.AuthPriv} {
			for size := 484; size < 700; size += 7 {
				e := m.envelope("priv", l)
				e.Header.MaxSize = size
				reply := m.send("priv", e, message.PDU{Type: message.GetBulk, ErrorIndex: 50}, nulls(ownRoot)...)
				a := m.open(reply)
				assert.Zero(t, a.ErrorStatus)
				assert.NotEmpty(t, a.binds)
				assert.LessOrEqual(t, a.size, size)
				assert.Greater(t, a.size, size-150, "one more would have fitted")

				big := nulls(column3+".1", column3+".1", column3+".1", column3+".1", column3+".1", column3+".1")
				a = m.open(m.send("priv", e, message.PDU{Type: message.Get}, big...))
				assert.EqualValues(t, 1, a.ErrorStatus)
				assert.Empty(t, a.binds)
			}
		}
		// With authentication a large answer is no amplification.
		a := m.open(m.send("strict", m.envelope("strict", usm.AuthPriv), message.PDU{Type: message.GetBulk, ErrorIndex: 100}, nulls(".1.3")...))
		assert.Len(t, a.binds, 100)
		a = m.open(m.send("open", m.envelope("open", usm.NoAuthNoPriv), message.PDU{Type: message.GetBulk, ErrorIndex: 100}, nulls(column3)...))
		assert.Less(t, a.size, 32*130)
	})
}

// A flood of messages that are not let in gets so many REPORTs a second; who
// is let in is answered as ever.
func TestV3Flood(t *testing.T) {
	inV3(t, func(r *rig) { r.config.Limits.Rate = 20 }, func(m *v3) {
		e := m.envelope("nobody", usm.NoAuthNoPriv)
		replies := 0
		flood := func() {
			for i := range 100 {
				e.Security.EngineID = []byte{0x80, 1, 2, 3, 4, byte(i)}
				if m.send("", e, message.PDU{Type: message.Get}) != nil {
					replies++
				}
			}
		}
		flood()
		assert.Equal(t, 10, replies, "half of it for one port")
		assert.EqualValues(t, 90, m.agent.Status().Counters.RateDrops)
		assert.EqualValues(t, 100, m.agent.Status().Counters.UnknownEngines)
		assert.Zero(t, m.get("strict", usm.AuthPriv, sysName).ErrorStatus)
		time.Sleep(500 * time.Millisecond)
		flood()
		assert.Equal(t, 15, replies)

		// Another source has its own, until all together are too many.
		replies = 0
		for host := range 50 {
			from, err := m.network.ListenPacket(t.Context(), "udp", fmt.Sprintf("198.51.100.%d:50000", host+1))
			require.NoError(t, err)
			manager := m.manager
			m.manager = from
			flood()
			m.manager = manager
			require.NoError(t, from.Close())
		}
		assert.Less(t, replies, 250)
		assert.Greater(t, replies, 150)
	})
}

// Managers that start anew for each request, as snmpget does, ask for the
// engine ID each time.
func TestV3ManyShortManagers(t *testing.T) {
	inV3(t, nil, func(m *v3) {
		first := m.manager
		for i := range 500 {
			socket, err := m.network.ListenPacket(t.Context(), "udp", fmt.Sprintf("192.0.2.9:%d", 10000+i))
			require.NoError(t, err)
			m.manager = socket
			probe := message.Envelope{Version: message.V3, Header: message.Header{ID: 4711, MaxSize: 1500, Flags: message.FlagReportable}}
			m.report(m.exchange(write(&probe, message.PDU{Type: message.Get}).Raw), unknownEngines, uint32(i+1), usm.NoAuthNoPriv, 0)
			require.NoError(t, socket.Close())
		}
		m.manager = first
		assert.Zero(t, m.get("strict", usm.AuthPriv, sysName).ErrorStatus)
	})
}
