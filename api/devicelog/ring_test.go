package devicelog_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/devicelog"
)

func TestRingConforms(t *testing.T) {
	suite.TestSyslog(t, func(*testing.T) suite.SyslogRig {
		ring := devicelog.NewRing(64 << 10)
		log := slog.New(ring.Handler(nil))
		return suite.SyslogRig{Syslog: ring, Append: func(_ *testing.T, lines ...string) {
			for _, line := range lines {
				log.Info(line)
			}
		}}
	})
}

func TestRingHandler(t *testing.T) {
	var ring *devicelog.Ring
	slogtest.Run(t, func(*testing.T) slog.Handler {
		ring = devicelog.NewRing(4096)
		return ring.Handler(nil)
	}, func(t *testing.T) map[string]any { return parse(read(t, ring)) })
}

// parse reads the one line that slogtest logs; groups are dots in the names.
func parse(line string) map[string]any {
	top := map[string]any{}
	for field := range strings.FieldsSeq(line) {
		name, value, _ := strings.Cut(field, "=")
		m := top
		steps := strings.Split(name, ".")
		for _, group := range steps[:len(steps)-1] {
			if m[group] == nil {
				m[group] = map[string]any{}
			}
			m = m[group].(map[string]any)
		}
		m[steps[len(steps)-1]] = strings.Trim(value, `"`)
	}
	return top
}

func TestRingLevel(t *testing.T) {
	ring := devicelog.NewRing(4096)
	slog.New(ring.Handler(nil)).Debug("quiet")
	slog.New(ring.Handler(slog.LevelDebug)).Debug("told")
	assert.Equal(t, 1, strings.Count(read(t, ring), "\n"))
	assert.Contains(t, read(t, ring), "level=DEBUG msg=told\n")
}

// Whatever is written, the ring holds whole lines, the newest that fit.
func TestRingKeepsTheNewest(t *testing.T) {
	for _, width := range []int{0, 1, 7, 100, 1021, 1022, 1023, 1024, 5000} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			ring := devicelog.NewRing(0) // 1024
			var written []string
			for i := range 3000 {
				line := (strings.Repeat("x", width) + fmt.Sprint(i))
				if i%2 == 0 {
					line += "\n"
				}
				n, err := ring.Write([]byte(line))
				require.NoError(t, err)
				require.Equal(t, len(line), n)
				written = append(written, strings.TrimSuffix(line, "\n")[:min(1023, len(strings.TrimSuffix(line, "\n")))]+"\n")
				if i%97 != 0 {
					continue
				}
				want := ""
				for j := len(written) - 1; j >= 0 && len(want)+len(written[j]) <= 1024; j-- {
					want = written[j] + want
				}
				require.Equal(t, want, read(t, ring), "after %d lines", i+1)
			}
		})
	}
}

func TestRingConcurrently(t *testing.T) {
	ring := devicelog.NewRing(2048)
	log := slog.New(ring.Handler(nil))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				log.Info("a message of some length", "i", i)
			}
		})
		wg.Go(func() {
			for range 100 {
				for line := range strings.Lines(read(t, ring)) {
					assert.Regexp(t, `^time=\S+ level=INFO msg="a message of some length" i=\d+\n$`, line)
				}
			}
		})
	}
	wg.Wait()
}
