package packing_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net/internal/match"
	"github.com/fieldgate/fieldgate/ser2net/internal/packing"
)

func text(s string) *match.Pattern { return match.Compile([]byte(s)) }

func TestPackets(t *testing.T) {
	for name, c := range map[string]struct {
		rules packing.Rules
		data  string
		want  []string // the last one is what Flush sends
	}{
		"length":             {packing.Rules{Length: 3}, "abcdefgh", []string{"abc", "def", "gh"}},
		"longest":            {packing.Rules{}, strings.Repeat("x", packing.MaxLength+1), []string{strings.Repeat("x", packing.MaxLength), "x"}},
		"delimiter":          {packing.Rules{Delimiter: text("\n")}, "a\n\nbc\nd", []string{"a\n", "\n", "bc\n", "d"}},
		"two_bytes":          {packing.Rules{Delimiter: text("\r\n")}, "a\r\r\nb\nc", []string{"a\r\r\n", "b\nc"}},
		"plus_one":           {packing.Rules{Delimiter: text(";"), Extra: 1}, "ab;1c;2", []string{"ab;1", "c;2"}},
		"plus_two":           {packing.Rules{Delimiter: text("\x03"), Extra: 2}, "a\x03\x03xb", []string{"a\x03\x03x", "b"}},
		"plus_two_and_over":  {packing.Rules{Delimiter: text(";"), Extra: 2, Length: 3}, "ab;cd;", []string{"ab;", "cd;"}},
		"strip":              {packing.Rules{Delimiter: text("\r\n"), Strip: true}, "a\r\n\r\nb", []string{"a", "b"}},
		"strip_over_the_end": {packing.Rules{Delimiter: text("\r\n"), Strip: true, Length: 2}, "a\r\nb", []string{"a\r", "b"}},
		"send_on":            {packing.Rules{SendOn: text("ok"), Delimiter: text(";"), Strip: true}, "ok;a;bokc", []string{"ok", "a", "bok", "c"}},
		"none":               {packing.Rules{Delimiter: text("\n")}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for piece := 1; piece <= len(c.data)+1; piece += 1 + len(c.data)/50 {
				var got []string
				p := packing.New(c.rules, func(b []byte) { got = append(got, string(b)) })
				for rest := c.data; rest != ""; {
					n := min(piece, len(rest))
					p.Add([]byte(rest[:n]))
					rest = rest[n:]
				}
				p.Flush()
				assert.Equal(t, c.want, got, "pieces of %d", piece)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var got []string
		var at []time.Duration
		p := packing.New(packing.Rules{Idle: 10 * time.Millisecond, Age: 25 * time.Millisecond, Delimiter: text("\n")}, func(b []byte) {
			got, at = append(got, string(b)), append(at, time.Since(begun))
		})
		add := func(s string, wait time.Duration) {
			p.Add([]byte(s))
			time.Sleep(wait)
			synctest.Wait()
		}
		add("a", 9*time.Millisecond)
		add("b", 9*time.Millisecond)
		require.Empty(t, got)
		add("c", 9*time.Millisecond) // 25 ms after a
		add("d", 11*time.Millisecond)
		add("e\nf", 11*time.Millisecond)
		add("g\n", time.Hour)
		assert.Equal(t, []string{"abc", "d", "e\n", "f", "g\n"}, got)
		ms := time.Millisecond
		assert.Equal(t, []time.Duration{25 * ms, 37 * ms, 38 * ms, 48 * ms, 49 * ms}, at)
	})
}

func FuzzPacking(f *testing.F) {
	f.Add([]byte("a\r\nbc"), "\r\n", "x", 2, 1, false)
	f.Fuzz(func(t *testing.T, data []byte, delimiter, sendOn string, length, extra int, strip bool) {
		if length < 0 || length > packing.MaxLength || extra < 0 || extra > 2 || len(data) > 10_000 {
			return
		}
		rules := packing.Rules{Length: length, Extra: extra, Strip: strip}
		if delimiter != "" {
			rules.Delimiter = text(delimiter)
		}
		if sendOn != "" {
			rules.SendOn = text(sendOn)
		}
		var got []byte
		p := packing.New(rules, func(b []byte) {
			require.NotEmpty(t, b)
			require.LessOrEqual(t, len(b), packing.MaxLength)
			got = append(got, b...)
		})
		p.Add(data)
		p.Flush()
		if !strip || delimiter == "" {
			require.Equal(t, string(data), string(got), "nothing is lost or reordered")
		}
	})
}
