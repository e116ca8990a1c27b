package snmp_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

const (
	serialNumber = ".1.3.6.1.6.3.1.1.6.1.0"
	otherRoot    = ".1.3.6.1.4.1.9998"
)

func TestSetSystem(t *testing.T) {
	inBubble(t, nil, func(r *rig) {
		a := r.set(bind(sysName, snmp.OctetString("other")), bind(sysLocation, snmp.OctetString("")), bind(sysContact, snmp.OctetString("Jörg")))
		assert.Zero(t, a.ErrorStatus)
		assert.Zero(t, a.ErrorIndex)
		assert.Equal(t, []string{sysName + ` = STRING: "other"`, sysLocation + ` = STRING: ""`, sysContact + ` = STRING: "Jörg"`}, a.text())
		want := snmp.System{Name: "other", Contact: "Jörg"}
		assert.Equal(t, []snmp.System{want}, r.saved, "together")
		assert.Equal(t, want, r.agent.Status().System)
		assert.Equal(t, a.text(), r.get(sysName, sysLocation, sysContact).text())
		assert.Contains(t, r.log.String(), "snmp: set")
	})
}

func TestSetRefused(t *testing.T) {
	inBubble(t, func(r *rig) {
		table(r)
		r.config.Views = []snmp.View{{Name: "some", Include: []snmp.Family{".1.3.6.1.2.1.1", ownRoot}}}
		r.config.Communities[1].Write = "some"
	}, func(r *rig) {
		good := bind(sysName, snmp.OctetString("changed"))
		for name, c := range map[string]struct {
			binds         []snmp.VarBind
			status, index int32
		}{
			"outside the view":        {[]snmp.VarBind{good, bind(serialNumber, snmp.Integer(1))}, 6, 2},
			"read-only":               {[]snmp.VarBind{good, bind(sysServices, snmp.Integer(1))}, 17, 2},
			"nothing is there":        {[]snmp.VarBind{good, bind(".1.3.6.1.2.1.1.77.0", snmp.Integer(1))}, 17, 2},
			"nothing is mounted":      {[]snmp.VarBind{good, bind(ownRoot+".9.9", snmp.Integer(1))}, 17, 2},
			"wrong type":              {[]snmp.VarBind{good, bind(sysContact, snmp.Integer(1))}, 7, 2},
			"Null":                    {[]snmp.VarBind{good, bind(sysContact, snmp.Value{})}, 7, 2},
			"too long":                {[]snmp.VarBind{good, bind(sysContact, snmp.OctetString(strings.Repeat("x", 256)))}, 8, 2},
			"another instance":        {[]snmp.VarBind{good, bind(".1.3.6.1.2.1.1.4.1", snmp.OctetString("x"))}, 11, 2},
			"a scalar without .0":     {[]snmp.VarBind{good, bind(".1.3.6.1.2.1.1.4", snmp.OctetString("x"))}, 11, 2},
			"control characters":      {[]snmp.VarBind{good, bind(sysContact, snmp.OctetString("\x00"))}, 10, 2},
			"the first of two counts": {[]snmp.VarBind{good, bind(column1+".1", snmp.OctetString("x")), bind(sysContact, snmp.Integer(1))}, 7, 2},
			"in the order of the PDU": {[]snmp.VarBind{bind(column1+".1", snmp.Integer(9)), bind(sysContact, snmp.Integer(1)), bind(column1+".2", snmp.OctetString("x"))}, 7, 2},
		} {
			a := r.set(c.binds...)
			assert.Equal(t, c.status, a.ErrorStatus, name)
			assert.Equal(t, c.index, a.ErrorIndex, name)
			assert.Len(t, a.binds, len(c.binds), name)
		}
		assert.Empty(t, r.saved)
		assert.Equal(t, sysName+` = STRING: "gateway"`, r.get(sysName).text()[0], "nothing of that was done")
		assert.Equal(t, column1+".1 = INTEGER: 0", r.get(column1 + ".1").text()[0])

		a := r.ask(message.V2c, "reader", message.PDU{Type: message.Set}, good)
		assert.EqualValues(t, 6, a.ErrorStatus, "noAccess")
		assert.Equal(t, snmp.Counter32(1), r.get(".1.3.6.1.2.1.11.5.0").binds[0].Value, "snmpInBadCommunityUses")
	})
}

func TestSetIsReadOnlyWithoutStore(t *testing.T) {
	inBubble(t, func(r *rig) { r.options.SaveSystem = nil }, func(r *rig) {
		assert.EqualValues(t, 17, r.set(bind(sysName, snmp.OctetString("x"))).ErrorStatus)
	})
}

// What a configuration fixes cannot be set, what is beside it can.
func TestSetFixed(t *testing.T) {
	inBubble(t, func(r *rig) { r.options.FixedSystem = snmp.SystemFields{Name: true, Contact: true} }, func(r *rig) {
		for object, status := range map[string]int32{sysName: 17, sysContact: 17, sysLocation: 0} {
			assert.Equal(t, status, r.set(bind(object, snmp.OctetString("x"))).ErrorStatus, object)
		}
	})
}

// A TestAndIncr takes the number that it has, and another comes.
func TestSetSerialNumber(t *testing.T) {
	inBubble(t, nil, func(r *rig) {
		n := r.get(serialNumber).binds[0].Value.Int()
		assert.Zero(t, r.set(bind(serialNumber, snmp.Integer(n))).ErrorStatus)
		assert.EqualValues(t, 12, r.set(bind(serialNumber, snmp.Integer(n))).ErrorStatus, "inconsistentValue: somebody else was first")
		assert.Equal(t, snmp.Integer(int32((uint32(n)+1)&0x7fffffff)), r.get(serialNumber).binds[0].Value)
		assert.EqualValues(t, 7, r.set(bind(serialNumber, snmp.OctetString(""))).ErrorStatus)
		assert.EqualValues(t, 10, r.set(bind(serialNumber, snmp.Integer(-1))).ErrorStatus)
		assert.EqualValues(t, 11, r.set(bind(".1.3.6.1.6.3.1.1.6.1.1", snmp.Integer(1))).ErrorStatus, "noCreation")
		n = r.get(serialNumber).binds[0].Value.Int()
		twice := r.set(bind(serialNumber, snmp.Integer(n)), bind(serialNumber, snmp.Integer(n)))
		assert.EqualValues(t, 12, twice.ErrorStatus, "one cannot go first")
		assert.EqualValues(t, 2, twice.ErrorIndex)
		assert.Equal(t, snmp.Integer(n), r.get(serialNumber).binds[0].Value)
	})
}

// What several handlers set is set as a whole or not at all.
func TestSetUndoes(t *testing.T) {
	broken := errors.New("the flash is full")
	for name, c := range map[string]struct {
		fail          func(r *rig, other *snmptest.Handler)
		status, index int32
		undone        bool
	}{
		"prepare":           {func(_ *rig, o *snmptest.Handler) { o.Fail(snmptest.OpPrepare, broken) }, 5, 3, true},
		"commit":            {func(_ *rig, o *snmptest.Handler) { o.Fail(snmptest.OpCommit, broken) }, 14, 3, true},
		"commit of the 1st": {func(r *rig, _ *snmptest.Handler) { r.mib.Fail(snmptest.OpCommit, broken) }, 14, 2, true},
		"undo": {func(r *rig, o *snmptest.Handler) {
			o.Fail(snmptest.OpCommit, broken)
			r.mib.Fail(snmptest.OpUndo, broken)
		}, 15, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			var other snmptest.Handler
			inBubble(t, func(r *rig) {
				table(r)
				other.Object(snmptest.Object{OID: oid(otherRoot + ".1"), Kind: snmp.KindInteger, Writable: true})
				other.Put(oid(otherRoot+".1.0"), snmp.Integer(1))
				r.options.Handlers = append(r.options.Handlers, snmp.Mount{Prefix: oid(otherRoot), Handler: &other})
				c.fail(r, &other)
			}, func(r *rig) {
				a := r.set(bind(sysName, snmp.OctetString("new")), bind(column1+".1", snmp.Integer(9)), bind(otherRoot+".1.0", snmp.Integer(2)), bind(column1+".2", snmp.Integer(9)))
				assert.Equal(t, c.status, a.ErrorStatus)
				assert.Equal(t, c.index, a.ErrorIndex)
				assert.Equal(t, "gateway", r.agent.Status().System.Name)
				if n := len(r.saved); n > 0 {
					assert.Equal(t, "gateway", r.saved[n-1].Name, "stored as before")
				}
				after := r.get(column1+".1", column1+".2", otherRoot+".1.0").text()
				before := []string{column1 + ".1 = INTEGER: 0", column1 + ".2 = INTEGER: 1", otherRoot + ".1.0 = INTEGER: 1"}
				assert.Equal(t, c.undone, slices.Equal(before, after))
			})
		})
	}
}

// When what a manager set cannot be stored it is not set.
func TestSetNotStored(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.options.SaveSystem = func(snmp.System) error { return errors.New("the flash is full") }
	}, func(r *rig) {
		a := r.set(bind(serialNumber, r.get(serialNumber).binds[0].Value), bind(sysName, snmp.OctetString("new")))
		assert.EqualValues(t, 14, a.ErrorStatus)
		assert.EqualValues(t, 2, a.ErrorIndex)
		assert.Equal(t, "gateway", r.agent.Status().System.Name)
		assert.Contains(t, r.log.String(), "the flash is full")
	})
}

// Where the answer would not fit nothing is set.
func TestSetTooBig(t *testing.T) {
	inV3(t, table, func(m *v3) {
		e := m.envelope("auth", usm.AuthNoPriv)
		e.Header.MaxSize = 484
		a := m.open(m.send("auth", e, message.PDU{Type: message.Set},
			bind(sysName, snmp.OctetString(strings.Repeat("n", 200))), bind(sysLocation, snmp.OctetString(strings.Repeat("l", 200)))))
		assert.EqualValues(t, 1, a.ErrorStatus)
		assert.Empty(t, a.binds)
		assert.Equal(t, "gateway", m.agent.Status().System.Name)
		a = m.open(m.send("auth", e, message.PDU{Type: message.Set}, bind(sysName, snmp.OctetString(strings.Repeat("n", 200)))))
		assert.Zero(t, a.ErrorStatus)
		assert.Equal(t, strings.Repeat("n", 200), m.agent.Status().System.Name)
	})
}
