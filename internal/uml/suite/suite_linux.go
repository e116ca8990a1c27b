// Package suite runs a test in User-mode Linux, see internal/uml.
package suite

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/uml"
)

// Run runs the calling test once more, in User-mode Linux with these modules
// of the kernel, and returns there false at once:
//
//	func TestIntegrationKernel(t *testing.T) {
//		if suite.Run(t, 2*time.Minute, "esp4") {
//			return
//		}
//		... // inside
//	}
//
// Outside, each subtest appears as one of this test. The limit is for the
// machine as a whole. Where there is no User-mode Linux the test is skipped, or
// fails with CI=true.
func Run(t *testing.T, limit time.Duration, modules ...string) bool {
	t.Helper()
	if uml.Inside() {
		return false
	}
	check(t, uml.Available())
	folder, err := os.Getwd()
	require.NoError(t, err)
	program := filepath.Join(t.TempDir(), "x.test")
	// Not this program itself: it may have the race detector in it.
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-race=false", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	output, code, err := uml.Run(t.Context(), uml.Job{
		Command: []string{program, "-test.v", "-test.run", "^" + regexp.QuoteMeta(t.Name()) + "$",
			"-test.timeout", limit.String()},
		Folder: folder, Env: passed(), Modules: modules, Limit: limit,
	})
	if err != nil {
		t.Log(output)
	}
	check(t, err)
	results := parse(output)
	require.NotEmpty(t, results, "nothing was tested: %s", output)
	for _, r := range results {
		name, isSub := strings.CutPrefix(r.name, t.Name()+"/")
		if !isSub {
			continue
		}
		t.Run(name, func(t *testing.T) {
			switch r.verdict {
			case "SKIP":
				t.Skip(r.output)
			case "FAIL":
				t.Fatal(r.output)
			default:
				t.Log("inside it took", r.took)
			}
		})
	}
	if code != 0 && !t.Failed() { // or a subtest has said it
		require.Zero(t, code, "%s", output)
	}
	return true
}

// passed are the variables that the inner test has from the outer.
func passed() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return !strings.HasPrefix(pair, "CI=") && !strings.HasPrefix(pair, "FIELDGATE_")
	})
}

// check skips the test where there is no User-mode Linux.
func check(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, uml.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip("skipped: ", err)
	}
	require.NoError(t, err)
}

// testResult is a test as go test -v tells it.
type testResult struct{ name, verdict, took, output string }

var verdictLine = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): (\S+) \((\S+)\)`)

// parse reads what a test printed with -test.v. The output of a test is what
// came between the lines that say that it runs. A test may run itself once more
// and log that: then it has several verdicts, of which the worst counts.
func parse(text string) []testResult {
	said := make(map[string]*strings.Builder)
	var results []testResult
	current := ""
	for line := range strings.Lines(text) {
		if m := verdictLine.FindStringSubmatch(line); m != nil {
			result := testResult{name: m[2], verdict: m[1], took: m[3]}
			if i := slices.IndexFunc(results, func(r testResult) bool { return r.name == m[2] }); i < 0 {
				results = append(results, result)
			} else if results[i].verdict != "FAIL" {
				results[i] = result
			}
			// What a test logs stands further to the right, verdicts of a run of
			// itself too: those end nothing here.
			if strings.Index(line, "---") == 4*strings.Count(m[2], "/") {
				current = m[2]
			}
		} else if rest, found := strings.CutPrefix(line, "=== "); found {
			if words := strings.Fields(rest); len(words) == 2 { // RUN, CONT, NAME
				current = words[1]
			}
			continue
		}
		if said[current] == nil {
			said[current] = new(strings.Builder)
		}
		said[current].WriteString(line)
	}
	for i, r := range results {
		if b := said[r.name]; b != nil {
			results[i].output = b.String()
		}
	}
	return results
}
