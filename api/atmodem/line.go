package atmodem

import (
	"strings"
	"unicode/utf8"
)

// maxLine is the longest line, in bytes, that is taken: V.250 and 27.007 have
// none that comes near.
const maxLine = 512

// splitter makes lines of what a modem sends.
type splitter struct {
	line []byte
	long bool // the line is over maxLine, and lost
}

// add takes a piece, and calls take with each line that it ends.
func (s *splitter) add(piece []byte, take func(line string)) {
	for _, c := range piece {
		switch {
		case c == '\r' || c == '\n':
			if line := tidy(s.line); line != "" && !s.long {
				take(line)
			}
			s.line, s.long = s.line[:0], false
		case len(s.line) == maxLine:
			s.long = true
		default:
			s.line = append(s.line, c)
		}
	}
}

// tidy returns a line without control characters, without prompts ("> ", after
// which a modem waits for a text) and without space around it. What is no
// UTF-8 is junk, and gives "".
func tidy(line []byte) string {
	if !utf8.Valid(line) {
		return ""
	}
	text := strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ', 0x7f <= r && r < 0xa0:
			return -1
		}
		return r
	}, string(line))
	return strings.TrimSpace(strings.TrimLeft(text, "> "))
}
