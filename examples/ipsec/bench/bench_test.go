package main

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/internal/netns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		goal goal
		v    float64
		want string
	}{
		"none":           {goal{}, 12, ""},
		"on it":          {goal{limit: 12}, 12, "met"},
		"above":          {goal{limit: 12}, 12.01, "**MISSED**"},
		"wanted, missed": {goal{limit: 0.7, wanted: 0.5}, 0.6, "met, not the wanted"},
		"nothing":        {goal{limit: 1}, math.NaN(), "**MISSED**"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, c.goal.verdict(c.v)) })
	}
}

func TestTable(t *testing.T) {
	text := table([]*figure{
		{name: "a", unit: "ms", ours: []float64{1, 2, 3}, swanctl: []float64{4, 4, 4}, goal: goal{limit: 0.8, wanted: 0.5}},
		{name: "b", unit: "ms", ours: []float64{30}, goal: goal{limit: 20}},
	})
	assert.Equal(t, strings.TrimPrefix(`
| figure | ours  | swanctl | ours / swanctl      | goal                         |            |
| ------ | ----- | ------- | ------------------- | ---------------------------- | ---------- |
| a      | 2 ms  | 4 ms    | 0.50 (0.25 to 0.75) | <= 0.8 x swanctl, wanted 0.5 | met        |
| b      | 30 ms | -       |                     | <= 20 ms                     | **MISSED** |
`, "\n"), text)
}

// Both are given the same: our connections, as swanctl would have them.
func TestDefinitions(t *testing.T) {
	list, err := definitions(3)
	require.NoError(t, err)
	text := conf(3)
	for _, d := range list {
		assert.Contains(t, text, "remote_addrs = "+d.Gateway+"\n")
		assert.Contains(t, text, "remote_ts = "+d.RemoteSubnets[0]+"\n")
		assert.True(t, d.PreSharedKey.IsZero())
	}
	assert.NotContains(t, text, "%!")
	assert.NotContains(t, text, key)
}

func TestIntegrationMeasure(t *testing.T) {
	_, err := exec.LookPath("charon-systemd")
	if err == nil {
		var ns *netns.Namespace
		if ns, err = netns.New(); err == nil {
			require.NoError(t, ns.Close())
		}
	}
	if err != nil && (errors.Is(err, netns.ErrUnavailable) || errors.Is(err, exec.ErrNotFound)) && os.Getenv("CI") != "true" {
		t.Skip("skipped: ", err)
	}
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "bi")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	hosts, err := newHosts(t.Context(), dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, closeAll(hosts)) })
	var load, none, start, status, seen figure
	require.NoError(t, loading(t.Context(), hosts[0], 10, &load, &none))
	require.NoError(t, starting(t.Context(), hosts, &start))
	require.NoError(t, watching(t.Context(), dir+"/fake", &status, &seen))
	for _, f := range []*figure{&load, &start} {
		assert.Positive(t, f.ours[0])
		assert.Positive(t, f.swanctl[0])
	}
	assert.Positive(t, status.ours[0])
	assert.Positive(t, seen.ours[0])
	assert.Empty(t, none.ours)
}
