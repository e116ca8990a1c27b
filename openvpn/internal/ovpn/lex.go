package ovpn

import (
	"bytes"
	"fmt"
	"strings"
)

// Line is one option, as openvpn's parser hands it on.
type Line struct {
	// Number is openvpn's: of the line, or of the one that opens a block.
	Number int
	// Words are the name, without leading dashes, and its parameters.
	Words []string
	// Length of the line in bytes, without its newline.
	Length int
	// Err is why openvpn does not take the line; it has no words then.
	Err error
	// Inline is true for a block, Block is its content: the bytes before the
	// closing tag, each chunk cut at its first NUL as openvpn does.
	Inline bool
	Block  string
	// Longest is the longest chunk of the block, in bytes with its newline. A
	// line that reaches 255 was read in pieces.
	Longest int
	// After is what stands behind the closing tag in its chunk. openvpn
	// ignores it.
	After string
}

// Name returns the first word, or an empty text.
func (l Line) Name() string {
	if len(l.Words) == 0 {
		return ""
	}
	return l.Words[0]
}

// Args returns the words after the name.
func (l Line) Args() []string {
	if len(l.Words) == 0 {
		return nil
	}
	return l.Words[1:]
}

// UnterminatedError is a block without its end; openvpn stops at it.
type UnterminatedError struct {
	Number int // of the line that opens it
	Tag    string
}

func (e *UnterminatedError) Error() string {
	return fmt.Sprintf("line %d: the block <%s> is not closed by a line </%s>", e.Number, e.Tag, e.Tag)
}

// Lex returns the options of a configuration file. Blank lines and comments
// leave none. A line that openvpn does not take comes with its Err; the only
// error of the whole is an [UnterminatedError], with the lines before it.
func Lex(text []byte) ([]Line, error) { return lex(text, true) }

// LexBlock returns the options of the text within a <connection> block.
// Numbers count from 1 within it. Unlike a file it has no byte order mark.
func LexBlock(text string) ([]Line, error) { return lex([]byte(text), false) }

func lex(text []byte, file bool) ([]Line, error) {
	r := reader{rest: text}
	var lines []Line
	for number := 1; len(r.rest) > 0; number++ {
		raw := r.gets(MaxLine + 1)
		if len(raw) > MaxLine {
			lines = append(lines, Line{Number: number, Err: ErrLineTooLong})
			continue
		}
		if file && number == 1 {
			raw = strings.TrimPrefix(raw, "\xef\xbb\xbf")
		}
		words, err := Split(raw)
		if err != nil {
			lines = append(lines, Line{Number: number, Err: err})
			continue
		}
		if len(words) == 0 {
			continue
		}
		line := Line{Number: number, Words: words, Length: len(strings.TrimRight(raw, "\r\n"))}
		if name := words[0]; len(name) >= 3 && strings.HasPrefix(name, "--") {
			words[0] = name[2:]
		}
		if tag, ok := blockTag(words); ok {
			words[0] = tag
			line.Inline = true
			count, closed := r.block(&line, "</"+tag+">")
			if !closed {
				return lines, &UnterminatedError{Number: number, Tag: tag}
			}
			number += count
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// blockTag returns the name of the block that a line opens.
func blockTag(words []string) (string, bool) {
	if len(words) != 1 {
		return "", false
	}
	name := words[0]
	if len(name) < 2 || name[0] != '<' || name[len(name)-1] != '>' {
		return "", false
	}
	return name[1 : len(name)-1], true
}

// block reads up to the closing tag; it returns how many pieces it read.
func (r *reader) block(line *Line, closing string) (count int, closed bool) {
	var content strings.Builder
	for len(r.rest) > 0 {
		size := len(r.rest)
		raw := r.gets(blockChunk)
		count++
		line.Longest = max(line.Longest, size-len(r.rest))
		start := strings.TrimLeft(raw, " \t\n\v\f\r")
		if after, ok := strings.CutPrefix(start, closing); ok {
			line.Block, line.After = content.String(), strings.TrimRight(after, "\r\n")
			return count, true
		}
		content.WriteString(raw)
	}
	return count, false
}

// reader reads as fgets and strlen do.
type reader struct{ rest []byte }

// gets takes a line with its newline, at most limit bytes of it, and returns
// what a C program sees of it: all before the first NUL.
func (r *reader) gets(limit int) string {
	n := min(limit, len(r.rest))
	if i := bytes.IndexByte(r.rest[:n], '\n'); i >= 0 {
		n = i + 1
	}
	raw := r.rest[:n]
	r.rest = r.rest[n:]
	if i := bytes.IndexByte(raw, 0); i >= 0 {
		raw = raw[:i]
	}
	return string(raw)
}
