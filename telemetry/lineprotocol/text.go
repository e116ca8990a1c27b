package lineprotocol

import (
	"unicode"
	"unicode/utf8"

	"github.com/fieldgate/fieldgate/telemetry"
)

// appendTag appends a tag value. A backslash means itself, unless it stands
// before one of the three characters that are escaped by it; at the end it
// would escape the comma or space that follows the tag.
func appendTag(b []byte, s string) []byte {
	for _, r := range cut(s) {
		switch {
		case r == ',' || r == '=' || r == ' ':
			b = append(b, '\\', byte(r))
		case unicode.IsControl(r):
			b = append(b, '_')
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	if b[len(b)-1] == '\\' {
		b[len(b)-1] = '_'
	}
	return b
}

// appendString appends a string with its quotes.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range cut(s) {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case unicode.IsControl(r):
			b = append(b, ' ')
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// cut returns the first telemetry.MaxText bytes of s, or up to three less
// where a character ends there. Wrong UTF-8 is left for range to mend.
func cut(s string) string {
	if len(s) <= telemetry.MaxText {
		return s
	}
	for end := telemetry.MaxText; end > telemetry.MaxText-utf8.UTFMax; end-- {
		if utf8.RuneStart(s[end]) {
			return s[:end]
		}
	}
	return s[:telemetry.MaxText]
}
