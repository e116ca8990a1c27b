package suite

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParse(t *testing.T) {
	assert.Equal(t, []testResult{
		{"TestA", "FAIL", "0.10s", "--- FAIL: TestA (0.10s)\n"},
		{"TestA/one", "PASS", "0.00s", "a word\n    --- PASS: TestA/one (0.00s)\n"},
		{"TestA/two", "FAIL", "0.00s", "    x_test.go:3: broken\n    --- FAIL: TestA/two (0.00s)\n"},
		{"TestA/three", "SKIP", "0.00s", "    x_test.go:4: no reason\n    --- SKIP: TestA/three (0.00s)\nFAIL\n"},
	}, parse(`=== RUN   TestA
=== RUN   TestA/one
a word
=== RUN   TestA/two
    x_test.go:3: broken
=== RUN   TestA/three
    x_test.go:4: no reason
--- FAIL: TestA (0.10s)
    --- PASS: TestA/one (0.00s)
    --- FAIL: TestA/two (0.00s)
    --- SKIP: TestA/three (0.00s)
FAIL
`))
	var verdicts []string
	nested := parse("=== RUN   T\n=== RUN   T/a\n    x.go:1: === RUN   T/a\n        --- FAIL: T/a (0.10s)\n        === RUN   T/b\n        --- PASS: T/b (0.10s)\n    x.go:9: why\n    --- PASS: T/a (0.20s)\n    --- PASS: T/b (0.20s)\n")
	for _, r := range nested {
		verdicts = append(verdicts, r.name+" "+r.verdict+" "+r.took)
	}
	assert.Contains(t, nested[0].output, "x.go:9: why", "it is said where it belongs")
	assert.Equal(t, []string{"T/a FAIL 0.10s", "T/b PASS 0.20s"}, verdicts)
	assert.Empty(t, parse("Kernel panic - not syncing\n"))
}
