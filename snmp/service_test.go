package snmp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/snmp"
)

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		var network memnet.Network
		c := snmp.DefaultConfig()
		o := snmp.Options{ListenPacket: network.ListenPacket}
		disabled, err := snmp.New(c, o)
		require.NoError(t, err)
		c.Enabled = true
		c.Listen = []string{"192.0.2.1:161", "[2001:db8::1]:161"}
		service, err := snmp.New(c, o)
		require.NoError(t, err)
		return lifecycletest.Subject{
			Service: service, Disabled: disabled,
			Resources: network.Open, Refuse: network.Refuse, Hold: network.Hold,
		}
	})
}
