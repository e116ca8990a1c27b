package suite

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

func applyIdempotent(t *testing.T, r *rig) {
	s := r.connect(t)
	out := r.apply(t, s, r.Connections...)
	assert.Equal(t, r.names(), out.Added)
	assert.Empty(t, out.Changed)
	assert.Empty(t, out.Removed)
	assert.Empty(t, out.Unchanged)
	name := r.Connections[0].Name
	before := r.initiate(t, s, name)
	out = r.apply(t, s, r.Connections...)
	assert.Equal(t, r.names(), out.Unchanged)
	assert.Empty(t, out.Added)
	assert.Empty(t, out.Changed)
	assert.Empty(t, out.Removed)
	assert.Equal(t, before.ID, r.only(t, s, name).ID)
	r.apply(t, s)
}

func applyLeavesTheOthersUp(t *testing.T, r *rig) {
	s := r.begin(t)
	first, second := r.Connections[0], r.Connections[1]
	before := r.initiate(t, s, first.Name)
	second.DPDDelay += ipsec.Duration(time.Second)
	second.DPDAction = ipsec.DPDClear
	list := append([]ipsec.Definition{first, second}, r.Connections[2:]...)
	out := r.apply(t, s, list...)
	assert.Equal(t, []string{second.Name}, out.Changed)
	after := r.only(t, s, first.Name)
	assert.Equal(t, before.ID, after.ID)
	assert.Equal(t, before.Children[0].SPIIn, after.Children[0].SPIIn)
}

func applyEndsWhatChanged(t *testing.T, r *rig) {
	s := r.begin(t)
	first := r.Connections[0]
	before := r.initiate(t, s, first.Name)
	first.KeyLifetime = ipsec.Duration(2 * time.Hour)
	out := r.apply(t, s, append([]ipsec.Definition{first}, r.Connections[1:]...)...)
	assert.Equal(t, []string{first.Name}, out.Changed)
	assert.Len(t, out.Unchanged, len(r.Connections)-1)
	r.none(t, s, first.Name)
	assert.NotEqual(t, before.ID, r.initiate(t, s, first.Name).ID)
}

func applyRemoves(t *testing.T, r *rig) {
	s := r.begin(t)
	first := r.Connections[0]
	r.initiate(t, s, first.Name)
	out := r.apply(t, s, r.Connections[1:]...)
	assert.Equal(t, []string{first.Name}, out.Removed)
	r.none(t, s, first.Name)
	require.ErrorIs(t, s.Initiate(r.context(t), first.Name), ipsec.ErrUnknownConnection)
	out = r.apply(t, s, r.Connections...)
	assert.Equal(t, []string{first.Name}, out.Added)
	r.initiate(t, s, first.Name)
}

func applyNothing(t *testing.T, r *rig) {
	s := r.begin(t)
	r.initiate(t, s, r.Connections[0].Name)
	out := r.apply(t, s)
	assert.Equal(t, r.names(), out.Removed)
	r.none(t, s, r.Connections[0].Name)
	out = r.apply(t, s)
	assert.Empty(t, out.Removed)
}

func applyRefused(t *testing.T, r *rig) {
	s := r.begin(t)
	before := r.initiate(t, s, r.Connections[0].Name)
	bad := r.Connections[1]
	bad.Phase1 = []ipsec.Phase1Proposal{{Name: "bad", Encryption: "rot13", Hash: ipsec.HashSHA256, DH: ipsec.Group14}}
	list := append([]ipsec.Definition{r.Connections[0], bad}, r.Connections[2:]...)
	out, err := s.Apply(r.context(t), list)
	require.NoError(t, err)
	require.Len(t, out.Refused, 1)
	require.Error(t, out.Refused[bad.Name])
	assert.NotContains(t, fmt.Sprint(out), bad.PreSharedKey.Reveal())
	assert.Equal(t, before.ID, r.only(t, s, r.Connections[0].Name).ID)
	require.ErrorIs(t, s.Initiate(r.context(t), bad.Name), ipsec.ErrUnknownConnection)

	out, err = s.Apply(r.context(t), list)
	require.NoError(t, err)
	assert.Len(t, out.Refused, 1, "it is tried again, and refused again")
	out = r.apply(t, s, r.Connections...)
	assert.Equal(t, []string{bad.Name}, out.Added)
	r.initiate(t, s, bad.Name)
}

func applySparesForeign(t *testing.T, r *rig) {
	if r.Foreign == nil {
		t.Skip("the rig loads no connection of somebody else")
	}
	present := r.Foreign()
	s := r.begin(t)
	out := r.apply(t, s)
	assert.Equal(t, r.names(), out.Removed)
	assert.True(t, present(), "the connection of somebody else is gone")
}

func applyAnewKeepsWhatIsUp(t *testing.T, r *rig) {
	s := r.begin(t)
	name := r.Connections[0].Name
	before := r.initiate(t, s, name)
	require.NoError(t, s.Close())
	s = r.connect(t)
	assert.Equal(t, before.ID, r.only(t, s, name).ID, "Close has ended an SA")
	out := r.apply(t, s, r.Connections...)
	assert.Equal(t, r.names(), out.Added)
	assert.Equal(t, before.ID, r.only(t, s, name).ID, "the first Apply has ended an SA")
	require.NoError(t, s.Terminate(r.context(t), name))
	r.none(t, s, name)
	r.initiate(t, s, name)
	r.apply(t, s)
}

func applyAnewRemoves(t *testing.T, r *rig) {
	s := r.begin(t)
	name := r.Connections[0].Name
	r.initiate(t, s, name)
	require.NoError(t, s.Close())
	s = r.connect(t)
	out := r.apply(t, s, r.Connections[1:]...)
	assert.Equal(t, []string{name}, out.Removed)
	r.none(t, s, name)
	r.apply(t, s)
}
