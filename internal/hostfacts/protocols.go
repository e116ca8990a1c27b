package hostfacts

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Protocols reads what the kernel counts of IPv4, ICMP, TCP and UDP, under
// names like "Tcp.ActiveOpens": protocol and object of RFC 1213. Tcp holds
// both versions of IP, and Tcp.MaxConn is -1 where there is no limit. IpExt is
// what RFC 4293 adds to Ip, and Ip6 and Udp6 are IPv6 and UDP over it, if the
// host has them. Sources: /proc/net/snmp, /proc/net/netstat for IpExt and
// /proc/net/snmp6 for IPv6.
func (h *Host) Protocols() (map[string]int64, error) {
	counts := make(map[string]int64, 192)
	if err := h.addPairs(counts, "proc/net/snmp", ""); err != nil {
		return nil, err
	}
	for _, add := range []error{h.addPairs(counts, "proc/net/netstat", "IpExt:"), h.addIPv6(counts)} {
		if add != nil && !errors.Is(add, fs.ErrNotExist) {
			return counts, add
		}
	}
	return counts, nil
}

// addPairs adds pairs of lines like "Tcp: ActiveOpens PassiveOpens" and
// "Tcp: 7 8" of one protocol, or of all of them.
func (h *Host) addPairs(counts map[string]int64, name, only string) error {
	text, err := h.table(name)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines)%2 != 0 {
		return h.fault(name, errors.New("it is no list of pairs of lines"))
	}
	for i := 0; i < len(lines); i += 2 {
		if !strings.HasPrefix(lines[i], only) {
			continue
		}
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		if len(names) == 0 || len(names) != len(values) || names[0] != values[0] {
			return h.fault(name, fmt.Errorf("line %d does not fit the next one", i+1))
		}
		protocol := strings.TrimSuffix(names[0], ":") + "."
		for j := 1; j < len(names); j++ {
			n, err := counterOf(values[j])
			if err != nil {
				return h.fault(name, err)
			}
			counts[protocol+names[j]] = n
		}
	}
	return nil
}

// addIPv6 adds lines like "Udp6InDatagrams 7".
func (h *Host) addIPv6(counts map[string]int64) error {
	const name = "proc/net/snmp6"
	text, err := h.table(name)
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		object, value, _ := strings.Cut(line, " ")
		for _, protocol := range []string{"Ip6", "Udp6"} {
			object, found := strings.CutPrefix(object, protocol)
			if !found {
				continue
			}
			n, err := counterOf(strings.TrimSpace(value))
			if err != nil {
				return h.fault(name, err)
			}
			counts[protocol+"."+object] = n
		}
	}
	return nil
}

// counterOf reads a count of 64 bits, or a negative number.
func counterOf(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return int64(n), nil
}

// IPv6 is how the host treats IPv6 as a whole. Source: proc/sys/net/ipv6.
type IPv6 struct {
	Forwarding bool
	HopLimit   uint64 // of what it sends, 1..255
}

// IPv6 reads it. The error wraps fs.ErrNotExist on a host without IPv6.
func (h *Host) IPv6() (IPv6, error) {
	const folder = "proc/sys/net/ipv6/conf"
	a := attributes{host: h, folder: folder}
	v := IPv6{Forwarding: a.number("all/forwarding", 32) != 0, HopLimit: a.number("default/hop_limit", 8)}
	return v, a.err
}
