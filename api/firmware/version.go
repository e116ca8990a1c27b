package firmware

import (
	"cmp"
	"fmt"
	"strings"
)

// version is dotted numbers with an optional suffix behind "-", which makes
// it older than the same numbers without one: 1.9-rc1 < 1.9 = 1.9.0 < 1.10.
type version struct {
	text    string
	numbers []string // without leading zeros, so "" is 0
	suffix  []string // of dotted words
}

// maxWord is the length of the longest board and version.
const maxWord = 64

func parseVersion(text string) (version, error) {
	bad := fmt.Errorf("%q is no version of dotted numbers, such as 1.8.0 or 1.9.0-rc1", text)
	numbers, suffix, suffixed := strings.Cut(text, "-")
	if len(text) > maxWord || suffixed && suffix == "" {
		return version{}, bad
	}
	v := version{text: text}
	for number := range strings.SplitSeq(numbers, ".") {
		if !consists(number, digit) {
			return version{}, bad
		}
		v.numbers = append(v.numbers, strings.TrimLeft(number, "0"))
	}
	if !suffixed {
		return v, nil
	}
	v.suffix = strings.Split(suffix, ".")
	for _, word := range v.suffix {
		if !consists(word, func(c byte) bool { return digit(c) || letter(c) || c == '-' }) {
			return version{}, bad
		}
	}
	return v, nil
}

// compare returns -1 when v is older than w, 0 when they are the same, +1
// when it is newer.
func (v version) compare(w version) int {
	for i := range max(len(v.numbers), len(w.numbers)) {
		if c := compareNumbers(at(v.numbers, i), at(w.numbers, i)); c != 0 {
			return c
		}
	}
	if (v.suffix == nil) != (w.suffix == nil) {
		return cmp.Compare(len(w.suffix), len(v.suffix))
	}
	for i := range min(len(v.suffix), len(w.suffix)) {
		if c := compareWords(v.suffix[i], w.suffix[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(v.suffix), len(w.suffix))
}

// compareNumbers compares decimal numbers of any length without leading zeros.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareWords compares a run of letters by letters and a run of digits by
// number, so that rc9 < rc10.
func compareWords(a, b string) int {
	for a != "" && b != "" {
		x, y := run(a), run(b)
		a, b = a[len(x):], b[len(y):]
		c := strings.Compare(x, y)
		if digit(x[0]) && digit(y[0]) {
			c = compareNumbers(strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0"))
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// run returns the begin of s that is digits only, or has no digit.
func run(s string) string {
	for i := range len(s) {
		if digit(s[i]) != digit(s[0]) {
			return s[:i]
		}
	}
	return s
}

func at(numbers []string, i int) string {
	if i < len(numbers) {
		return numbers[i]
	}
	return ""
}

// consists reports whether s is one character or more, all of them good.
func consists(s string, good func(byte) bool) bool {
	for i := range len(s) {
		if !good(s[i]) {
			return false
		}
	}
	return s != ""
}

func digit(c byte) bool  { return c >= '0' && c <= '9' }
func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
