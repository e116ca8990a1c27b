package ovpn

import "errors"

// Limits of openvpn (options.h).
const (
	// MaxLine is the longest line in bytes, with its newline.
	MaxLine = 255
	// MaxWord is the longest word in bytes.
	MaxWord = 256
	// MaxWords is how many words a line may have; the rest is ignored.
	MaxWords = 16
	// blockChunk is what openvpn reads at a time inside an inline block.
	blockChunk = 255
)

// Why openvpn does not take a line.
var (
	ErrLineTooLong = errors.New("the line is longer than 255 bytes")
	ErrWordTooLong = errors.New("a word is longer than 256 bytes")
	ErrBackslash   = errors.New(`a backslash stands before something else than a backslash, a double quote or a blank`)
	ErrQuote       = errors.New("a quote is not closed")
	ErrResidual    = errors.New("the line ends with a backslash")
)

// Split returns the words of one line, as openvpn's parse_line does. Words
// after the sixteenth are ignored, whatever they are.
func Split(line string) ([]string, error) {
	const (
		blank = iota
		plain
		quoted
		singleQuoted
	)
	var (
		words     []string
		word      []byte
		state     = blank
		backslash bool
	)
	for i := 0; i <= len(line); i++ {
		var in byte // the NUL at the end of a C string is a blank
		if i < len(line) {
			in = line[i]
		}
		if in == '\\' && !backslash && state != singleQuoted {
			backslash = true
			continue
		}
		store, done := false, false
		switch state {
		case blank:
			switch {
			case isSpace(in):
			case in == ';' || in == '#':
				return words, nil
			case in == '"' && !backslash:
				state = quoted
			case in == '\'' && !backslash:
				state = singleQuoted
			default:
				state, store = plain, true
			}
		case plain:
			done = !backslash && isSpace(in)
			store = !done
		case quoted:
			done = !backslash && in == '"'
			store = !done
		case singleQuoted:
			done = in == '\''
			store = !done
		}
		if done {
			words, word, state = append(words, string(word)), word[:0], blank
		}
		if store && in != 0 {
			if backslash && in != '\\' && in != '"' && !isSpace(in) {
				return nil, ErrBackslash
			}
			if len(word) >= MaxWord {
				return nil, ErrWordTooLong
			}
			word = append(word, in)
		}
		backslash = false
		if len(words) == MaxWords {
			return words, nil
		}
		if in == 0 {
			break
		}
	}
	switch state {
	case quoted, singleQuoted:
		return nil, ErrQuote
	case plain:
		return nil, ErrResidual
	}
	return words, nil
}

// isSpace is openvpn's notion of a blank, in the C locale.
func isSpace(c byte) bool {
	return c == 0 || c == ' ' || c >= '\t' && c <= '\r'
}
