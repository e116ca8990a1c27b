package suite

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
)

// limit is how long anything may take that ends by itself.
const limit = 20 * time.Second

// SenderRig is a Sender to test, and receivers to send to.
type SenderRig struct {
	Sender snmp.Sender
	// Receivers are messages without a notification, each for a receiver of
	// its own that takes it.
	Receivers []snmp.NotificationMessage
	// Silent is one for an inform that nobody acknowledges.
	Silent snmp.NotificationMessage
	// Count returns how many notifications with a trap came to a receiver.
	Count func(destination string, trap snmp.OID) int
}

// TestSender tests that what build returns is a Sender that an agent can use.
// build is called once for each case.
func TestSender(t *testing.T, build func(t *testing.T) SenderRig) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, r SenderRig)
	}{
		{"arrives", arrives},
		{"many_at_once", manyAtOnce},
		{"ended_context", endedContext},
		{"no_acknowledgement", noAcknowledgement},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, build(t)) })
	}
}

func notification(arc uint32) snmp.Notification {
	trap := snmp.OID{1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 0, arc}
	return snmp.Notification{Trap: trap, Binds: []snmp.VarBind{
		{OID: snmp.OID{1, 3, 6, 1, 2, 1, 2, 2, 1, 1, 3}, Value: snmp.Integer(3)},
		{OID: snmp.OID{1, 3, 6, 1, 2, 1, 2, 2, 1, 2, 3}, Value: snmp.OctetString("eth0")},
	}}
}

func (r SenderRig) arrived(t *testing.T, destination string, trap snmp.OID) {
	t.Helper()
	assert.Eventually(t, func() bool { return r.Count(destination, trap) == 1 }, limit, 5*time.Millisecond,
		"%s got %v %d times", destination, trap, r.Count(destination, trap))
}

func arrives(t *testing.T, r SenderRig) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	require.NotEmpty(t, r.Receivers)
	for _, m := range r.Receivers {
		for arc := range uint32(3) {
			m.Notification = notification(arc + 1)
			require.NoError(t, r.Sender.Send(ctx, m), "%s", m.To.Name)
			r.arrived(t, m.To.Name, m.Trap)
		}
	}
}

func manyAtOnce(t *testing.T, r SenderRig) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	const each = 5
	var users sync.WaitGroup
	for _, m := range r.Receivers {
		for arc := range uint32(each) {
			m := m
			m.Notification = notification(arc + 1)
			users.Go(func() { assert.NoError(t, r.Sender.Send(ctx, m), "%s", m.To.Name) })
		}
	}
	users.Wait()
	for _, m := range r.Receivers {
		for arc := range uint32(each) {
			r.arrived(t, m.To.Name, notification(arc+1).Trap)
		}
	}
}

func endedContext(t *testing.T, r SenderRig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, m := range r.Receivers {
		m.Notification = notification(1)
		require.ErrorIs(t, r.Sender.Send(ctx, m), context.Canceled, "%s", m.To.Name)
		assert.Zero(t, r.Count(m.To.Name, m.Trap))
	}
}

func noAcknowledgement(t *testing.T, r SenderRig) {
	if r.Silent.To.Name == "" {
		t.Skip("the rig has no silent receiver")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r.Silent.Notification = notification(1)
	sent := make(chan error, 1)
	go func() { sent <- r.Sender.Send(ctx, r.Silent) }()
	select {
	case err := <-sent:
		require.ErrorIs(t, err, context.DeadlineExceeded)
	case <-time.After(limit):
		require.Fail(t, "Send goes on after the end of its context")
	}
}
