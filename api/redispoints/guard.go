package redispoints

import (
	"bytes"
	"errors"
	"net"
	"strconv"
)

const (
	maxBulk     = 64 << 10 // bytes of one string
	maxLine     = 512      // bytes of any other element, such as an error
	maxElements = 8        // of an array; a message has 4
)

// errProtocol: what came is no answer to anything that was asked. The client
// library would allocate whatever a length says.
var errProtocol = errors.New("the server sends what no tag bus sends, or messages of more than 64 KiB")

// guard is a connection that looks at the lengths in the Redis protocol
// (RESP 2) as they come in, and breaks before one is too large.
type guard struct {
	net.Conn
	line     []byte // so far
	skip     int    // bytes of a string that are still to come, with its end
	elements int    // of an array that are still to come
	broken   bool
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if g.broken = g.broken || !g.look(p[:n]); g.broken {
		return 0, errProtocol
	}
	return n, err
}

// look reports whether the stream, with p, keeps to the bounds.
func (g *guard) look(p []byte) bool {
	for len(p) > 0 {
		if g.skip > 0 {
			n := min(g.skip, len(p))
			g.skip -= n
			p = p[n:]
			continue
		}
		end := bytes.IndexByte(p, '\n')
		part := p[:end+1]
		if end < 0 {
			part = p
		}
		if g.line = append(g.line, part...); len(g.line) > maxLine {
			return false
		}
		p = p[len(part):]
		if end >= 0 {
			if !g.element(string(bytes.TrimSuffix(g.line[:len(g.line)-1], []byte("\r")))) {
				return false
			}
			g.line = g.line[:0]
		}
	}
	return true
}

// element takes the line that begins an element.
func (g *guard) element(line string) bool {
	if line == "" {
		return false
	}
	inArray := g.elements > 0
	if inArray {
		g.elements--
	}
	kind, rest := line[0], line[1:]
	switch kind {
	case '+', '-', ':':
		return true
	case '$', '*':
	default:
		return false
	}
	n, err := strconv.Atoi(rest)
	switch {
	case err != nil || n < -1:
		return false
	case kind == '$':
		if n >= 0 {
			g.skip = n + len("\r\n")
		}
		return n <= maxBulk
	}
	g.elements = max(n, 0)
	return !inArray && n <= maxElements
}
