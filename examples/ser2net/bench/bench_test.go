package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		goal goal
		v    float64
		want string
	}{
		"at most, on it":     {goal{side: atMost, limit: 12}, 12, "met"},
		"at most, above":     {goal{side: atMost, limit: 12}, 12.01, "**MISSED**"},
		"at least, on it":    {goal{side: atLeast, limit: 0.9}, 0.9, "met"},
		"at least, below":    {goal{side: atLeast, limit: 0.9}, 0.89, "**MISSED**"},
		"wanted, reached":    {goal{side: atMost, limit: 0.7, wanted: 0.5}, 0.5, "met"},
		"wanted, missed":     {goal{side: atMost, limit: 0.7, wanted: 0.5}, 0.6, "met, not the wanted"},
		"more wanted":        {goal{side: atLeast, limit: 0.7, wanted: 0.9}, 0.8, "met, not the wanted"},
		"nothing, at most":   {goal{side: atMost, limit: 1}, benchkit.Median(nil), "**MISSED**"},
		"nothing, at least":  {goal{side: atLeast, limit: 1}, benchkit.Median(nil), "**MISSED**"},
		"wanted, all missed": {goal{side: atMost, limit: 0.7, wanted: 0.5}, 0.8, "**MISSED**"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, c.goal.verdict(c.v)) })
	}
}

// Ours is compared within each round, and the middle of that counts: here
// with 2, 0.5 and 1, though the medians by themselves would give 0.5.
func TestComparedRoundByRound(t *testing.T) {
	f := &figure{samples: map[subject][]float64{ours: {20, 10, 10}, tuned: {10, 20, 10}}}
	assert.Equal(t, []float64{2, 0.5, 1}, goal{than: tuned}.values(f))
	assert.Equal(t, []float64{20, 10, 10}, goal{than: ours}.values(f))
	assert.Equal(t, []float64{20, 10, 10}, f.samples[ours], "left as they were")
}

func TestTable(t *testing.T) {
	echo := &figure{name: "echo", unit: "us", goals: []goal{{atMost, tuned, 1.5, 1}, {atMost, stock, 0.1, 0}}}
	for _, v := range []float64{100, 120, 110} {
		echo.add(ours, v)
		echo.add(tuned, 100)
		echo.add(stock, 1000)
	}
	many := &figure{name: "many", goals: []goal{{atLeast, ours, 2000, 0}}}
	many.add(ours, 1999)
	info := &figure{name: "info", unit: "MB"}
	info.add(ours, 7.25)
	assert.Equal(t, strings.TrimPrefix(`
| figure | ours    | C tuned | C defaults | raw pty | goal                       | reached              |                     |
| ------ | ------- | ------- | ---------- | ------- | -------------------------- | -------------------- | ------------------- |
| echo   | 110 us  | 100 us  | 1000 us    | -       | <= 1.5 x C tuned, wanted 1 | 1.100 (1.00 to 1.20) | met, not the wanted |
|        |         |         |            |         | <= 0.1 x C defaults        | 0.110 (0.10 to 0.12) | **MISSED**          |
| many   | 1999    | -       | -          | -       | >= 2000                    | 1999                 | **MISSED**          |
| info   | 7.25 MB | -       | -          | -       |                            |                      |                     |
`, "\n"), table([]*figure{echo, many, info}))
}

func TestPercentile(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	assert.Equal(t, 50.0, percentile(hundred, 50))
	assert.Equal(t, 99.0, percentile(hundred, 99))
	assert.Equal(t, 7.0, percentile([]float64{7}, 99))
	assert.Equal(t, 2.0, percentile([]float64{1, 2}, 99))
	assert.Equal(t, 1.0, percentile([]float64{1, 2}, 50))
}

// The document that make bench-ser2net writes to has its marks.
func TestDocsHaveMarks(t *testing.T) {
	text, err := os.ReadFile("../../../docs/benchmarks.md")
	require.NoError(t, err)
	_, err = benchkit.Replace(string(text), target, "")
	assert.NoError(t, err)
}

// A line without a proxy carries a stream and frames, both ways.
func TestBareLine(t *testing.T) {
	l, err := bareLine()
	require.NoError(t, err)
	defer func() { _, _ = l.near.Close(), l.far.Close() }()
	for range 2 {
		there, err := l.stream(l.near, l.far, 20*time.Millisecond)
		require.NoError(t, err)
		assert.Positive(t, there.rate)
		assert.Zero(t, there.cpu)
		_, err = l.stream(l.far, l.near, 20*time.Millisecond)
		require.NoError(t, err)
		trips, err := l.echo(10, time.Minute)
		require.NoError(t, err)
		assert.Positive(t, trips.p50)
		assert.GreaterOrEqual(t, trips.p99, trips.p50)
	}
}

// swapped is a reader that changes a byte.
type swapped struct{ from *line }

func (s swapped) Read(p []byte) (int, error) {
	n, err := s.from.far.Read(p)
	p[n-1]++
	return n, err
}

func TestStreamSeesWrongData(t *testing.T) {
	l, err := bareLine()
	require.NoError(t, err)
	_, err = l.stream(l.near, swapped{l}, 5*time.Millisecond)
	assert.ErrorContains(t, err, "wrong data after 0 bytes")
	_, _ = l.near.Close(), l.far.Close() // and who writes ends
}

// The program without TLS has none, and is a proxy nevertheless.
func TestIntegrationOccupy(t *testing.T) {
	t.Chdir("../../..")
	dir := t.TempDir()
	overlay, err := withoutTLS(dir)
	require.NoError(t, err)
	program := filepath.Join(dir, "small")
	require.NoError(t, benchkit.Build(t.Context(), program, "./examples/ser2net", []string{"-overlay", overlay}))
	out, err := exec.Command("go", "list", "-deps", "-overlay", overlay, "-json=ImportPath", "./examples/ser2net").Output()
	require.NoError(t, err)
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var listed struct{ ImportPath string }
		require.NoError(t, d.Decode(&listed))
		assert.NotEqual(t, "crypto/tls", listed.ImportPath)
	}
	x := proxy{program: program, options: ungathered}
	o, err := occupy(t.Context(), x, dir, 5)
	require.NoError(t, err)
	assert.Equal(t, 5.0, o.served)
	assert.Positive(t, o.memory)

	s, err := x.start(t.Context(), dir, onPorts)
	require.NoError(t, err)
	rate, err := connects(s, 50*time.Millisecond)
	assert.NoError(t, err)
	assert.Positive(t, rate)
	require.NoError(t, s.stop())
}

func TestIntegrationC(t *testing.T) {
	if _, err := exec.LookPath(peer); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err)
		}
		t.Skip("needs C ser2net (make peers)")
	}
	for name, options := range map[string]string{"tuned": tuning, "defaults": ""} {
		t.Run(name, func(t *testing.T) {
			o, err := occupy(t.Context(), proxy{program: peer, flags: []string{"-u"}, options: options}, t.TempDir(), 3)
			require.NoError(t, err)
			assert.Equal(t, 3.0, o.served)
		})
	}
}
