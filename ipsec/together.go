package ipsec

import (
	"fmt"
	"net/netip"
	"strings"
)

// member is an enabled connection among the others.
type member struct {
	path string
	Connection
}

// together checks what the enabled connections are to each other.
func (k *checker) together(all []Connection) {
	var members []member
	for i, c := range all {
		if c.Enabled {
			members = append(members, member{fmt.Sprintf("connections[%d]", i), c.normal()})
		}
	}
	k.pairs(members)
	k.overlaps(members)
	k.secrets(members)
	k.pools(members)
}

// pairs refuses the same pair of subnets twice to one gateway: only one of
// them would ever get a packet.
func (k *checker) pairs(members []member) {
	seen := make(map[string]string)
	for _, m := range members {
		if m.respondsOnly() { // these are told apart by the identities of the peers
			continue
		}
		if other, pair := m.firstTaken(seen); other != "" {
			k.errs.Addf(m.path+".remote_subnets", "%s has the same pair of subnets to the same gateway: %s", other, pair)
		}
	}
}

// firstTaken notes the pairs of a connection, and returns the first that
// another one has already.
func (m member) firstTaken(seen map[string]string) (other, pair string) {
	locals, remotes := m.ends()
	for _, l := range locals {
		for _, r := range remotes {
			key := strings.Join([]string{strings.ToLower(m.Gateway), string(m.Type), l, r}, "|")
			if path, taken := seen[key]; taken && other == "" {
				other, pair = path, l+" to "+r
			} else if !taken {
				seen[key] = m.path
			}
		}
	}
	return other, pair
}

// ends returns what is protected on both sides, as texts.
func (m member) ends() (local, remote []string) {
	if m.Type == TypeTransport {
		return []string{"host " + m.LocalPorts}, []string{"gateway " + m.RemotePorts}
	}
	local, remote = m.LocalSubnets, m.RemoteSubnets
	if len(local) == 0 {
		local = []string{"our address"}
	}
	if len(remote) == 0 {
		remote = []string{"its address"}
	}
	return local, remote
}

// overlaps warns of connections that want the same packets.
func (k *checker) overlaps(members []member) {
	type end struct {
		of    int
		local []netip.Prefix
	}
	ends := make(map[netip.Prefix][]end)
	for i, m := range members {
		if m.Type == TypeTunnel {
			for _, p := range m.RemoteSubnets.networks() {
				ends[p] = append(ends[p], end{i, m.LocalSubnets.networks()})
			}
		}
	}
	told := make(map[int]bool)
	for i, m := range members {
		if m.Type != TypeTunnel {
			continue
		}
		local := m.LocalSubnets.networks()
		for _, p := range m.RemoteSubnets.networks() {
			for length := p.Bits(); length >= 0; length-- {
				wider := netip.PrefixFrom(p.Addr(), length).Masked()
				for _, other := range ends[wider] {
					if other.of == i || told[i] || wider == p && other.of > i || !meet(local, other.local) {
						continue
					}
					told[i] = true
					k.warnf(m.path+".remote_subnets", "%s overlaps %s of %s (%s): packets to both go by one of them only",
						p, wider, members[other.of].path, members[other.of].Name)
				}
			}
		}
	}
}

// meet tells whether local networks overlap; none is our address, which may
// be in any.
func meet(a, b []netip.Prefix) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	for _, p := range a {
		for _, q := range b {
			if p.Overlaps(q) {
				return true
			}
		}
	}
	return false
}

// secrets refuses connections whose pre-shared keys the daemon could mistake
// for each other. It looks a key up by the identities of both ends, and by
// ours alone when the peer's is not known.
func (k *checker) secrets(members []member) {
	byLocal := make(map[string][]member)
	for _, m := range members {
		if m.Authentication != AuthPSK {
			continue
		}
		local := strings.ToLower(m.LocalID)
		for _, other := range byLocal[local] {
			if other.PreSharedKey == m.PreSharedKey {
				continue // whichever is taken is right
			}
			open := isOpen(m.RemoteID) || isOpen(other.RemoteID)
			if !open && !strings.EqualFold(other.RemoteID, m.RemoteID) {
				continue
			}
			who := fmt.Sprintf("local_id %q", m.LocalID)
			if m.LocalID == "" {
				who = "no local_id"
			}
			if open {
				k.errs.Addf(m.path+".remote_id", "%s has %s too and another pre-shared key: set remote_id of both, or give each a local_id of its own", other.path, who)
			} else {
				k.errs.Addf(m.path+".remote_id", "%s has %s and the same remote_id, and another pre-shared key: the daemon cannot tell which to use", other.path, who)
			}
			break
		}
		byLocal[local] = append(byLocal[local], m)
	}
}

// pools refuses addresses that two connections would give away.
func (k *checker) pools(members []member) {
	type pool struct {
		path        string
		first, last netip.Addr
	}
	var seen []pool
	for _, m := range members {
		if m.Pool == nil {
			continue
		}
		first, last, err := parseRange(m.Pool.Addresses)
		if err != nil {
			continue
		}
		for _, other := range seen {
			if !last.Less(other.first) && !other.last.Less(first) {
				k.errs.Addf(m.path+".pool.addresses", "it overlaps the pool of %s: an address would be given twice", other.path)
				break
			}
		}
		seen = append(seen, pool{m.path, first, last})
	}
}
