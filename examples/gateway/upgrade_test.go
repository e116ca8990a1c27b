package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
)

// The page of the firmware offers no upload where nothing takes one, and asks
// the taker itself how far it has come.
func TestLiveUpgrade(t *testing.T) {
	g := new(gateway)
	l := live{g, nil}
	assert.True(t, l.Upgrade() == nil, "nothing takes firmware, and no interface around nothing says otherwise")
	taker := new(apitest.Upgrade)
	s := g.upgrades.serviceOf(func() (api.Upgrade, error) { return taker, nil })
	require.NoError(t, s.Start(t.Context()))
	assert.Same(t, taker, l.Upgrade())
	require.NoError(t, s.Stop(t.Context()))
	assert.True(t, l.Upgrade() == nil)
}
