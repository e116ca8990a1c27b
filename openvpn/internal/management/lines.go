package management

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine is the most bytes of a line from openvpn, whose log lines are the
// longest, with 10 KB.
const maxLine = 16 << 10

// errLine is a line that openvpn would not write.
var errLine = errors.New("not openvpn's management protocol")

// lines reads lines. Its buffer is small: it is there for each instance all
// the time, and longer lines are rare.
type lines struct {
	r *bufio.Reader
	// partial is the beginning of a line whose end has not come.
	partial []byte
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, 1024)} }

// next returns a line without its CR LF. After a timeout it may be called
// again.
func (l *lines) next() (string, error) {
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.partial)+len(part) > maxLine {
			return "", fmt.Errorf("%w: a line of more than %d bytes", errLine, maxLine)
		}
		if err == nil && len(l.partial) == 0 {
			return check(part)
		}
		l.partial = append(l.partial, part...)
		if err == nil {
			whole := l.partial
			l.partial = nil
			return check(whole)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
}

func check(line []byte) (string, error) {
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if bytes.IndexByte(line, 0) >= 0 {
		return "", fmt.Errorf("%w: a line with a NUL", errLine)
	}
	return string(line), nil
}
