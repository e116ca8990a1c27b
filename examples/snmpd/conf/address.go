package conf

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// agentAddress reads a list of addresses with commas between them.
func (p *parser) agentAddress(rest string) {
	w, _, _ := word(rest)
	for text := range strings.SplitSeq(w, ",") {
		addr, err := p.host.Listen(text)
		if err != nil {
			p.errorf("agentaddress: %v", err)
			continue
		}
		p.file.Config.Listen = appendNew(p.file.Config.Listen, addr)
	}
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// Listen reads an address to listen on, as snmpd writes them: [udp:|udp6:]
// and a host, a host and a port, or a port alone, which stands for every
// address. It returns ADDRESS:PORT.
func (h Host) Listen(text string) (string, error) {
	return h.address(text, "161", true)
}

// Target reads where notifications go, in the same way.
func (h Host) Target(text string) (string, error) {
	return h.address(text, "162", false)
}

func (h Host) address(text, port string, listen bool) (string, error) {
	rest, six := text, false
	if transport, after, found := strings.Cut(text, ":"); found {
		switch strings.ToLower(transport) {
		case "udp":
			rest = after
		case "udp6", "udpv6", "udpipv6":
			rest, six = after, true
		case "tcp", "tcp6", "tcpv6", "tcpipv6", "tls", "tlstcp", "dtls", "dtlsudp", "ssh", "unix", "ipx", "aal5pvc":
			return "", fmt.Errorf("%q: only UDP is supported", text)
		}
	}
	host := rest
	switch i := strings.LastIndexByte(rest, ':'); {
	case strings.HasPrefix(rest, "["):
		inner, after, closed := strings.Cut(rest[1:], "]")
		if !closed || after != "" && after[0] != ':' {
			return "", fmt.Errorf("%q: want [ADDRESS]:PORT", text)
		}
		host, six = inner, true
		if after != "" {
			port = after[1:]
		}
	case i >= 0 && strings.IndexByte(rest, ':') == i: // one colon: no bare IPv6 address
		host, port = rest[:i], rest[i+1:]
	case listen && isPort(rest):
		host, port = "", rest
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 && !listen {
		return "", fmt.Errorf("%q: %q is no port", text, port)
	}
	addr, err := h.one(host, six, listen)
	if err != nil {
		return "", fmt.Errorf("%q: %w", text, err)
	}
	n, _ := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(addr, uint16(n)).String(), nil
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

// one returns the address of a host, of the wanted family.
func (h Host) one(host string, six, listen bool) (netip.Addr, error) {
	if host == "" || host == "*" {
		switch {
		case !listen:
			return netip.Addr{}, fmt.Errorf("no host")
		case six:
			return netip.IPv6Unspecified(), nil
		}
		return netip.IPv4Unspecified(), nil
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a, nil
	}
	list, err := h.Resolve(host)
	for _, a := range list {
		if a = a.Unmap(); a.Is6() == six {
			return a, nil
		}
	}
	if err != nil {
		return netip.Addr{}, fmt.Errorf("cannot resolve the host: %w", err)
	}
	return netip.Addr{}, fmt.Errorf("the host has no address of that family")
}
