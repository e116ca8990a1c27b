package main

import (
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/internal/benchkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTable(t *testing.T) {
	assert.Equal(t, strings.TrimPrefix(`
| figure | ours | bare | goal          | reached              |            |
| ------ | ---- | ---- | ------------- | -------------------- | ---------- |
| slow   | 4 us | 2 us | <= 1.5 x bare | 2.000 (1.00 to 2.00) | **MISSED** |
| quick  | 2 us | 2 us | <= 1.5 x bare | 1.000 (0.50 to 2.00) | met        |
| memory | 9 MB | -    | <= 8          |                      | **MISSED** |
| served | 64   | -    | = 64          |                      | met        |
| more   | 1 s  | -    |               |                      |            |
`, "\n"), table([]figure{
		against("slow", "us", []float64{4, 4, 1}, []float64{2, 2, 1}, 1.5),
		against("quick", "us", []float64{4, 1, 2}, []float64{2, 2, 2}, 1.5),
		plain("memory", 9, "MB").atMost(8),
		plain("served", 64, "").exactly(64),
		plain("more", 1, "s"),
	}))
}

// What could not be measured reaches no goal.
func TestNothingReachesNoGoal(t *testing.T) {
	assert.False(t, plain("", math.NaN(), "").atMost(1).met)
	assert.False(t, against("", "", nil, nil, 1.5).met)
}

func TestSpread(t *testing.T) {
	second := func(s float64) time.Time { return time.Unix(0, int64(s*1e9)) }
	var rounds [devices][]round
	for i := range rounds {
		rounds[i] = []round{{second(1), second(1.01)}, {second(2), second(2.01)}, {second(3.2), second(3.25)}}
	}
	rounds[7][1] = round{second(2.1), second(2.3)}
	longest, gap, err := spread(rounds, 3)
	require.NoError(t, err)
	assert.InDelta(t, 0.3, longest.Seconds(), 1e-6, "from 2 to 2.3")
	assert.InDelta(t, 1.29, gap.Seconds(), 1e-6, "from 1.01 to 2.3")
	rounds[8] = rounds[8][:1]
	_, _, err = spread(rounds, 3)
	assert.ErrorContains(t, err, "device 9 was asked 1 times in 3 s")
}

func TestPlantConfiguration(t *testing.T) {
	p, err := newPlant()
	require.NoError(t, err)
	defer p.close()
	c, report, err := hubconfig.Import([]byte(p.configuration(devices)))
	require.NoError(t, err, report.String())
	assert.Len(t, c.Signals, tags)
}

// The document that make bench-api writes to has its marks.
func TestDocsHaveMarks(t *testing.T) {
	text, err := os.ReadFile("../../../docs/benchmarks.md")
	require.NoError(t, err)
	_, err = benchkit.Replace(string(text), target("api"), "")
	assert.NoError(t, err)
}

// A gateway with the plant answers, and its tags count.
func TestIntegrationGateway(t *testing.T) {
	t.Chdir("../../..")
	dir := t.TempDir()
	program := filepath.Join(dir, "gateway")
	require.NoError(t, build(t.Context(), program))
	p, err := newPlant()
	require.NoError(t, err)
	defer p.close()
	b := &bench{program: program, dir: dir, plant: p}
	for _, s := range []setting{{}, {mounted: true}} {
		g, err := b.start(t.Context(), s)
		require.NoError(t, err)
		defer g.Stop()
		clients, err := connect(g.address, 3)
		require.NoError(t, err)
		defer disconnect(clients)
		_, err = load(clients, g.requests(), 300)
		require.NoError(t, err)
		status, body, err := clients[0].ask(tagRequest(g.address, "wrong", deviceAlias(0), signalAlias(0)))
		require.NoError(t, err)
		assert.Equal(t, http.StatusUnauthorized, status, "%s", body)
		_, err = load(clients[:1], [][]byte{tagRequest(g.address, g.key, "none", "none")}, 1)
		assert.ErrorContains(t, err, "status 404")
	}
	figures, err := b.connectionLimit(t.Context())
	require.NoError(t, err)
	for _, f := range figures {
		assert.True(t, f.met, f.cells())
	}
}

// The gateway as a whole starts, shows its pages and saves.
func TestIntegrationDevice(t *testing.T) {
	t.Chdir("../../..")
	dir, err := os.MkdirTemp("", "fg") // a short name: there are sockets below
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	p, err := newPlant()
	require.NoError(t, err)
	defer p.close()
	b := &bench{program: filepath.Join(dir, "gateway"), dir: dir, plant: p, rounds: 1, rest: 100 * time.Millisecond, loaded: time.Second}
	require.NoError(t, build(t.Context(), b.program))
	measures := []measure{{"starts", b.starts}, {"pages", b.pages}, {"saving", b.saving}}
	switch _, err := exec.LookPath("snmpbulkwalk"); {
	case err == nil:
		measures = append(measures, measure{"memory", b.memory})
	case os.Getenv("CI") == "true":
		require.NoError(t, err)
	default:
		t.Log("the memory is not measured:", err)
	}
	for _, measure := range measures {
		figures, err := measure.do(t.Context())
		require.NoError(t, err, measure.what)
		for _, f := range figures {
			if f.unit == "%" { // the share of a processor that does nothing may be none in so short a time
				assert.GreaterOrEqual(t, f.ours, 0.0, f.name)
				continue
			}
			assert.Positive(t, f.ours, f.name)
		}
	}
}
