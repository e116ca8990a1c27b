package openvpn_test

import (
	"context"
	"io/fs"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

// Stop does not wait for an Apply that waits, nor do the others for the slow
// one.
func TestStopDuringApply(t *testing.T) {
	in(t, func(t *testing.T) {
		r := newRig(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{clientInstance("deaf"), clientInstance("a")}})
		r.runner.Script("deaf", openvpntest.Script{Deaf: true})
		require.NoError(t, r.Start(t.Context()))
		settle()
		applied := make(chan error, 1)
		next := r.config
		next.Instances = []openvpn.Instance{clientInstance("a"), clientInstance("b")}
		r.fill(t, clientInstance("b"))
		go func() { applied <- r.Apply(context.Background(), next) }()
		settle()
		go func() { _ = r.Stop(context.Background()) }()
		settle()
		assert.ErrorIs(t, <-applied, openvpn.ErrStopped)
		assert.Nil(t, r.runner.Process("a"), "it need not wait for the deaf one")
		assert.Nil(t, r.runner.Process("b"))
		require.NoError(t, r.Stop(t.Context()))
		assert.Zero(t, r.runner.Running())
	})
}

// Not enabled any more is not running any more: also of an instance that was
// started by hand before, and of one whose files are gone.
func TestDisabledByApply(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("pressed"), clientInstance("bare"))
		require.NoError(t, r.StartInstance("pressed"), "which changes nothing")
		require.NoError(t, r.store.Delete("bare"))
		var off []openvpn.Instance
		for _, name := range []string{"pressed", "bare"} {
			i := clientInstance(name)
			i.Enabled = false
			off = append(off, i)
		}
		r.apply(t, off...)
		for _, name := range []string{"pressed", "bare"} {
			st := r.status(t, name)
			assert.Equal(t, openvpn.StateStopped, st.State, name)
			assert.False(t, st.Started, name)
			assert.Empty(t, st.Pending, name)
		}
		assert.Zero(t, r.runner.Running())
	})
}

// Whoever stops an instance finds nothing running afterwards, however often
// somebody had started it.
func TestStopRightAfterStart(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("a"))
		for n := range 300 {
			require.NoError(t, r.StartInstance("a"))
			time.Sleep(time.Duration(n%4) * time.Millisecond)
			require.NoError(t, r.StopInstance(t.Context(), "a"))
			require.Zero(t, r.runner.Running(), "round %d", n)
		}
	})
}

// Changes from all sides while processes die: the end is what was last wanted,
// and nothing is left.
func TestApplyStorm(t *testing.T) {
	in(t, func(t *testing.T) {
		names := []string{"a", "b", "c", "d", "e"}
		var all []openvpn.Instance
		for _, name := range names {
			all = append(all, clientInstance(name))
		}
		r := started(t, all...)
		for round := range 100 {
			for n, name := range names {
				if p := r.runner.Process(name); p != nil && (round+n)%3 == 0 {
					p.Exit("signal: killed")
				}
				switch (round + n) % 4 {
				case 0:
					go func() { _ = r.RestartInstance(name) }()
				case 1:
					go func() { _ = r.StopInstance(context.Background(), name) }()
				case 2:
					go func() { _ = r.StartInstance(name) }()
				}
			}
			next := append([]openvpn.Instance(nil), all[round%3:]...)
			for n := range next {
				next[n].Port = uint16(4000 + round%7) //nolint:gosec // small
			}
			c := r.config
			c.Instances = next
			go func() { _ = r.Apply(context.Background(), c) }()
			time.Sleep(time.Duration(round%5) * 10 * time.Millisecond)
		}
		settle()
		r.apply(t, all...)
		for _, name := range names {
			require.NoError(t, r.StartInstance(name))
		}
		time.Sleep(10 * time.Minute)
		for _, name := range names {
			assert.Equal(t, openvpn.StateConnected, r.status(t, name).State, name)
		}
		assert.Equal(t, len(names), r.runner.Running())
	})
}

func TestBanIsForServers(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("office"))
		assert.ErrorContains(t, r.Ban(t.Context(), "office", "joe", 0), "only a server has clients")
	})
}

// After a restart of the program on a machine whose clock went back, the
// files of the folder are from the future: their tunnels go on.
func TestFolderFromTheFuture(t *testing.T) {
	in(t, func(t *testing.T) {
		r := filled(t, "office.conf")
		require.NoError(t, r.Start(t.Context()))
		settle()
		pid := r.status(t, "office").PID
		require.NoError(t, r.Release(t.Context()))
		r.folder.write("office.conf", confText, time.Now().Add(24*time.Hour))
		s := r.service(t, r.runner.Successor())
		require.NoError(t, s.Start(t.Context()))
		settle()
		assert.Equal(t, pid, find(t, s, "office").PID)
	})
}

// slowFolder is on a disk that does not answer.
type slowFolder struct{ answer chan struct{} }

func (f slowFolder) Open(string) (fs.File, error) {
	<-f.answer
	return nil, fs.ErrNotExist
}

func TestStatusDoesNotWaitForTheFolder(t *testing.T) {
	in(t, func(t *testing.T) {
		slow := slowFolder{make(chan struct{})}
		s, err := openvpn.New(openvpn.Config{Enabled: true, Folder: openvpn.Folder{Enabled: true}}, openvpn.Options{
			Runner: openvpntest.NewRunner(), Store: openvpntest.NewStore(),
			OpenFolder: func(string) fs.FS { return slow },
		})
		require.NoError(t, err)
		begun := make(chan error, 1)
		go func() { begun <- s.Start(context.Background()) }()
		synctest.Wait()
		assert.Empty(t, s.Status().Instances) // hangs when it waits
		close(slow.answer)
		require.NoError(t, <-begun)
		require.NoError(t, s.Stop(t.Context()))
	})
}

// A wrong password of the key ends openvpn; the right one is tried at once.
func TestWrongKeyPassword(t *testing.T) {
	for _, c := range []struct {
		name, option string
		stays        bool
	}{{"openvpn ends", "", false}, {"openvpn asks again", "auth-retry", true}} {
		t.Run(c.name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				i := clientInstance("office")
				i.KeyPassword = openvpn.NewSecret("wrong")
				if c.option != "" {
					i.Options = append(i.Options, openvpn.Option{Name: c.option, Args: []string{"interact"}})
				}
				right := openvpn.NewSecret("right")
				var tries atomic.Int32
				r := newRig(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{i}})
				r.runner.Script("office", openvpntest.Script{
					Ask:    []openvpn.NeedCredentials{{What: "Private Key"}},
					Accept: func(c openvpn.Credentials) bool { tries.Add(1); return c.Password == right },
				})
				require.NoError(t, r.Start(t.Context()))
				time.Sleep(8 * time.Second)
				st := r.status(t, "office")
				assert.Equal(t, openvpn.StateFailed, st.State)
				assert.Equal(t, openvpn.CauseKeyPassword, st.Cause)
				assert.Contains(t, st.Detail, "correct key_password")
				assert.Equal(t, c.stays, st.Started)
				assert.Greater(t, time.Until(st.RetryAt), time.Second)
				assert.EqualValues(t, 1, tries.Load())
				time.Sleep(time.Hour)
				assert.Greater(t, int(tries.Load()), 5, "it is not given up")
				assert.Less(t, int(tries.Load()), 30, "nor tried like mad")
				i.KeyPassword = right
				r.apply(t, i)
				time.Sleep(2 * time.Second)
				st = r.status(t, "office")
				assert.Equal(t, openvpn.StateConnected, st.State)
				assert.True(t, st.RetryAt.IsZero())
			})
		})
	}
}
