package snmptest_test

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
	"github.com/fieldgate/fieldgate/snmp/snmptest/suite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errFull = errors.New("flash is full")

// newHandler has two scalars that can be set and a table.
func newHandler() *snmptest.Handler {
	h := new(snmptest.Handler)
	h.Object(snmptest.Object{OID: snmp.OID{1, 3, 1, 1}, Kind: snmp.KindOctetString, Writable: true, MaxOctets: 8})
	h.Object(snmptest.Object{OID: snmp.OID{1, 3, 1, 2}, Kind: snmp.KindInteger, Writable: true, Create: true})
	h.Object(snmptest.Object{OID: snmp.OID{1, 3, 1, 9, 1, 1}, Kind: snmp.KindCounter64})
	h.Object(snmptest.Object{OID: snmp.OID{1, 3, 1, 9, 1, 2}, Kind: snmp.KindGauge32})
	h.Put(snmp.OID{1, 3, 1, 1, 0}, snmp.OctetString("gateway"))
	h.Put(snmp.OID{1, 3, 1, 2, 0}, snmp.Integer(7))
	h.Put(snmp.OID{1, 3, 1, 9, 1, 1, 4, 2}, snmp.Counter64(1<<40))
	h.Put(snmp.OID{1, 3, 1, 9, 1, 1, 1<<32 - 1}, snmp.Counter64(0))
	return h
}

func handlerRig(*testing.T) suite.HandlerRig {
	h := newHandler()
	var mu sync.Mutex
	n := uint32(0)
	return suite.HandlerRig{
		Handler: h,
		Prefix:  snmp.OID{1, 3, 1},
		Objects: []snmp.OID{{1, 3, 1, 1}, {1, 3, 1, 2}, {1, 3, 1, 9, 1, 1}, {1, 3, 1, 9, 1, 2}},
		Change: func() {
			mu.Lock()
			defer mu.Unlock()
			if n++; n%2 == 0 {
				h.Remove(snmp.OID{1, 3, 1, 9, 1, 2})
			} else {
				h.Put(snmp.OID{1, 3, 1, 9, 1, 2, n}, snmp.Gauge32(n))
			}
		},
		Set: []snmp.VarBind{
			{OID: snmp.OID{1, 3, 1, 1, 0}, Value: snmp.OctetString("other")},
			{OID: snmp.OID{1, 3, 1, 2, 0}, Value: snmp.Integer(-1)},
		},
		Refused: snmp.VarBind{OID: snmp.OID{1, 3, 1, 2, 0}, Value: snmp.Gauge32(1)},
	}
}

func TestHandlerConforms(t *testing.T) { suite.TestHandler(t, handlerRig) }

// A Handler that cannot do more than its interface passes as well.
func TestPlainHandlerConforms(t *testing.T) {
	suite.TestHandler(t, func(t *testing.T) suite.HandlerRig {
		r := handlerRig(t)
		r.Handler = struct{ snmp.Handler }{r.Handler.(snmp.Snapshotter).Snapshot()}
		r.Change, r.Set = nil, nil
		return r
	})
}

func TestHandlerString(t *testing.T) {
	assert.Equal(t, `.1.3.1.1.0 = STRING: "gateway"
.1.3.1.2.0 = INTEGER: 7
.1.3.1.9.1.1.4.2 = Counter64: 1099511627776
.1.3.1.9.1.1.4294967295 = Counter64: 0
`, newHandler().String())
}

func TestHandlerRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		oid    snmp.OID
		value  snmp.Value
		status snmp.ErrorStatus
	}{
		"unknown":     {snmp.OID{1, 3, 1, 5, 0}, snmp.Integer(1), snmp.NotWritable},
		"read-only":   {snmp.OID{1, 3, 1, 9, 1, 1, 4, 2}, snmp.Counter64(1), snmp.NotWritable},
		"type":        {snmp.OID{1, 3, 1, 1, 0}, snmp.Integer(1), snmp.WrongType},
		"length":      {snmp.OID{1, 3, 1, 1, 0}, snmp.OctetString("123456789"), snmp.WrongLength},
		"no creation": {snmp.OID{1, 3, 1, 1, 1}, snmp.OctetString("x"), snmp.NoCreation},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHandler()
			_, err := h.Prepare([]snmp.VarBind{{OID: c.oid, Value: c.value}})
			var refused *snmp.SetError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, c.status, refused.Status)
			assert.Equal(t, newHandler().String(), h.String())
		})
	}
}

// What a set creates, undoing it removes.
func TestHandlerCreates(t *testing.T) {
	h := newHandler()
	instance := snmp.OID{1, 3, 1, 2, 5}
	c, err := h.Prepare([]snmp.VarBind{{OID: instance, Value: snmp.Integer(1)}, {OID: instance, Value: snmp.Integer(2)}})
	require.NoError(t, err)
	require.NoError(t, c.Commit())
	assert.Equal(t, snmp.Integer(2), h.Get(instance))
	require.NoError(t, c.Undo())
	assert.Equal(t, newHandler().String(), h.String())
}

func TestHandlerFails(t *testing.T) {
	h := newHandler()
	binds := []snmp.VarBind{{OID: snmp.OID{1, 3, 1, 2, 0}, Value: snmp.Integer(1)}}
	h.Fail(snmptest.OpPrepare, errFull)
	_, err := h.Prepare(binds)
	require.ErrorIs(t, err, errFull)
	h.Fail(snmptest.OpPrepare, nil)

	c, err := h.Prepare(binds)
	require.NoError(t, err)
	h.Fail(snmptest.OpCommit, errFull)
	require.ErrorIs(t, c.Commit(), errFull)
	assert.Equal(t, newHandler().String(), h.String(), "nothing was set")
	h.Fail(snmptest.OpCommit, nil)
	require.NoError(t, c.Commit())
	h.Fail(snmptest.OpUndo, errFull)
	require.ErrorIs(t, c.Undo(), errFull)
	assert.Equal(t, snmp.Integer(1), h.Get(binds[0].OID))
}

func TestHandlerPanics(t *testing.T) {
	h := newHandler()
	assert.Panics(t, func() { h.Put(snmp.OID{1, 3, 7, 0}, snmp.Integer(1)) }, "no object type")
	assert.Panics(t, func() { h.Put(snmp.OID{1, 3, 1, 2}, snmp.Integer(1)) }, "no instance")
	assert.Panics(t, func() { h.Put(snmp.OID{1, 3, 1, 2, 0}, snmp.NoSuchObject()) }, "no value")
	assert.Panics(t, func() { h.Object(snmptest.Object{OID: snmp.OID{1, 3, 1, 2, 1}}) }, "within another")
	assert.Panics(t, func() { h.Fail(snmptest.OpSave, errFull) }, "no such step")
}

func TestHandlerNotifies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHandler()
		ctx, cancel := context.WithCancel(t.Context())
		var got []snmp.Notification
		go h.Watch(ctx, func(n snmp.Notification) { got = append(got, n) })
		synctest.Wait()
		n := snmp.Notification{Trap: snmp.OID{1, 3, 6}}
		assert.Equal(t, 1, h.Notify(n))
		assert.Equal(t, []snmp.Notification{n}, got)
		cancel()
		synctest.Wait()
		assert.Zero(t, h.Notify(n))
	})
}

func TestStoreConforms(t *testing.T) {
	suite.TestEngineStore(t, func(*testing.T) suite.EngineStoreRig {
		s := new(snmptest.Store)
		return suite.EngineStoreRig{Store: s, Reopen: func() snmp.EngineStore { return s }}
	})
}

func TestStoreFails(t *testing.T) {
	s := new(snmptest.Store)
	e := snmp.Engine{ID: []byte{0x80, 0, 0, 1, 5}, Boots: 3}
	s.Fail(snmptest.OpSave, errFull)
	require.ErrorIs(t, s.Save(e), errFull)
	_, err := s.Load()
	require.ErrorIs(t, err, fs.ErrNotExist)
	s.Fail(snmptest.OpSave, nil)
	require.NoError(t, s.Save(e))
	s.Fail(snmptest.OpLoad, errFull)
	_, err = s.Load()
	require.ErrorIs(t, err, errFull)
	assert.Equal(t, 1, s.Saves())
	assert.Equal(t, "engine 8000000105, boots 3, saved 1 times, load fails: flash is full", s.String())
}

func TestSenderConforms(t *testing.T) {
	suite.TestSender(t, func(*testing.T) suite.SenderRig {
		s := new(snmptest.Sender)
		s.Stall("silent", true)
		to := func(name string) (m snmp.NotificationMessage) { m.To.Name = name; return m }
		return suite.SenderRig{
			Sender:    s,
			Receivers: []snmp.NotificationMessage{to("a"), to("b")},
			Silent:    to("silent"),
			Count: func(destination string, trap snmp.OID) int {
				n := 0
				for _, m := range s.Sent() {
					if m.To.Name == destination && m.Trap.Compare(trap) == 0 {
						n++
					}
				}
				return n
			},
		}
	})
}

func TestSenderFailsAndWaits(t *testing.T) {
	s := new(snmptest.Sender)
	m := snmp.NotificationMessage{To: snmp.Destination{Name: "a", Version: snmp.Version2c}}
	m.Trap = snmp.OID{1, 3, 6}
	m.Binds = []snmp.VarBind{{OID: snmp.OID{1, 3, 1}, Value: snmp.Integer(4)}}
	s.Fail("a", errFull)
	require.ErrorIs(t, s.Send(t.Context(), m), errFull)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := s.Wait(ctx, 1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	s.Fail("a", nil)

	go func() {
		for range 2 {
			assert.NoError(t, s.Send(context.Background(), m))
		}
	}()
	sent, err := s.Wait(t.Context(), 2)
	require.NoError(t, err)
	assert.Len(t, sent, 2)
	assert.Equal(t, "a v2c .1.3.6 .1.3.1=INTEGER: 4\na v2c .1.3.6 .1.3.1=INTEGER: 4\n", s.String())
}
