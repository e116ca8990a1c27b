// Package match finds a text in a stream of bytes that comes in pieces.
package match

// Pattern is a text to look for, prepared by the method of Knuth, Morris and
// Pratt: no byte is looked at twice, and an occurrence that begins inside a
// failed one is found ("ababc" in "abababc").
type Pattern struct {
	text   []byte
	border []int // of each prefix: how much of it is also its end
}

// Compile prepares a text of at least one byte.
func Compile(text []byte) *Pattern {
	p := &Pattern{text: text, border: make([]int, len(text))}
	k := 0
	for i := 1; i < len(text); i++ {
		k = p.step(k, text[i])
		p.border[i] = k
	}
	return p
}

// step returns how much of the text has been seen after c, when n bytes of it
// had been before, n less than all of it.
func (p *Pattern) step(n int, c byte) int {
	for n > 0 && p.text[n] != c {
		n = p.border[n-1]
	}
	if p.text[n] == c {
		n++
	}
	return n
}

// Len is the length of the text.
func (p *Pattern) Len() int { return len(p.text) }

// Matcher looks for a pattern in one stream. The zero value with its Pattern
// set is at the begin of a stream.
type Matcher struct {
	Pattern *Pattern
	seen    int
}

// Next returns how many bytes of data there are up to and including the first
// occurrence, or -1 when none ends here. After an occurrence it looks for the
// next one behind it.
func (m *Matcher) Next(data []byte) int {
	for i, c := range data {
		m.seen = m.Pattern.step(m.seen, c)
		if m.seen == m.Pattern.Len() {
			m.seen = 0
			return i + 1
		}
	}
	return -1
}
