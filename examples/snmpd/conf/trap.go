package conf

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/snmp"
)

// sink is a destination, and the user that trapsess describes.
type sink struct {
	snmp.Destination
	user *snmp.User // nil: one of createUser, or none
	at   Place
}

// trapSink reads HOST [COMMUNITY [PORT]].
func (p *parser) trapSink(name, rest string) {
	w := Words(rest)
	for len(w) > 2 && (w[0] == "-profile" || w[0] == "-name" || w[0] == "-tag") {
		p.warnf("%s has no effect.", w[0])
		w = w[2:]
	}
	s := sink{at: p.at, Destination: snmp.Destination{Version: snmp.Version2c}}
	switch name {
	case "trapsink":
		s.Version = snmp.Version1
	case "informsink":
		s.Inform = true
	}
	community := p.trapCommunity
	if len(w) > 1 {
		community = w[1]
	}
	target := w[0]
	if len(w) > 2 {
		p.warnf("The separate port argument for sinks is deprecated")
		target += ":" + w[2]
	}
	p.addSink(s, target, community)
}

func (p *parser) addSink(s sink, target, community string) {
	var err error
	if s.Address, err = p.host.Target(target); err != nil {
		p.errorf("cannot create sink: %v", err)
		return
	}
	if s.Version != snmp.Version3 {
		if community == "" || len(community) > 127 {
			p.errorf("cannot create sink: the community has %d characters, want 1 to 127", len(community))
			return
		}
		s.Community = config.NewSecret(community)
	}
	s.Name = fmt.Sprintf("%d %s", len(p.sinks)+1, s.Address)
	p.sinks = append(p.sinks, s)
}

// trapSession reads the options of snmpcmd and HOST.
func (p *parser) trapSession(rest string) {
	s := sink{at: p.at, Destination: snmp.Destination{Version: snmp.Version3}}
	o := session{user: snmp.User{Auth: snmp.AuthMD5, Priv: snmp.PrivDES}}
	w := Words(rest)
	for len(w) > 0 && strings.HasPrefix(w[0], "-") {
		letter, value := w[0], ""
		switch {
		case letter == "-Ci":
			s.Inform, w = true, w[1:]
			continue
		case strings.HasPrefix(letter, "-C") || len(letter) == 1:
			p.errorf("trapsess: unknown option %s", letter)
			return
		case len(letter) > 2:
			letter, value, w = letter[:2], letter[2:], w[1:]
		case len(w) < 2:
			p.errorf("trapsess: %s needs a value", letter)
			return
		default:
			value, w = w[1], w[2:]
		}
		if text := o.set(&s, letter[1], value); text != "" {
			p.errorf("trapsess: %s", text)
			return
		}
	}
	if len(w) == 0 {
		p.errorf("trapsess: No hostname specified.")
		return
	}
	if len(w) > 1 && o.community == "" && s.Version != snmp.Version3 {
		o.community = w[1]
	}
	if s.Inform && s.Version == snmp.Version1 {
		p.errorf("trapsess: SNMPv1 has no informs")
		return
	}
	if s.Version == snmp.Version3 && !o.finish(p, &s) {
		return
	}
	p.addSink(s, w[0], cmp.Or(o.community, p.trapCommunity))
}

// session is what the options of a trapsess say.
type session struct {
	community        string
	user             snmp.User
	hasAuth, hasPriv bool
}

// set takes an option. It returns what is wrong with it.
func (o *session) set(s *sink, letter byte, value string) string {
	var ok bool
	switch letter {
	case 'v':
		switch value {
		case "1":
			s.Version = snmp.Version1
		case "2c":
			s.Version = snmp.Version2c
		case "3":
			s.Version = snmp.Version3
		default:
			return "Invalid version specified after -v flag: " + value
		}
	case 'c':
		o.community = value
	case 'u':
		s.User = value
	case 'n':
		s.Context = value
	case 'l':
		if s.Level, ok = sessionLevel(value); !ok {
			return "Invalid security level specified after -l flag: " + value
		}
	case 'a':
		if o.user.Auth, ok = authProtocol(value); !ok {
			return "Invalid authentication protocol specified after -a flag: " + value
		}
	case 'x':
		if o.user.Priv, ok = privProtocol(value); !ok {
			return "Invalid privacy protocol specified after -x flag: " + value
		}
	case 'A':
		o.hasAuth, o.user.AuthPassword = true, config.NewSecret(value)
	case 'X':
		o.hasPriv, o.user.PrivPassword = true, config.NewSecret(value)
	case 't':
		t, err := strconv.ParseFloat(value, 64)
		if err != nil || t < 0.1 || t > 60 {
			return "Invalid timeout specified after -t flag: " + value + ", want 0.1 to 60 seconds"
		}
		s.Timeout = snmp.Duration(time.Duration(t * float64(time.Second)))
	case 'r':
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 20 {
			return "Invalid number of retries specified after -r flag: " + value + ", want 0 to 20"
		}
		s.Retries = &n
	default:
		return fmt.Sprintf("unknown option -%c", letter)
	}
	return ""
}

// sessionLevel reads a level as the tools write it, which abbreviate more than
// the agent's own directives.
func sessionLevel(text string) (snmp.Level, bool) {
	switch strings.ToLower(text) {
	case "1", "nanp":
		return snmp.NoAuthNoPriv, true
	case "2", "anp":
		return snmp.AuthNoPriv, true
	case "3", "ap":
		return snmp.AuthPriv, true
	}
	return securityLevel(text)
}

// finish makes the user of a session, where it names passwords.
func (o *session) finish(p *parser, s *sink) bool {
	if s.User == "" || len(s.User) > maxUser {
		p.errorf("trapsess: -u is missing, or longer than %d characters", maxUser)
		return false
	}
	if !p.context(s.Context) {
		return false
	}
	s.Level = cmp.Or(s.Level, snmp.NoAuthNoPriv) // as snmpcmd has it
	if !o.hasAuth && !o.hasPriv {
		return true
	}
	o.user.Name = s.User
	if !o.hasPriv {
		o.user.Priv = snmp.PrivNone
	}
	for _, secret := range []snmp.Secret{o.user.AuthPassword, o.user.PrivPassword} {
		if n := len(secret.Reveal()); n > 0 && n < minPassword || n == 0 && !o.hasAuth {
			p.errorf("trapsess: a pass phrase needs %d characters at least, and -X needs -A", minPassword)
			return false
		}
	}
	s.user = &o.user
	return true
}

// engineID reads engineID TEXT, exactEngineID 0xOCTETS and engineIDType N.
func (p *parser) engineID(name, rest string) {
	w, _, _ := word(rest)
	switch name {
	case "engineidtype":
		p.warnf("engineIDType is not supported: an engine ID is made at the first start, and kept.")
		return
	case "exactengineid":
		id, ok := octets(w)
		if !ok || len(id) < 5 || len(id) > 32 {
			p.errorf("bad exactEngineID %s, want 5 to 32 octets in hexadecimal", w)
			return
		}
		p.engine = id
	default:
		if len(w) > 27 {
			p.errorf("engineID has %d characters, at most 27 fit", len(w))
			return
		}
		p.engine = append([]byte{0x80, 0, 0x1f, 0x88, 4}, w...) // net-snmp's number, and "text"
	}
	if bytes.Count(p.engine, []byte{0}) == len(p.engine) || bytes.Count(p.engine, []byte{0xff}) == len(p.engine) {
		p.errorf("an engine ID of nothing but 0x%02x is not allowed", p.engine[0])
		p.engine = nil
		return
	}
	p.file.Config.EngineID = hex.EncodeToString(p.engine)
}
