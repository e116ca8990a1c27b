package cconfig

import "strings"

// Unquote turns a string of the option -Y into lines of YAML: each # outside
// of quotes becomes a line end, and one is added at the end.
func Unquote(s string) string {
	b := []byte(s)
	var quote byte
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quote == '"' && c == '\\':
			i++ // what is escaped ends no quote
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '#':
			b[i] = '\n'
		}
	}
	return string(b) + "\n"
}

// substitute puts the values of names into s: mark(name) is an alias,
// mark{file} the content of a file; *(* and *{* (with =: =(= and ={=) stand for
// *( and *{ themselves. mark is * or =.
func substitute(s string, mark byte, alias, file func(string) (string, error)) (string, error) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, mark)
		if i < 0 || i+1 == len(s) {
			b.WriteString(s)
			break
		}
		open := s[i+1]
		b.WriteString(s[:i])
		if open != '(' && open != '{' {
			b.WriteByte(mark)
			s = s[i+1:]
			continue
		}
		rest := s[i+2:]
		if rest != "" && rest[0] == mark {
			b.WriteString(s[i : i+2])
			s = rest[1:]
			continue
		}
		closing, find := byte(')'), alias
		if open == '{' {
			closing, find = '}', file
		}
		end := strings.IndexByte(rest, closing)
		if end < 0 {
			return "", &missingEnd{closing, s[i:]}
		}
		value, err := find(rest[:end])
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		s = rest[end+1:]
		if b.Len() > maxText {
			return "", errTooLong
		}
	}
	if b.Len() > maxText {
		return "", errTooLong
	}
	return b.String(), nil
}

// missingEnd is the fault of a mark that is opened and not closed.
type missingEnd struct {
	closing byte
	from    string
}

func (e *missingEnd) Error() string {
	from := e.from
	if len(from) > 20 {
		from = from[:20] + "..."
	}
	return "a " + string(e.closing) + " is missing after " + from
}
