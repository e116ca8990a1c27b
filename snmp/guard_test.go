package snmp_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// broken is a subtree that panics in each of its methods that is named.
type broken struct{ in string }

func (b broken) step(name string) {
	if strings.Contains(b.in, name) {
		panic("broken in " + name)
	}
}

func (b broken) Get(snmp.OID) snmp.Value {
	b.step("get")
	return snmp.NoSuchObject()
}

func (b broken) Next(snmp.OID) (snmp.VarBind, bool) {
	b.step("next")
	return snmp.VarBind{}, false
}

func (b broken) Snapshot() snmp.Handler {
	b.step("snapshot")
	return b
}

func (b broken) Prepare([]snmp.VarBind) (snmp.Change, error) {
	b.step("prepare")
	if b.in == "no change" {
		return nil, nil
	}
	return b, nil
}

func (b broken) Commit() error {
	b.step("commit")
	return nil
}

func (b broken) Undo() error { return nil }

func (b broken) Watch(context.Context, func(snmp.Notification)) { b.step("watch") }

// A handler that panics spoils its own requests, not the agent.
func TestHandlerPanics(t *testing.T) {
	const root = ".1.3.6.1.4.1.9998"
	get := message.PDU{Type: message.Get}
	for name, c := range map[string]struct {
		in            string
		pdu           message.PDU
		status, index int32
	}{
		"get":            {"get", get, 5, 3},
		"snapshot":       {"snapshot", get, 5, 3},
		"getnext":        {"next", message.PDU{Type: message.GetNext}, 5, 3},
		"getbulk":        {"next", message.PDU{Type: message.GetBulk, ErrorIndex: 2}, 5, 3},
		"getbulk, later": {"next", message.PDU{Type: message.GetBulk, ErrorStatus: 3, ErrorIndex: 2}, 5, 3},
		"prepare":        {"prepare", message.PDU{Type: message.Set}, 5, 3},
		"commit":         {"commit", message.PDU{Type: message.Set}, 14, 3},
		"no change":      {"no change", message.PDU{Type: message.Set}, 14, 3},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.options.Handlers = append(r.options.Handlers, snmp.Mount{Prefix: oid(root), Handler: broken{c.in + " watch"}})
				if c.in == "no change" {
					r.options.Handlers[1].Handler = broken{c.in}
				}
			}, func(r *rig) {
				binds := nulls(sysName, sysContact, root+".1")
				if c.pdu.Type == message.Set {
					for i := range binds {
						binds[i].Value = snmp.OctetString("new")
					}
				}
				for range 2 {
					a := r.ask(message.V2c, "writer", c.pdu, binds...)
					assert.Equal(t, c.status, a.ErrorStatus)
					assert.Equal(t, c.index, a.ErrorIndex)
					assert.Len(t, a.binds, 3)
				}
				synctest.Wait()
				assert.Equal(t, 1, strings.Count(r.log.String(), "breaks the rules"))
				assert.Contains(t, r.log.String(), "panic")
				assert.GreaterOrEqual(t, r.agent.Status().Counters.HandlerFaults, uint64(2))
				assert.Equal(t, sysName+` = STRING: "gateway"`, r.get(sysName).text()[0], "the agent goes on, and nothing was set")
			})
		})
	}
}

// The second repetition of the second binding is what fails.
func TestHandlerPanicsInARepetition(t *testing.T) {
	const root = ".1.3.6.1.2.1.99"
	inBubble(t, func(r *rig) {
		r.options.Handlers = append(r.options.Handlers, snmp.Mount{Prefix: oid(root), Handler: broken{"next"}})
	}, func(r *rig) {
		last := r.get(".1.3.6.1.2.1.11.32.0")
		assert.True(t, last.binds[0].Value.Exists())
		a := r.bulk(1, 9, sysName, sysContact, ".1.3.6.1.2.1.11.31.0")
		assert.EqualValues(t, 5, a.ErrorStatus)
		assert.EqualValues(t, 3, a.ErrorIndex)
	})
}
