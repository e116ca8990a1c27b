//go:build !no_openvpn

package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

// An instance that cannot be made ready costs itself only: the others take
// their new configuration, and what is wrong is told.
func TestReconfigureInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files, runner := openvpntest.NewStore(), openvpntest.NewRunner()
		client := func(name, host string) openvpn.Instance {
			return openvpn.Instance{
				Name: name, Enabled: true, Role: openvpn.RoleClient, Remotes: []openvpn.Remote{{Host: host}},
				Files: map[openvpn.FileKind]string{openvpn.FileCA: "ca.crt", openvpn.FileCert: "client.crt", openvpn.FileKey: "client.key"},
			}
		}
		for _, name := range []string{"ca.crt", "client.crt", "client.key"} {
			require.NoError(t, files.Put("good", name, []byte(name)))
		}
		config := func(instances ...openvpn.Instance) openvpn.Config {
			return openvpn.Config{Enabled: true, Instances: instances}
		}
		s, err := openvpn.New(config(client("good", "a.example")), openvpn.Options{Runner: runner, Store: files})
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		synctest.Wait()

		err = reconfigureInstances(t.Context(), s, config(client("good", "b.example"), client("bad", "c.example")))
		_, is := errors.AsType[partly](err)
		require.True(t, is, "%v", err)
		assert.ErrorContains(t, err, `instance "bad"`)
		assert.NotContains(t, err.Error(), `"good"`)
		time.Sleep(time.Minute)
		last := runner.Launches()[len(runner.Launches())-1]
		assert.Contains(t, string(last.Config), "b.example", "the other has its new configuration")

		err = reconfigureInstances(t.Context(), s, config(client("good", "b.example"), client("good", "d.example")))
		_, is = errors.AsType[partly](err)
		require.Error(t, err)
		assert.False(t, is, "what is wrong as a whole changes nothing: %v", err)
		require.NoError(t, s.Stop(t.Context()))
	})
}
