package ovpn

import (
	"errors"
	"strings"
)

// ErrUnwritable says that a word has a character that no line may have.
var ErrUnwritable = errors.New("control characters cannot be written")

// Join returns the line, with its newline, that [Split] reads as these words.
// Words with control characters, more than 16 of them, longer than 255 bytes
// together, or a line that would open a block, are errors: no value can start
// a new line or another option.
func Join(words ...string) (string, error) {
	var line strings.Builder
	for i, word := range words {
		if strings.ContainsFunc(word, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
			return "", ErrUnwritable
		}
		if len(word) > MaxWord {
			return "", ErrWordTooLong
		}
		if i > 0 {
			line.WriteByte(' ')
		}
		line.WriteString(quote(word))
	}
	line.WriteByte('\n')
	switch {
	case len(words) == 0 || words[0] == "" || strings.HasPrefix(words[0], "--"):
		return "", errors.New("a line needs the name of an option")
	case len(words) > MaxWords:
		return "", errors.New("a line has at most 16 words")
	case line.Len() > MaxLine:
		return "", ErrLineTooLong
	}
	if _, opens := blockTag(words); opens {
		return "", errors.New("a line cannot open a block")
	}
	return line.String(), nil
}

// quote puts a word into double quotes where it needs them.
func quote(word string) string {
	if word != "" && !strings.ContainsAny(word, ` "'\;#`) {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}
