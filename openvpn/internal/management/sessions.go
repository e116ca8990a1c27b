package management

import (
	"net/netip"

	"github.com/fieldgate/fieldgate/openvpn"
)

// maxVariables bounds what a server tells about one client, in bytes. A
// client can add 2048 of its own (IV_, UV_).
const maxVariables = 64 << 10

// Sessions puts the events about a server's clients together, each of which
// is many lines. The zero value is ready.
type Sessions struct {
	now  Client
	env  map[string]string // nil between clients
	size int
}

// kept are the variables that are of use.
var kept = map[string]bool{
	"common_name": true, "username": true, "password": true,
	"untrusted_ip": true, "untrusted_ip6": true, "untrusted_port": true,
}

// Add takes an event. It returns what it completes, else nil.
func (s *Sessions) Add(e Event) openvpn.Event {
	switch e := e.(type) {
	case Client:
		s.now, s.env, s.size = e, nil, 0
		if e.What != "ADDRESS" {
			s.env = map[string]string{}
		}
	case ClientEnv:
		if s.env == nil {
			return nil
		}
		if s.size += len(e.Name) + len(e.Value); s.size > maxVariables {
			s.env = nil // it is no client of sound mind; openvpn turns it away after a while
		} else if kept[e.Name] {
			s.env[e.Name] = e.Value
		}
	case ClientEnvEnd:
		if s.env != nil {
			done := s.done()
			s.env = nil
			return done
		}
	}
	return nil
}

func (s *Sessions) done() openvpn.Event {
	name := s.env["common_name"]
	switch s.now.What {
	case "CONNECT", "REAUTH":
		addr := parseEnd(s.env["untrusted_ip"], s.env["untrusted_port"])
		if addr == (netip.AddrPort{}) {
			addr = parseEnd(s.env["untrusted_ip6"], s.env["untrusted_port"])
		}
		return openvpn.ClientAsks{
			CID: s.now.CID, KID: s.now.KID, CommonName: name, Username: s.env["username"],
			Password: openvpn.NewSecret(s.env["password"]), Remote: addr, Renewal: s.now.What == "REAUTH",
		}
	case "ESTABLISHED":
		return openvpn.ClientCame{CID: s.now.CID, CommonName: name}
	}
	return openvpn.ClientLeft{CID: s.now.CID, CommonName: name}
}
