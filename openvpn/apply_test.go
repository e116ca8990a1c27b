package openvpn_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

func TestApplyTouchesOnlyWhatChanged(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("a"), clientInstance("b"), clientInstance("c"))
		a, b := r.status(t, "a").PID, r.status(t, "b").PID
		changed := clientInstance("b")
		changed.Remotes[0].Port = 4000
		r.fill(t, clientInstance("d"))
		r.apply(t, clientInstance("d"), clientInstance("a"), changed)
		assert.Equal(t, a, r.status(t, "a").PID)
		assert.NotEqual(t, b, r.status(t, "b").PID)
		assert.Equal(t, openvpn.StateConnected, r.status(t, "d").State)
		assert.Nil(t, r.runner.Process("c"))
		var names []string
		for _, st := range r.Status().Instances {
			names = append(names, st.Name)
		}
		assert.Equal(t, []string{"d", "a", "b"}, names, "in the order of the Config")

		off := r.config
		off.Enabled = false
		require.NoError(t, r.Apply(t.Context(), off))
		assert.Zero(t, r.runner.Running())
	})
}

func TestApplyBadConfigChangesNothing(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("a"))
		pid := r.status(t, "a").PID
		var faults openvpn.ConfigError
		require.ErrorAs(t, r.Apply(t.Context(), openvpn.Config{Enabled: true, Instances: []openvpn.Instance{{Name: "a"}}}), &faults)
		assert.Equal(t, pid, r.status(t, "a").PID)
		require.NoError(t, r.Stop(t.Context()))
		assert.ErrorIs(t, r.Apply(t.Context(), r.config), openvpn.ErrStopped)
	})
}

// An instance that cannot be made ready goes on as it was.
func TestApplyKeepsWhatRuns(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("a"))
		pid := r.status(t, "a").PID
		next := clientInstance("a")
		next.Files["ca"] = "other.crt"
		r.config.Instances = []openvpn.Instance{next}
		require.ErrorContains(t, r.Apply(t.Context(), r.config), "other.crt")
		st := r.status(t, "a")
		assert.Equal(t, pid, st.PID)
		assert.Equal(t, openvpn.StateConnected, st.State)
		assert.Contains(t, st.Pending, "other.crt")
		r.fill(t, next)
		r.apply(t, next)
		st = r.status(t, "a")
		assert.NotEqual(t, pid, st.PID)
		assert.Empty(t, st.Pending)
	})
}

// A new revocation list reaches the process without cutting anybody off.
func TestRevocationListIsHandedOver(t *testing.T) {
	in(t, func(t *testing.T) {
		hub := serverInstance("hub")
		r := started(t, hub)
		p := r.runner.Process("hub")
		require.NoError(t, r.store.Put("hub", "crl.pem", []byte("second")))
		r.apply(t, hub)
		assert.Equal(t, "second", string(p.File("crl.pem")))
		require.NoError(t, r.store.Put("hub", "crl.pem", []byte("third")))
		time.Sleep(2 * time.Hour) // nobody applies
		assert.Equal(t, "third", string(p.File("crl.pem")))
		assert.Equal(t, p.PID(), r.status(t, "hub").PID)

		require.NoError(t, r.store.Put("hub", "server.key", []byte("new key")))
		r.apply(t, hub)
		assert.NotEqual(t, p.PID(), r.status(t, "hub").PID, "what openvpn does not read again needs a restart")
	})
}

// After kill -9 of the program its next life takes over what is unchanged and
// ends the rest.
func TestAdopt(t *testing.T) {
	in(t, func(t *testing.T) {
		hand := clientInstance("hand")
		hand.Enabled = false
		r := started(t, clientInstance("same"), clientInstance("changed"), clientInstance("gone"), hand)
		require.NoError(t, r.StartInstance("hand"))
		settle()
		pids := map[string]int{}
		for _, name := range []string{"same", "changed", "gone", "hand"} {
			pids[name] = r.status(t, name).PID
		}
		next := r.runner.Successor()
		go func() { _ = r.Stop(t.Context()) }() // the old life hears nothing any more
		changed := clientInstance("changed")
		changed.Port = 5000
		r.config.Instances = []openvpn.Instance{clientInstance("same"), changed, hand}
		s := r.service(t, next)
		require.NoError(t, s.Start(t.Context()))
		time.Sleep(time.Minute)
		same, other, byHand := find(t, s, "same"), find(t, s, "changed"), find(t, s, "hand")
		assert.Equal(t, pids["same"], same.PID)
		assert.Equal(t, openvpn.StateConnected, same.State)
		assert.Equal(t, openvpn.StateConnected, other.State)
		assert.NotEqual(t, pids["changed"], other.PID)
		assert.Equal(t, pids["hand"], byHand.PID, "somebody had started it")
		assert.Nil(t, next.Process("gone"))
	})
}

func TestRelease(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("a"), serverInstance("b"))
		pid := r.status(t, "a").PID
		require.NoError(t, r.Release(t.Context()))
		assert.Equal(t, 2, r.runner.Running())
		s := r.service(t, r.runner.Successor())
		require.NoError(t, s.Start(t.Context()))
		settle()
		assert.Equal(t, pid, find(t, s, "a").PID)
		require.NoError(t, s.Stop(t.Context()))
		assert.Zero(t, r.runner.Running())
	})
}

func TestSecretsOfCredentials(t *testing.T) {
	in(t, func(t *testing.T) {
		i := clientInstance("office")
		i.Login = true
		r := newRig(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{i}})
		right := openvpn.NewSecret("right")
		r.runner.Script("office", scriptAsking(right))
		require.NoError(t, r.Start(t.Context()))
		settle()
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateFailed, st.State)
		assert.Equal(t, openvpn.CauseAuth, st.Cause)
		assert.Contains(t, st.Detail, "set username and password")
		assert.True(t, st.Started, "the process waits")

		i.Username, i.Password = "joe", openvpn.NewSecret("wrong")
		r.apply(t, i)
		st = r.status(t, "office")
		assert.Equal(t, openvpn.StateFailed, st.State)
		assert.Equal(t, openvpn.CauseAuth, st.Cause)
		assert.Contains(t, st.Detail, "refused")
		assert.Greater(t, time.Until(st.RetryAt), 5*time.Second, "accounts are locked by those who try often")

		i.Password = right
		r.apply(t, i)
		assert.Equal(t, openvpn.StateConnected, r.status(t, "office").State, "a new password is tried at once")
		for _, l := range r.runner.Launches() {
			assert.NotContains(t, string(l.Config), "right")
			assert.NotContains(t, string(l.Config), "joe")
		}
		assert.NotContains(t, r.log.String(), "right")
	})
}

func TestAdoptFails(t *testing.T) {
	in(t, func(t *testing.T) {
		r := newRig(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{clientInstance("a")}})
		broken := errors.New("the folder is held by another program")
		r.runner.FailNext("adopt", broken)
		require.ErrorIs(t, r.Start(t.Context()), broken)
		require.NoError(t, r.Start(t.Context()), "another try is allowed")
		synctest.Wait()
	})
}
