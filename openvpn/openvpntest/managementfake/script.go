package managementfake

import (
	"fmt"
	"strconv"
	"strings"
)

// Script is what a fake does beyond the usual. The zero Script is a client
// that connects as soon as it is released.
type Script struct {
	// Server listens for clients: it is CONNECTED without steps between.
	Server bool
	// Asks are the passwords that it wants before it connects, in this order.
	Asks []Ask
	// Peers are the clients that come to a server when it is up.
	Peers []Peer
	// OptionsError is printed in place of serving; the exit status is 1.
	OptionsError string
	// Fatal ends it after the release, with status 1.
	Fatal string
	// Reject is the detail of RECONNECTING that comes in place of CONNECTED,
	// such as tls-error, for ever.
	Reject string
	// Faults of the socket.
	Mute         bool // no greeting
	Junk         bool // something else than a greeting
	CloseInReply bool // the first reply to "state" of each connection breaks off
	Silent       bool // from CONNECTED on no command is answered
	PID          int  // in place of the real one
}

// Ask is a password that a fake wants.
type Ask struct {
	What     string // such as Auth
	Username string // empty: only the password is wanted
	Password string
}

// Peer is a client of a fake server.
type Peer struct {
	CommonName, Username, Password string
}

// ParseScript reads the lines of a configuration that begin with "#fake ".
// Words with blanks are quoted.
//
//	#fake ask "Private Key" "" secret     #fake ask Auth joe secret
//	#fake peer alice alice-user secret    #fake options-error "bad option"
//	#fake fatal "no luck"                 #fake reject tls-error
//	#fake pid 1                           #fake mute, junk, close-in-reply or silent
//
// A line "server ..." or "mode server" makes it a server.
func ParseScript(config string) (Script, error) {
	var s Script
	for line := range strings.Lines(config) {
		line = strings.TrimSpace(line)
		if line == "mode server" || strings.HasPrefix(line, "server ") || strings.HasPrefix(line, "server-bridge ") {
			s.Server = true
		}
		text, ok := strings.CutPrefix(line, "#fake ")
		if !ok {
			continue
		}
		if err := s.add(words(text)); err != nil {
			return s, fmt.Errorf("managementfake: %q: %w", line, err)
		}
	}
	return s, nil
}

func (s *Script) add(w []string) error {
	arg := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	switch arg(0) {
	case "ask":
		s.Asks = append(s.Asks, Ask{arg(1), arg(2), arg(3)})
	case "peer":
		s.Peers = append(s.Peers, Peer{arg(1), arg(2), arg(3)})
	case "options-error":
		s.OptionsError = arg(1)
	case "fatal":
		s.Fatal = arg(1)
	case "reject":
		s.Reject = arg(1)
	case "mute":
		s.Mute = true
	case "junk":
		s.Junk = true
	case "close-in-reply":
		s.CloseInReply = true
	case "silent":
		s.Silent = true
	case "pid":
		pid, err := strconv.Atoi(arg(1))
		s.PID = pid
		return err
	default:
		return fmt.Errorf("%q is no behaviour", arg(0))
	}
	return nil
}

// words splits a line in openvpn's quoting: double quotes around a word,
// backslash before a quote, a blank or a backslash.
func words(line string) []string {
	var all []string
	var word strings.Builder
	begun, inQuotes := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			begun = true
		case c == '"':
			inQuotes, begun = !inQuotes, true
		case c == ' ' && !inQuotes:
			if begun {
				all = append(all, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if begun {
		all = append(all, word.String())
	}
	return all
}
