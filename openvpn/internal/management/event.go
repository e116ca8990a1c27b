package management

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/openvpn"
)

// Event is a line that begins with >: one of the types below.
type Event any

type (
	// Greeting is the first line of a connection.
	Greeting struct{ Text string }
	// Hold tells that openvpn waits for the release, at its start and at each
	// restart.
	Hold struct{}
	// State is a change of state.
	State struct{ openvpn.StateChanged }
	// Log is a line of the log.
	Log struct{ openvpn.LogLine }
	// ByteCount is the traffic so far, in all or of one client.
	ByteCount struct{ openvpn.ByteCount }
	// NeedPassword asks for a password, with Challenge where the question
	// has a text of its own (static-challenge).
	NeedPassword struct {
		openvpn.NeedCredentials
		Challenge string
	}
	// Refused tells that a password was wrong.
	Refused struct{ openvpn.CredentialsRefused }
	// Fatal is why openvpn ends.
	Fatal struct{ Text string }
	// Client begins what happened to a client: CONNECT, REAUTH, ESTABLISHED,
	// DISCONNECT, each followed by ClientEnv, or ADDRESS, which is not.
	Client struct {
		What     string
		CID, KID uint64 // KID of CONNECT and REAUTH
	}
	// ClientEnv is one variable of a client; the password of a client is
	// among them.
	ClientEnv struct{ Name, Value string }
	// ClientEnvEnd ends the variables.
	ClientEnvEnd struct{}
	// Other is an event that nobody here needs.
	Other struct{ Kind string }
)

// errMalformed is what a line is that its kind does not allow. The text of the
// line is left out: it may hold a password.
var errMalformed = errors.New("malformed event")

// ParseEvent reads an event from its line without the line end.
func ParseEvent(line string) (Event, error) {
	kind, text, found := strings.Cut(strings.TrimPrefix(line, ">"), ":")
	if !found || !strings.HasPrefix(line, ">") {
		return nil, errMalformed
	}
	e, ok := parseEvent(kind, text)
	if !ok {
		return nil, fmt.Errorf("%w: %q", errMalformed, kind)
	}
	return e, nil
}

func parseEvent(kind, text string) (Event, bool) {
	switch kind {
	case "INFO":
		return Greeting{text}, true
	case "HOLD":
		return Hold{}, true
	case "STATE":
		s, ok := ParseState(text)
		return State{s}, ok
	case "LOG":
		l, ok := ParseLog(text)
		return Log{l}, ok
	case "BYTECOUNT":
		in, out, ok := parsePair(text)
		return ByteCount{openvpn.ByteCount{In: in, Out: out}}, ok
	case "BYTECOUNT_CLI":
		id, rest, _ := strings.Cut(text, ",")
		cid, err := strconv.ParseUint(id, 10, 64)
		in, out, ok := parsePair(rest)
		return ByteCount{openvpn.ByteCount{CID: cid, Client: true, In: in, Out: out}}, ok && err == nil
	case "PASSWORD":
		return parsePassword(text)
	case "FATAL":
		return Fatal{text}, true
	case "CLIENT":
		return parseClient(text)
	}
	return Other{kind}, true
}

// ParseState reads time,name,detail,tunnel,remote,port,local,port,tunnel6; the
// last may lack, all but the first two may be empty. What is no address is
// left out.
func ParseState(text string) (openvpn.StateChanged, bool) {
	f := strings.Split(text, ",")
	at, ok := parseTime(f[0])
	if !ok || len(f) < 2 || f[1] == "" {
		return openvpn.StateChanged{}, false
	}
	f = append(f, make([]string, 9)...)
	return openvpn.StateChanged{
		At: at, Name: f[1], Detail: f[2], Tunnel: parseAddr(f[3]), Tunnel6: parseAddr(f[8]),
		Remote: parseEnd(f[4], f[5]), Local: parseEnd(f[6], f[7]),
	}, true
}

// ParseLog reads time,flags,text.
func ParseLog(line string) (openvpn.LogLine, bool) {
	first, rest, _ := strings.Cut(line, ",")
	flags, text, found := strings.Cut(rest, ",")
	at, ok := parseTime(first)
	return openvpn.LogLine{At: at, Flags: flags, Text: text}, ok && found
}

// ours are the beginnings of log lines about the management itself. Those
// about commands show user names.
var ours = []string{"MANAGEMENT: CMD '", "MANAGEMENT: >"}

// Worth reports whether a line of openvpn's log tells a reader anything: what
// the management says and hears is there too, and comes as events anyway.
func Worth(line string) bool {
	for _, prefix := range ours {
		if strings.HasPrefix(line, prefix) {
			return false
		}
	}
	return true
}

// parsePassword reads the questions and refusals that begin with PASSWORD.
func parsePassword(text string) (Event, bool) {
	if rest, ok := strings.CutPrefix(text, "Need "); ok {
		what, rest, ok := quoted(rest)
		kind, challenge, _ := strings.Cut(strings.TrimPrefix(rest, " "), " ")
		user := kind == "username/password"
		return NeedPassword{openvpn.NeedCredentials{What: what, User: user}, challengeText(challenge)},
			ok && (user || kind == "password")
	}
	if rest, ok := strings.CutPrefix(text, "Verification Failed: "); ok {
		what, rest, ok := quoted(rest)
		reason := strings.TrimSpace(rest)
		if inner, bracketed := strings.CutPrefix(reason, "['"); bracketed {
			reason = strings.TrimSuffix(inner, "']")
		}
		return Refused{openvpn.CredentialsRefused{What: what, Reason: reason}}, ok
	}
	return Other{"PASSWORD"}, true // Auth-Token:..., which is a secret
}

// challengeText returns the question of "SC:echo,question".
func challengeText(text string) string {
	rest, found := strings.CutPrefix(text, "SC:")
	if !found {
		return ""
	}
	_, question, _ := strings.Cut(rest, ",")
	return question
}

// quoted splits "'what' rest".
func quoted(text string) (what, rest string, ok bool) {
	inner, begins := strings.CutPrefix(text, "'")
	what, rest, ends := strings.Cut(inner, "'")
	return what, rest, begins && ends && what != ""
}

func parseClient(text string) (Event, bool) {
	what, rest, _ := strings.Cut(text, ",")
	if what == "ENV" {
		name, value, assigned := strings.Cut(rest, "=")
		if !assigned && name == "END" {
			return ClientEnvEnd{}, true
		}
		return ClientEnv{name, value}, assigned
	}
	id, rest, _ := strings.Cut(rest, ",")
	cid, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return nil, false
	}
	c := Client{What: what, CID: cid}
	switch what {
	case "CONNECT", "REAUTH":
		c.KID, err = strconv.ParseUint(rest, 10, 64)
		return c, err == nil
	case "ESTABLISHED", "DISCONNECT", "ADDRESS":
		return c, true
	}
	return Other{"CLIENT"}, true // CR_RESPONSE, which holds an answer
}

func parsePair(text string) (in, out uint64, ok bool) {
	first, second, _ := strings.Cut(text, ",")
	in, err := strconv.ParseUint(first, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	out, err = strconv.ParseUint(second, 10, 64)
	return in, out, err == nil
}

// parseTime reads seconds since 1970.
func parseTime(text string) (time.Time, bool) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(seconds, 0), err == nil
}

func parseAddr(text string) netip.Addr {
	addr, _ := netip.ParseAddr(text) // not there yet, or of no family that we know
	return addr
}

func parseEnd(addr, port string) netip.AddrPort {
	a := parseAddr(addr)
	p, err := strconv.ParseUint(port, 10, 16)
	if !a.IsValid() || err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a, uint16(p))
}
