package match_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net/internal/match"
)

func TestMatcher(t *testing.T) {
	for _, c := range []struct {
		text, data string
		ends       []int
	}{
		{"a", "banana", []int{2, 4, 6}},
		{"ababc", "abababc", []int{7}},
		{"ababc", "ababababcababc", []int{9, 14}},
		{"aa", "aaaaa", []int{2, 4}}, // an occurrence is used once
		{"aab", "aaaab", []int{5}},
		{"abcabd", "abcabcabd", []int{9}},
		{"xyz", "xy xz yz", nil},
		{"\x00\xff", "\xff\x00\xff", []int{3}},
	} {
		t.Run(c.text, func(t *testing.T) {
			for piece := 1; piece <= len(c.data); piece++ { // however the stream is cut
				assert.Equal(t, c.ends, ends(c.text, []byte(c.data), piece), "pieces of %d", piece)
			}
		})
	}
}

// ends returns where the occurrences end in data that comes in pieces.
func ends(text string, data []byte, piece int) (found []int) {
	m := match.Matcher{Pattern: match.Compile([]byte(text))}
	for at := 0; at < len(data); {
		end := min(at+piece, len(data))
		n := m.Next(data[at:end])
		if n < 0 {
			at = end
			continue
		}
		at += n
		found = append(found, at)
	}
	return found
}

func FuzzMatcher(f *testing.F) {
	f.Add([]byte("ababc"), []byte("abababc"), 3)
	f.Add([]byte("aa"), []byte("aaaa"), 1)
	f.Fuzz(func(t *testing.T, text, data []byte, piece int) {
		if len(text) == 0 || len(text) > 300 || piece < 1 || len(data) > 10_000 {
			return
		}
		var want []int
		for at := 0; ; {
			n := bytes.Index(data[at:], text)
			if n < 0 {
				break
			}
			at += n + len(text)
			want = append(want, at)
		}
		require.Equal(t, want, ends(string(text), data, piece))
	})
}
