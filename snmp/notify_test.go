package snmp_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

var ownTrap = snmp.Notification{Trap: oid(ownRoot + ".0.1"), Binds: []snmp.VarBind{bind(column1+".1", snmp.Integer(7))}}

// toTwo gives the rig a destination of v2c and one of v3 that asks for
// acknowledgements.
func toTwo(r *rig) {
	withUsers(r)
	retries := 2
	r.config.Notifications = snmp.Notifications{AuthenticationFailures: true, Destinations: []snmp.Destination{
		{Name: "trap", Address: "192.0.2.50:162", Version: snmp.Version2c, Community: newSecret("trap")},
		{Name: "inform", Address: "192.0.2.51:162", Version: snmp.Version3, User: "strict", Inform: true, Timeout: snmp.Duration(time.Second), Retries: &retries},
	}}
}

func TestNotifications(t *testing.T) {
	inBubble(t, toTwo, func(r *rig) {
		sent := r.sender.Sent()
		require.Len(t, sent, 2)
		for _, m := range sent {
			assert.Equal(t, oid(".1.3.6.1.6.3.1.1.5.1"), m.Trap, "coldStart")
			assert.Zero(t, m.Uptime)
			assert.Equal(t, oid(".1.3.6.1.4.1.8072.3.2.10"), m.Agent)
		}
		time.Sleep(3 * time.Second)
		require.NoError(t, r.agent.Notify(ownTrap))
		synctest.Wait()
		for _, m := range r.sender.Sent()[2:] {
			assert.Equal(t, ownTrap, m.Notification)
			assert.EqualValues(t, 300, m.Uptime)
			if m.To.Name == "inform" {
				assert.Equal(t, "strict", m.User.Name)
				assert.Equal(t, engineID, fmt.Sprintf("%x", m.Engine.ID))
				assert.EqualValues(t, 1, m.Engine.Boots)
				assert.EqualValues(t, 3, m.Time)
				assert.Equal(t, 2, *m.To.Retries)
			} else {
				assert.Equal(t, 5, *m.To.Retries, "the default")
				assert.Equal(t, snmp.Duration(5*time.Second), m.To.Timeout)
			}
		}
		assert.Equal(t, []snmp.DestinationStatus{{Name: "trap", Sent: 2}, {Name: "inform", Sent: 2}}, r.agent.Status().Destinations)
		assert.Equal(t, snmp.Counter32(4), r.get(".1.3.6.1.2.1.11.29.0").binds[0].Value, "snmpOutTraps")
	})
}

func TestWarmStart(t *testing.T) {
	inBubble(t, func(r *rig) { toTwo(r); r.options.WarmStart = true }, func(r *rig) {
		assert.Equal(t, oid(".1.3.6.1.6.3.1.1.5.2"), r.sender.Sent()[0].Trap)
	})
}

// authenticationFailure is told of wrong communities and digests, once a
// second at most.
func TestAuthenticationFailure(t *testing.T) {
	inBubble(t, toTwo, func(r *rig) {
		failures := func() (n int) {
			synctest.Wait()
			for _, m := range r.sender.Sent() {
				if m.Trap.Compare(oid(".1.3.6.1.6.3.1.1.5.5")) == 0 && m.To.Name == "trap" {
					n++
				}
			}
			return n
		}
		wrong := request(message.V2c, "wrong", message.PDU{Type: message.Get})
		for range 10 {
			assert.Nil(t, r.exchange(wrong))
		}
		assert.Equal(t, 1, failures())
		time.Sleep(time.Second)
		for range 10 {
			assert.Nil(t, r.exchange(wrong))
		}
		assert.Equal(t, 2, failures())

		time.Sleep(time.Second)
		m := manage(r)
		e := m.envelope("auth", usm.AuthNoPriv)
		s := write(&e, message.PDU{Type: message.Get})
		require.NotNil(t, m.exchange(s.Raw), "not signed: a REPORT")
		assert.Equal(t, 3, failures())
		assert.Equal(t, snmp.Integer(1), r.get(".1.3.6.1.2.1.11.30.0").binds[0].Value, "snmpEnableAuthenTraps")
	})
	inBubble(t, func(r *rig) { toTwo(r); r.config.Notifications.AuthenticationFailures = false }, func(r *rig) {
		assert.Nil(t, r.exchange(request(message.V2c, "wrong", message.PDU{Type: message.Get})))
		assert.Len(t, r.sender.Sent(), 2)
		assert.Equal(t, snmp.Integer(2), r.get(".1.3.6.1.2.1.11.30.0").binds[0].Value)
	})
}

// A destination that does not answer holds nobody up; its queue is bounded.
func TestSlowDestination(t *testing.T) {
	inBubble(t, func(r *rig) {
		toTwo(r)
		r.sender.Stall("inform", true)
	}, func(r *rig) {
		var full error
		for range 100 {
			if err := r.agent.Notify(ownTrap); err != nil {
				full = err
			}
			synctest.Wait()
		}
		require.EqualError(t, full, `snmp: notify: the queue of "inform" is full`)
		d := r.agent.Status().Destinations
		assert.EqualValues(t, 101, d[0].Sent)
		assert.Equal(t, 64, d[1].Waiting)
		assert.EqualValues(t, 36, d[1].Dropped)
		assert.NotNil(t, r.exchange(request(message.V2c, "reader", message.PDU{Type: message.Get})))

		time.Sleep(14 * time.Second) // 3 x 1 s and what a trap may take
		d = r.agent.Status().Destinations
		assert.EqualValues(t, 1, d[1].Failed)
		assert.Equal(t, "context deadline exceeded", d[1].LastError)
		r.sender.Stall("inform", false)
		time.Sleep(14 * time.Second)
		d = r.agent.Status().Destinations
		assert.EqualValues(t, 63, d[1].Sent)
		assert.Empty(t, d[1].LastError)
	})
}

func TestDestinationFails(t *testing.T) {
	inBubble(t, func(r *rig) {
		toTwo(r)
		r.sender.Fail("trap", errors.New("no route"))
	}, func(r *rig) {
		require.NoError(t, r.agent.Notify(ownTrap))
		synctest.Wait()
		assert.Equal(t, snmp.DestinationStatus{Name: "trap", Failed: 2, LastError: "no route"}, r.agent.Status().Destinations[0])
		r.sender.Fail("trap", nil)
		require.NoError(t, r.agent.Notify(ownTrap))
		synctest.Wait()
		assert.Equal(t, snmp.DestinationStatus{Name: "trap", Failed: 2, Sent: 1}, r.agent.Status().Destinations[0])
		assert.Regexp(t, "(?s)notifications fail.*notifications are sent again", r.log.String())
	})
}

// Without an engine nothing can be sent with SNMPv3, and it is said.
func TestNotificationsWithoutEngine(t *testing.T) {
	inBubble(t, func(r *rig) {
		toTwo(r)
		r.store.Fail(snmptest.OpSave, errors.New("read-only"))
	}, func(r *rig) {
		assert.Len(t, r.sender.Sent(), 1)
		assert.Contains(t, r.agent.Status().Destinations[1].LastError, "SNMPv3 is off")
	})
}

func TestWatcher(t *testing.T) {
	inBubble(t, toTwo, func(r *rig) {
		assert.Equal(t, 1, r.mib.Notify(ownTrap))
		synctest.Wait()
		assert.Len(t, r.sender.Sent(), 4)
		r.mib.Notify(snmp.Notification{})
		assert.EqualValues(t, 1, r.agent.Status().Counters.HandlerFaults)
	})
}

func TestNotifyRefuses(t *testing.T) {
	r := newRig(t)
	agent, err := snmp.New(r.config, r.options)
	require.NoError(t, err)
	require.EqualError(t, agent.Notify(ownTrap), "snmp: notify: the agent does not run")
	inBubble(t, toTwo, func(r *rig) {
		require.ErrorContains(t, r.agent.Notify(snmp.Notification{}), "no value of snmpTrapOID")
		require.ErrorContains(t, r.agent.Notify(snmp.Notification{Trap: ownTrap.Trap, Binds: nulls(sysName)}), "has no value")
	})
}
