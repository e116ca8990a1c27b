package document

import (
	"bytes"
	"strings"
)

// part is a piece of a text that stands in lines of its own: a section, a key
// below one, or a record of a list.
type part struct {
	key        string // empty for a record
	column     int
	start, end int // of its lines, without blanks and comments after it
	parts      []part
}

// find returns the part of a key; nil: there is none.
func (p *part) find(key string) *part {
	for i := range p.parts {
		if p.parts[i].key == key {
			return &p.parts[i]
		}
	}
	return nil
}

// partsOf tells where the sections of a configuration stand, the keys in them,
// and the records below those. It reads a small part of YAML only, the one that
// [Dump] writes and most people do: what it does not know for certain is not
// ok. The text is to be valid YAML.
//
// It takes a hundredth of the time that the YAML library needs.
func partsOf(text []byte) (root part, ok bool) {
	for _, other := range []string{"\r", "\u0085", "\u2028", "\u2029", "\ufeff", "\x00"} {
		if bytes.Contains(text, []byte(other)) { // further ends of lines, of YAML or of the library
			return root, false
		}
	}
	s := lineScanner{text: text, root: &root, field: -1, item: -1}
	for s.at < len(text) {
		if !s.line() {
			return root, false
		}
	}
	s.close(0)
	return root, true
}

// lineScanner reads a text line by line.
type lineScanner struct {
	text []byte
	at   int // begin of the next line
	last int // end of the last line with something in it
	root *part

	field int  // column of the keys of the section; -1: not seen
	item  int  // column of the records below the last key; -1: none
	fresh bool // nothing stands below the last key yet
}

// cut returns the next line, without its end.
func (s *lineScanner) cut() []byte {
	line, _, _ := bytes.Cut(s.text[s.at:], []byte("\n"))
	s.at = min(s.at+len(line)+1, len(s.text))
	return line
}

// line reads a line, and those that its value goes on in.
func (s *lineScanner) line() bool {
	start := s.at
	line := s.cut()
	rest := bytes.TrimLeft(line, " ")
	column := len(line) - len(rest)
	if len(rest) == 0 || rest[0] == '#' {
		return true
	}
	first, dashes := column, 0
	inner := column // what a value goes on in is further to the right
	for bytes.HasPrefix(rest, []byte("- ")) || string(rest) == "-" {
		after := bytes.TrimLeft(rest[1:], " ")
		inner = column
		column += len(rest) - len(after)
		rest = after
		dashes++
	}
	key, value, keyed := cutKey(rest)
	switch {
	case keyed:
		inner = column
	case dashes == 0:
		return false // a value on a line of its own
	default:
		value = rest
	}
	if !s.place(first, dashes > 0, key, start) || !s.value(value, inner) {
		return false
	}
	s.last = s.at
	return true
}

// place notes what begins with a line: a key, or a record or value after a
// dash.
func (s *lineScanner) place(column int, dash bool, key string, start int) bool {
	if column == 0 && !dash {
		s.close(0)
		s.root.parts = append(s.root.parts, part{key: key, start: start})
		s.field, s.item, s.fresh = -1, -1, false
		return true
	}
	if len(s.root.parts) == 0 || dash && s.field < 0 || column < s.field {
		return false // a list, or indented as YAML is not
	}
	section := &s.root.parts[len(s.root.parts)-1]
	if !dash && (s.field < 0 || column == s.field) {
		s.close(1)
		s.field, s.item, s.fresh = column, -1, true
		section.parts = append(section.parts, part{key: key, column: column, start: start})
		return true
	}
	if s.fresh && dash {
		s.item = column
	}
	s.fresh = false
	if dash && column == s.item {
		s.close(2)
		field := &section.parts[len(section.parts)-1]
		field.parts = append(field.parts, part{column: column, start: start})
	}
	return true
}

// close ends what is open from a level on: 0 a section, 1 a key, 2 a record.
func (s *lineScanner) close(level int) {
	for at, p := 0, s.root; len(p.parts) > 0; at++ {
		p = &p.parts[len(p.parts)-1]
		if at >= level && p.end == 0 {
			p.end = s.last
		}
	}
}

// value reads the value behind a key or a dash at a column, to its end.
func (s *lineScanner) value(value []byte, column int) bool {
	value = bytes.TrimLeft(value, " ")
	if len(value) == 0 || value[0] == '#' {
		return true // what stands below
	}
	switch value[0] {
	case '"', '\'':
		after, ok := s.quoted(value)
		return ok && ends(after)
	case '[', '{':
		return flow(value)
	case '|', '>':
		header, _, _ := bytes.Cut(value, []byte(" "))
		if len(bytes.Trim(header[1:], "+-123456789")) > 0 || len(header) > 3 || !ends(value[len(header):]) {
			return false
		}
		keep := bytes.IndexByte(header, '+') > 0
		s.skipBlock(column, keep)
		return true
	case '&', '*', '!', '%', '@', '`', ']', '}', ',', '\t':
		return false
	case ':', '?':
		if len(value) == 1 || value[1] == ' ' {
			return false
		}
	}
	plain, _, _ := bytes.Cut(value, []byte(" #"))
	plain = bytes.TrimRight(plain, " ")
	if bytes.Contains(plain, []byte(": ")) || bytes.HasSuffix(plain, []byte(":")) || bytes.Contains(plain, []byte("\t")) {
		return false // a key that is written as few people do
	}
	s.skipPlain(column)
	return true
}

// skipBlock skips the lines of a block of text, which are indented more than a
// column. With keep the blank ones after it are its own.
func (s *lineScanner) skipBlock(column int, keep bool) {
	end := s.at
	for s.at < len(s.text) {
		line := s.cut()
		rest := bytes.TrimLeft(line, " ")
		if len(rest) > 0 && len(line)-len(rest) <= column {
			break
		}
		if len(rest) > 0 || keep {
			end = s.at
		}
	}
	s.at = end
}

// skipPlain skips the lines that a plain text goes on in.
func (s *lineScanner) skipPlain(column int) {
	end := s.at
	for s.at < len(s.text) {
		line := s.cut()
		rest := bytes.TrimLeft(line, " ")
		if len(rest) == 0 {
			continue
		}
		if len(line)-len(rest) <= column || rest[0] == '#' {
			break
		}
		end = s.at
	}
	s.at = end
}

// quoted reads a text in quotes, over as many lines as it has, and returns
// what follows.
func (s *lineScanner) quoted(value []byte) (after []byte, ok bool) {
	quote, at := value[0], value[1:]
	for {
		for i := 0; i < len(at); i++ {
			switch {
			case at[i] == '\\' && quote == '"':
				i++
			case at[i] == quote && quote == '\'' && i+1 < len(at) && at[i+1] == quote:
				i++
			case at[i] == quote:
				return at[i+1:], true
			}
		}
		if s.at >= len(s.text) {
			return nil, false
		}
		at = s.cut()
	}
}

// ends reports whether nothing but a comment follows a value.
func ends(after []byte) bool {
	rest := bytes.TrimLeft(after, " ")
	return len(rest) == 0 || rest[0] == '#' && len(rest) < len(after)
}

// flow reports whether a list or group in brackets ends on its line.
func flow(value []byte) bool {
	depth, before := 0, byte(',') // before is what stood there last that is no blank
	for i := 0; i < len(value); i++ {
		c := value[i]
		begins := strings.IndexByte("[{,:", before) >= 0
		switch c {
		case '[', '{':
			if !begins {
				return false
			}
			depth++
		case ']', '}':
			depth--
			if depth == 0 {
				return ends(value[i+1:])
			}
		case '"', '\'':
			if !begins || strings.IndexByte(" [{,", value[i-1]) < 0 {
				return false // it is in a plain text
			}
			one := lineScanner{text: value, at: len(value)}
			after, ok := one.quoted(value[i:])
			if !ok {
				return false
			}
			i = len(value) - len(after) - 1
		case '#', '&', '*', '!', '\t':
			return false
		}
		if value[i] != ' ' {
			before = value[i]
		}
	}
	return false
}

// cutKey takes a plain key off a line.
func cutKey(line []byte) (key string, value []byte, ok bool) {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found || len(name) == 0 || name[0] == '-' || len(value) > 0 && value[0] != ' ' {
		return "", nil, false
	}
	for _, c := range name {
		if c != '_' && c != '-' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return "", nil, false
		}
	}
	return string(name), value, true
}
