package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

func initiate(t *testing.T, r *rig) {
	s := r.begin(t)
	def := r.Connections[0]
	sa := r.initiate(t, s, def.Name)
	assert.Equal(t, ipsec.IKEv2, sa.Version)
	assert.Equal(t, "ESTABLISHED", sa.State)
	assert.True(t, sa.Initiator)
	assert.NotZero(t, sa.ID)
	assert.NotEmpty(t, sa.InitiatorSPI)
	assert.NotEmpty(t, sa.ResponderSPI)
	assert.True(t, sa.LocalHost.Addr().IsValid())
	assert.True(t, sa.RemoteHost.Addr().IsValid())
	assert.NotEmpty(t, sa.LocalID)
	assert.NotEmpty(t, sa.RemoteID)
	assert.Equal(t, def.Phase1[0].String(), sa.Algorithms)
	assert.WithinDuration(t, time.Now(), sa.Established, time.Minute)
	assert.True(t, sa.RekeyAt.After(time.Now()), "the keying channel is renewed at %v", sa.RekeyAt)

	child := sa.Children[0]
	assert.Equal(t, def.Name, child.Name)
	assert.NotEmpty(t, child.SPIIn)
	assert.NotEmpty(t, child.SPIOut)
	// IKEv2 uses the DH group of phase 2 only when keys are renewed.
	first := def.Phase2[0]
	first.DH = ipsec.GroupNone
	assert.Contains(t, []string{first.String(), def.Phase2[0].String()}, child.Algorithms)
	assert.WithinDuration(t, time.Now(), child.Installed, time.Minute)
	assert.True(t, child.RekeyAt.After(time.Now()), "the data channel is renewed at %v", child.RekeyAt)
	assert.True(t, child.ExpiresAt.After(child.RekeyAt), "the data channel ends at %v", child.ExpiresAt)
	for _, subnet := range def.RemoteSubnets {
		assert.Contains(t, child.RemoteSubnets, subnet)
	}
}

func initiateAgain(t *testing.T, r *rig) {
	s := r.begin(t)
	name := r.Connections[0].Name
	before := r.initiate(t, s, name)
	after := r.initiate(t, s, name)
	assert.Equal(t, before.ID, after.ID)
	assert.Equal(t, before.Children[0].SPIIn, after.Children[0].SPIIn)
}

func initiateAtOnceByMany(t *testing.T, r *rig) {
	s := r.begin(t)
	var wg sync.WaitGroup
	for _, c := range r.Connections {
		wg.Go(func() { assert.NoError(t, s.Initiate(r.context(t), c.Name)) })
		wg.Go(func() {
			_, err := s.SAs(r.context(t))
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	for _, c := range r.Connections {
		r.only(t, s, c.Name)
	}
}

func terminate(t *testing.T, r *rig) {
	s := r.begin(t)
	first, second := r.Connections[0].Name, r.Connections[1].Name
	r.initiate(t, s, first)
	other := r.initiate(t, s, second)
	require.NoError(t, s.Terminate(r.context(t), first))
	r.none(t, s, first)
	assert.Equal(t, other.ID, r.only(t, s, second).ID)
}

func terminateTwice(t *testing.T, r *rig) {
	s := r.begin(t)
	name := r.Connections[0].Name
	require.NoError(t, s.Terminate(r.context(t), name), "what is not up")
	r.initiate(t, s, name)
	require.NoError(t, s.Terminate(r.context(t), name))
	require.NoError(t, s.Terminate(r.context(t), name))
	r.none(t, s, name)
}

func restart(t *testing.T, r *rig) {
	s := r.begin(t)
	name := r.Connections[0].Name
	before := r.initiate(t, s, name)
	require.NoError(t, s.Terminate(r.context(t), name))
	after := r.initiate(t, s, name)
	assert.NotEqual(t, before.ID, after.ID)
}

func rekey(t *testing.T, r *rig) {
	if !r.Rekeys {
		t.Skip("the daemon of the rig renews no keys on demand")
	}
	s := r.begin(t)
	name := r.Connections[0].Name
	before := r.initiate(t, s, name)
	require.NoError(t, s.Rekey(r.context(t), name))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		all, err := s.SAs(r.context(t))
		assert.NoError(c, err)
		up := installed(all)
		if assert.Len(c, up, 1) {
			assert.NotEqual(c, before.Children[0].SPIIn, up[0].SPIIn)
			assert.NotEqual(c, before.Children[0].ID, up[0].ID)
		}
	}, limit, 50*time.Millisecond)
}

func peerCloses(t *testing.T, r *rig) {
	if r.Close == nil {
		t.Skip("the peers of the rig never close")
	}
	s := r.begin(t)
	name := r.Connections[0].Name
	r.initiate(t, s, name)
	r.drain(s)
	r.Close(name)
	r.event(t, s, name)
	r.none(t, s, name)
	r.initiate(t, s, name)
}

func peerDies(t *testing.T, r *rig) {
	if r.Die == nil {
		t.Skip("the peers of the rig never die")
	}
	s := r.connect(t)
	first := r.Connections[0]
	first.DPDAction, first.DPDDelay = ipsec.DPDClear, ipsec.Duration(time.Second)
	r.apply(t, s, append([]ipsec.Definition{first}, r.Connections[1:]...)...)
	for _, c := range r.Connections[:2] {
		r.initiate(t, s, c.Name)
	}
	r.drain(s)
	r.Die(first.Name)
	e := r.awaited(t, s, func(e ipsec.Event) bool { return e.Dead })
	assert.Equal(t, first.Name, e.Connection)
	r.none(t, s, first.Name)
	r.apply(t, s)
}

func unloadedByOthers(t *testing.T, r *rig) {
	if r.Unload == nil {
		t.Skip("nobody else uses the daemon of the rig")
	}
	s := r.begin(t)
	name := r.Connections[0].Name
	before := r.initiate(t, s, name)
	r.drain(s)
	r.Unload(name)
	e := r.awaited(t, s, func(e ipsec.Event) bool { return e.Lost && e.Connection == name })
	assert.False(t, e.Dead)
	out := r.apply(t, s, r.Connections...)
	assert.Contains(t, out.Added, name)
	assert.Equal(t, before.ID, r.only(t, s, name).ID, "what is up stays up")
	require.NoError(t, s.Terminate(r.context(t), name))
	r.none(t, s, name)
	r.initiate(t, s, name) // with its key
}

// silence cuts the peers off for the rest of the case.
func (r *rig) silence(t *testing.T) {
	t.Helper()
	if r.Silence == nil {
		t.Skip("the peers of the rig cannot be cut off")
	}
	r.Silence()
	t.Cleanup(r.Answer)
}

func peerSilent(t *testing.T, r *rig) {
	s := r.begin(t)
	r.silence(t)
	r.fails(t, s, r.Connections[0], ipsec.CauseNoResponse)
}

func initiateCancelled(t *testing.T, r *rig) {
	s := r.begin(t)
	r.silence(t)
	name := r.Connections[0].Name
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- s.Initiate(ctx, name) }()
	r.connecting(t, s, name)
	cancel()
	select {
	case err := <-result:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(limit):
		require.Fail(t, "Initiate does not obey its context")
	}
	r.none(t, s, name)
}

func longInitiateHoldsUpNothing(t *testing.T, r *rig) {
	s := r.begin(t)
	r.silence(t)
	first, second := r.Connections[0].Name, r.Connections[1]
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- s.Initiate(ctx, first) }()
	r.connecting(t, s, first)

	_, err := s.SAs(r.context(t))
	require.NoError(t, err)
	require.NoError(t, s.Terminate(r.context(t), second.Name))
	second.KeyLifetime = ipsec.Duration(2 * time.Hour)
	out := r.apply(t, s, append([]ipsec.Definition{r.Connections[0], second}, r.Connections[2:]...)...)
	assert.Equal(t, []string{second.Name}, out.Changed)
	assert.Empty(t, result, "the other calls waited for the end of Initiate")
	cancel()
	require.Error(t, <-result)
}

// fails initiates what must fail with a cause and leave nothing.
func (r *rig) fails(t *testing.T, s ipsec.Session, def ipsec.Definition, cause ipsec.Cause) {
	t.Helper()
	err := s.Initiate(r.context(t), def.Name)
	require.Error(t, err)
	var f *ipsec.Failure
	require.True(t, errors.As(err, &f), "%T is no *ipsec.Failure: %v", err, err)
	assert.Equal(t, def.Name, f.Connection)
	assert.Equal(t, cause, f.Cause, "%v\n%v", err, f.Log)
	assert.NotEmpty(t, f.Detail)
	assert.NotContains(t, fmt.Sprint(err, f.Detail, f.Log), def.PreSharedKey.Reveal())
	r.none(t, s, def.Name)
}

// wrong applies the first connection with a setting that the peer does not
// agree with.
func (r *rig) wrong(t *testing.T, cause ipsec.Cause, spoil func(*ipsec.Definition)) {
	t.Helper()
	if !r.Judges {
		t.Skip("the peers of the rig take everything")
	}
	s := r.begin(t)
	def := r.Connections[0]
	spoil(&def)
	r.apply(t, s, append([]ipsec.Definition{def}, r.Connections[1:]...)...)
	r.fails(t, s, def, cause)
}

func wrongKey(t *testing.T, r *rig) {
	r.wrong(t, ipsec.CauseAuthentication, func(def *ipsec.Definition) {
		def.PreSharedKey = ipsec.NewSecret("not the key of the peer")
	})
}

func wrongPhase1(t *testing.T, r *rig) {
	r.wrong(t, ipsec.CausePhase1, func(def *ipsec.Definition) {
		def.Phase1 = []ipsec.Phase1Proposal{{Name: "other", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashMD5, DH: ipsec.Group14}}
	})
}

func wrongPhase2(t *testing.T, r *rig) {
	r.wrong(t, ipsec.CausePhase2, func(def *ipsec.Definition) {
		def.Phase2 = []ipsec.Phase2Proposal{{Name: "other", Encryption: ipsec.Encryption3DES, Hash: ipsec.HashMD5}}
	})
}

func wrongSubnets(t *testing.T, r *rig) {
	r.wrong(t, ipsec.CauseSelectors, func(def *ipsec.Definition) {
		def.RemoteSubnets = ipsec.Subnets{"198.51.100.0/24"}
	})
}

func failureThenRight(t *testing.T, r *rig) {
	if !r.Judges {
		t.Skip("the peers of the rig take everything")
	}
	s := r.begin(t)
	def := r.Connections[0]
	def.PreSharedKey = ipsec.NewSecret("not the key of the peer")
	list := slices.Clone(r.Connections)
	list[0] = def
	r.apply(t, s, list...)
	r.fails(t, s, def, ipsec.CauseAuthentication)
	out := r.apply(t, s, r.Connections...)
	assert.Equal(t, []string{def.Name}, out.Changed)
	r.initiate(t, s, def.Name)
}
