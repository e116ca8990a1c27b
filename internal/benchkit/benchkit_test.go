package benchkit_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReplace(t *testing.T) {
	const begin, end = "<!-- make bench-x: begin -->\n", "<!-- make bench-x: end -->\n"
	changed, err := benchkit.Replace("# Title\n"+begin+"old\n"+end+"the rest\n", "bench-x", "new\n")
	require.NoError(t, err)
	assert.Equal(t, "# Title\n"+begin+"\nnew\n\n"+end+"the rest\n", changed)
	again, err := benchkit.Replace(changed, "bench-x", "new\n")
	require.NoError(t, err)
	assert.Equal(t, changed, again)
	for name, text := range map[string]string{
		"no marks": "# Title\n", "no end": begin, "wrong order": end + begin,
		"of another": "<!-- make bench-y: begin -->\n<!-- make bench-y: end -->\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := benchkit.Replace(text, "bench-x", "new\n")
			assert.ErrorContains(t, err, "marks")
		})
	}
}

func TestNumber(t *testing.T) {
	for want, v := range map[string]float64{
		"0": 0, "7": 7, "7.123": 7.1234, "0.0123": 0.0123, "75.31": 75.312, "536": 536.21, "50000": 50000,
	} {
		assert.Equal(t, want, benchkit.Number(v))
	}
}

func TestMedian(t *testing.T) {
	values := []float64{9, 1, 5}
	assert.Equal(t, 5.0, benchkit.Median(values))
	assert.Equal(t, []float64{9, 1, 5}, values, "left as they were")
	assert.Equal(t, 3.0, benchkit.Median([]float64{5, 1}))
	assert.True(t, math.IsNaN(benchkit.Median(nil)))
}

// What a program takes is asked of the kernel while it runs.
func TestProgram(t *testing.T) {
	p, err := benchkit.Start(t.Context(), "sh", "-c", "echo ready; while :; do :; done")
	require.NoError(t, err)
	defer p.Stop()
	require.NoError(t, p.Wait(t.Context(), "get ready", func() (bool, error) { return p.Output() == "ready\n", nil }))
	var used time.Duration
	require.NoError(t, p.Wait(t.Context(), "use the processor", func() (bool, error) {
		used, err = p.CPU()
		return used > 20*time.Millisecond, err
	}))
	memory, err := p.Memory()
	require.NoError(t, err)
	assert.Greater(t, memory, uint64(100_000))
	require.NoError(t, p.ForgetPeak())
	peak, err := p.Peak()
	require.NoError(t, err)
	assert.Greater(t, peak, uint64(100_000))
}

func TestProgramThatEnds(t *testing.T) {
	p, err := benchkit.Start(t.Context(), "sh", "-c", "echo no luck")
	require.NoError(t, err)
	err = p.Wait(t.Context(), "stay", func() (bool, error) { return false, nil })
	assert.EqualError(t, err, "sh ended: no luck\n")
	p.Stop()
}
