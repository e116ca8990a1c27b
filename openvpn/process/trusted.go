package process

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// supervised returns a trusted text without the options that take the process
// out of our hands: no argument undoes daemon, whose child has another pid, or
// management-client, which leaves nothing to connect to. All else stays byte
// for byte.
func supervised(text []byte) ([]byte, error) {
	options, err := ovpn.Lex(text)
	if err != nil {
		return text, nil // openvpn refuses it with its own words
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	for _, o := range options {
		if !takesAway(o.Words) {
			continue
		}
		if o.Number > len(lines) || !sameLine(lines[o.Number-1], o.Words) {
			return nil, fmt.Errorf("line %d: the option %s keeps openvpn from being supervised: remove it", o.Number, o.Words[0])
		}
		lines[o.Number-1] = []byte("\n")
	}
	return bytes.Join(lines, nil), nil
}

// takesAway reports whether an option must not be in a text that we run.
func takesAway(words []string) bool {
	if len(words) > 2 && words[0] == "setenv" && words[1] == "opt" {
		words = words[2:]
	}
	return len(words) > 0 && (words[0] == "daemon" || words[0] == "management" || strings.HasPrefix(words[0], "management-"))
}

// sameLine reports whether a line is where an option stands: openvpn counts
// lines that are too long more than once.
func sameLine(line []byte, words []string) bool {
	got, err := ovpn.Split(strings.TrimPrefix(string(bytes.TrimRight(line, "\r\n")), "\ufeff"))
	if err != nil || len(got) == 0 {
		return false
	}
	got[0] = strings.TrimPrefix(got[0], "--")
	return slices.Equal(got, words)
}
