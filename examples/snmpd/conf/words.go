package conf

import "strings"

// word takes the next word of a line: up to white space, or within quotes of
// either kind; a backslash takes the next character as it is. A "#" begins a
// comment. ok is false at the end.
func word(line string) (text, rest string, ok bool) {
	line = skipSpace(line)
	if line == "" {
		return "", "", false
	}
	var b strings.Builder
	quote := byte(0)
	i := 0
	if line[0] == '"' || line[0] == '\'' {
		quote, i = line[0], 1
	}
	for ; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && i+1 < len(line):
			i++
			b.WriteByte(line[i])
			continue
		case quote != 0 && c == quote:
			return b.String(), skipSpace(line[i+1:]), true
		case quote == 0 && space(c):
			return b.String(), skipSpace(line[i:]), true
		}
		b.WriteByte(c)
	}
	return b.String(), "", true
}

// Words returns the words of a line.
func Words(line string) (list []string) {
	for {
		w, rest, ok := word(line)
		if !ok {
			return list
		}
		list, line = append(list, w), rest
	}
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' }

// skipSpace returns a line from its first character that counts, "" when it
// is a comment.
func skipSpace(line string) string {
	for line != "" && space(line[0]) {
		line = line[1:]
	}
	if strings.HasPrefix(line, "#") {
		return ""
	}
	return line
}
