package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// CheckHost adds a fault unless host is an IP address (IPv6 without
// brackets, a zone allowed) or a host name of RFC 1123, section 2.1; an
// underscore is let through, as local name servers do.
func (e *Errors) CheckHost(path, host string) {
	switch {
	case host == "":
		e.Addf(path, "required: a host name or an IP address")
	case !isHost(host):
		e.Addf(path, "%q is neither a host name nor an IP address", host)
	}
}

// CheckPort adds a fault unless port is within 1..65535.
func (e *Errors) CheckPort(path string, port int) {
	switch {
	case port == 0:
		e.Addf(path, "required: a port from 1 to 65535")
	case port < 0 || port > 65535:
		e.Addf(path, "%d is out of range, allowed is 1 to 65535", port)
	}
}

// CheckListen adds a fault unless addr is "host:port" as net.Listen takes
// it; the host may be empty (all addresses) and the port 0 (any free one).
func (e *Errors) CheckListen(path, addr string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		e.Addf(path, "%q is not of the form address:port, such as 127.0.0.1:8080", addr)
		return
	}
	if host != "" && !isHost(host) {
		e.Addf(path, "%q is neither a host name nor an IP address", host)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		e.Addf(path, "port %q is out of range, allowed is 0 to 65535", port)
	}
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	s = strings.TrimSuffix(s, ".")
	if len(s) > 253 {
		return false
	}
	numeric := true // a name of digits and dots only is a mistyped address
	for label := range strings.SplitSeq(s, ".") {
		if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			switch {
			case c >= '0' && c <= '9':
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
				numeric = false
			default:
				return false
			}
		}
	}
	return !numeric
}
