package management

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Error is openvpn's refusal of a command.
type Error struct{ Text string }

// Error returns openvpn's words.
func (e *Error) Error() string { return "openvpn refuses: " + e.Text }

// Shape is how a reply looks.
type Shape int

// The shapes of replies.
const (
	Line     Shape = iota // SUCCESS: text
	Body                  // lines, then END
	LineBody              // SUCCESS: text, lines, then END
)

// maxBody is the most that a body may have, in bytes; a client list of 10,000
// has some 2 MB.
const maxBody = 8 << 20

// errUnexpected is a line that no reply begins with.
var errUnexpected = errors.New("unexpected reply")

// reply collects the lines of one reply.
type reply struct {
	shape Shape
	begun bool // the SUCCESS of LineBody was there
	size  int

	text string // after SUCCESS:
	body []string
}

// add takes the next line. done tells that the reply is complete; an *Error
// is a complete one too, any other error breaks the connection.
func (r *reply) add(line string) (done bool, err error) {
	if r.shape == Line || !r.begun {
		if text, ok := strings.CutPrefix(line, "ERROR:"); ok && len(r.body) == 0 {
			return true, &Error{strings.TrimSpace(text)}
		}
	}
	if r.shape == Line || r.shape == LineBody && !r.begun {
		text, ok := strings.CutPrefix(line, "SUCCESS:")
		if !ok {
			return false, errUnexpected
		}
		r.begun, r.text = true, strings.TrimSpace(text)
		return r.shape == Line, nil
	}
	if line == "END" {
		return true, nil
	}
	if r.size += len(line); r.size > maxBody {
		return false, fmt.Errorf("a reply of more than %d bytes", maxBody)
	}
	r.body = append(r.body, line)
	return false, nil
}

// ParsePID reads the text of the reply to pid.
func ParsePID(text string) (int, error) {
	number, ok := strings.CutPrefix(text, "pid=")
	pid, err := strconv.ParseInt(number, 10, 32)
	if !ok || err != nil || pid <= 0 {
		return 0, errors.New("the reply to pid names no process")
	}
	return int(pid), nil
}
