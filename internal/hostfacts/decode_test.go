package hostfacts

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		`/`:              "/",
		`/a\040b`:        "/a b",
		`\040`:           " ",
		`\134040`:        `\040`,
		`/a\011\012\043`: "/a\t\n#",
		`/a\`:            `/a\`,
		`/a\04`:          `/a\04`,
		`/a\999\040`:     `/a\999 `,
		`\777`:           `\777`, // no byte
		`\303\244`:       "ä",
	} {
		t.Run(in, func(t *testing.T) { assert.Equal(t, want, unescape(in)) })
	}
}

func TestKiB(t *testing.T) {
	assert.EqualValues(t, 4, kib(1, 4096))
	assert.EqualValues(t, 1, kib(3, 512))
	assert.EqualValues(t, uint64(1)<<62, kib(1<<60, 4096), "more bytes than 64 bits hold")
	assert.EqualValues(t, uint64(math.MaxUint64), kib(math.MaxUint64, 4096))
}

// Whatever the kernel escapes comes back unchanged.
func FuzzUnescape(f *testing.F) {
	for _, seed := range []string{"", "/", "/mnt/usb stick", "tab\t", `back\slash`, `\040`, "line\nend", "#", "ä"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		_ = unescape(path) // no input may panic
		var escaped []byte
		for _, c := range []byte(path) {
			switch c {
			case ' ', '\t', '\n', '\\', '#':
				escaped = fmt.Appendf(escaped, `\%03o`, c)
			default:
				escaped = append(escaped, c)
			}
		}
		assert.Equal(t, path, unescape(string(escaped)))
	})
}

func FuzzHundredths(f *testing.F) {
	for _, seed := range []string{"", "0.00", "2.02", "84312.57", "-1.00", "1.0", ".10", "1e5", "18446744073709551615.99", "1.+1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := hundredths(text)
		if err != nil {
			return
		}
		again, err := hundredths(fmt.Sprintf("%d.%02d", n/100, n%100))
		assert.NoError(t, err)
		assert.Equal(t, n, again)
	})
}

func FuzzAssignments(f *testing.F) {
	for _, seed := range []string{"", "ID=x", "NAME=\"A B\"\nVERSION='1'", "=\n\"", "A=\\", "A='", "A=\"\\\"\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, value := range assignments(text) {
			assert.LessOrEqual(t, len(name)+len(value), len(text))
		}
	})
}
