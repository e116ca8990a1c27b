package process

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/fieldgate/fieldgate/openvpn/internal/management"
)

// Bounds of what openvpn prints.
const (
	maxOutput  = 128 << 10 // of the file; then it is cut
	tailOutput = 8 << 10   // that is looked at
	tailLines  = 20        // that are told
)

// tail returns the end of the file.
func tail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > tailOutput {
		_, err = f.Seek(-tailOutput, io.SeekEnd)
		if err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, 2*tailOutput)) // it may grow meanwhile
	if err != nil {
		return ""
	}
	return string(text)
}

// cut empties the file once it is too long, and returns what its end was.
func cut(path string) (end string, err error) {
	info, err := os.Stat(path)
	if err != nil || info.Size() <= maxOutput {
		return "", err
	}
	end = tail(path)
	return end, os.Truncate(path, 0)
}

// lastLines returns the lines that tell something, at most tailLines.
func lastLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && management.Worth(line) {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-tailLines):]
}

// errNoAnswer is what commands get while there is no connection.
var errNoAnswer = errors.New("openvpn's management socket is not connected")
