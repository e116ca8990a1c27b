package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

func TestLine(t *testing.T) {
	assert.Equal(t, []string{"x", "ms", "5", "7", "<= 5", "yes"}, line("x", "ms", 5, 7, 5))
	assert.Equal(t, []string{"x", "ms", "5.1", "", "<= 5", "no"}, line("x", "ms", 5.1, 0, 5))
}

// Both ways run the same configuration, which the service accepts.
func TestInstance(t *testing.T) {
	_, err := openvpn.Render(instance(single))
	require.NoError(t, err)
	assert.NoError(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{instance(single)}}.Validate())
}
