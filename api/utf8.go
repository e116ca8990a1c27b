package api

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// utf8Writer makes the text that passes through it valid UTF-8, as it is
// declared: what is not gets the replacement character. Logs hold whatever
// programs and networks put into them.
type utf8Writer struct {
	w    io.Writer
	rest []byte // begin of a character that the next Write completes
}

var replacement = []byte("\uFFFD")

func (u *utf8Writer) Write(p []byte) (int, error) {
	text := p
	if len(u.rest) > 0 {
		text = append(u.rest, p...)
	}
	whole := len(text) - unfinished(text)
	u.rest = bytes.Clone(text[whole:])
	text = text[:whole]
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, replacement)
	}
	if _, err := u.w.Write(text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// flush writes what is left of a text that ended inside a character.
func (u *utf8Writer) flush() error {
	if len(u.rest) == 0 {
		return nil
	}
	u.rest = nil
	_, err := u.w.Write(replacement)
	return err
}

// unfinished returns the length of the character at the end of p that lacks
// bytes, 0 when there is none.
func unfinished(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		tail := p[len(p)-n:]
		if utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}
