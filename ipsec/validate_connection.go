package ipsec

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// connection checks one connection by itself.
func (k *checker) connection(path string, c Connection) {
	n := c.normal()
	if c.Gateway == "" {
		k.errs.Addf(path+".gateway", "required: the host name or IP address of the peer, or any")
	} else if !n.respondsOnly() {
		k.gateway(path+".gateway", n.Gateway)
	}
	k.words(path, n)
	k.authentication(path, c, n)
	k.identity(path+".local_id", c.LocalID, true)
	k.identity(path+".remote_id", c.RemoteID, false)
	k.proposals(path, c, n)
	k.selectors(path, c, n)
	k.addresses(path, c, n)
	k.exchange(path, c, n)
	k.times(path, c, n)
}

func (k *checker) gateway(path, gateway string) {
	if addr, err := netip.ParseAddr(gateway); err == nil && addr.IsUnspecified() {
		k.errs.Addf(path, "%s is no address of a peer: write any for a connection that only responds", gateway)
		return
	}
	k.errs.CheckHost(path, gateway)
}

// words checks the enumerations, which a program can set to anything.
func (k *checker) words(path string, c Connection) {
	word(k, path+".type", c.Type, TypeTunnel, TypeTransport)
	word(k, path+".authentication", c.Authentication, AuthPSK, AuthRSA)
	word(k, path+".key_exchange", c.KeyExchange, IKEv1, IKEv2)
	word(k, path+".exchange_mode", c.ExchangeMode, ModeMain, ModeAggressive)
	word(k, path+".dpd_action", c.DPDAction, DPDNone, DPDClear, DPDHold, DPDRestart)
	word(k, path+".start_action", c.StartAction, StartTrap, StartNow, StartNone)
	word(k, path+".close_action", c.CloseAction, CloseNone, CloseHold, CloseRestart)
	word(k, path+".fragmentation", c.Fragmentation, FragmentationYes, FragmentationAccept, FragmentationForce, FragmentationNo)
}

func word[T ~string](k *checker, path string, value T, allowed ...T) {
	if !slices.Contains(allowed, value) {
		k.errs.Addf(path, "unknown word %q, want %s", value, list(allowed))
	}
}

func (k *checker) authentication(path string, c, n Connection) {
	key := path + ".pre_shared_key"
	if n.Authentication == AuthRSA {
		if !c.PreSharedKey.IsZero() {
			k.warnf(key, "not used with certificates")
		}
		k.reference(path+".certificate_set", "certificate set", c.CertificateSet, has(k.sets, n.CertificateSet))
		if own, inline := k.credentials[n.CertificateSet]; inline && !own.covers(c.LocalID) {
			k.errs.Addf(path+".local_id", "the certificate does not prove %q, but only: %s", c.LocalID, own.identities())
		}
		if n.RemoteID == "" {
			k.warnf(path+".remote_id", "every certificate of the CA is accepted as the peer's: name the identity of the peer")
		}
		return
	}
	if c.CertificateSet != "" {
		k.warnf(path+".certificate_set", "not used with a pre-shared key")
	}
	switch size := len(c.PreSharedKey.Reveal()); {
	case size == 0:
		k.errs.Addf(key, "required with authentication psk")
	case size > maxSecret:
		k.errs.Addf(key, "it is longer than %d bytes", maxSecret)
	case strings.HasPrefix(c.PreSharedKey.Reveal(), "0x"), strings.HasPrefix(c.PreSharedKey.Reveal(), "0s"):
		k.warnf(key, "it is taken as it stands: 0x and 0s do not begin hexadecimal or base64 text here")
	case size < 8:
		k.warnf(key, "it is short, and can be guessed: choose 20 random characters or more")
	}
}

// reference checks the name of a record that must be there.
func (k *checker) reference(path, kind, name string, there bool) {
	switch {
	case name == "":
		k.errs.Addf(path, "required: the name of a %s", kind)
	case !there:
		k.errs.Addf(path, "there is no %s %q", kind, name)
	}
}

func has[V any](records map[string]V, name string) bool {
	_, ok := records[name]
	return ok
}

func (k *checker) proposals(path string, c, n Connection) {
	k.references(path+".phase1", "phase 1 proposal", c.Phase1, func(name string) bool { return has(k.phase1, name) })
	k.references(path+".phase2", "phase 2 proposal", c.Phase2, func(name string) bool { return has(k.phase2, name) })
	if n.KeyExchange != IKEv1 {
		return
	}
	for i, name := range n.Phase1 {
		if p := k.phase1[name]; p.Encryption.AEAD() {
			k.errs.Addf(fmt.Sprintf("%s.phase1[%d]", path, i), "%s needs ikev2", p.Encryption)
		}
	}
	for i, name := range n.Phase2 {
		if p := k.phase2[name]; p.Encryption == EncryptionChaCha20Poly1305 {
			k.errs.Addf(fmt.Sprintf("%s.phase2[%d]", path, i), "%s needs ikev2", p.Encryption)
		}
	}
}

func (k *checker) references(path, kind string, list Names, there func(string) bool) {
	if len(list) == 0 {
		k.errs.Addf(path, "required: the name of a %s", kind)
	}
	k.most(path, len(list), maxList)
	for i, name := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		k.reference(at, kind, name, there(normalName(name)))
		if slices.Contains(list[:i].normal(), normalName(name)) {
			k.errs.Addf(at, "%q is named twice", name)
		}
	}
}

// selectors checks what is protected.
func (k *checker) selectors(path string, c, n Connection) {
	if n.Type == TypeTransport {
		for _, f := range []struct {
			name string
			list Subnets
		}{{"local_subnets", c.LocalSubnets}, {"remote_subnets", c.RemoteSubnets}, {"passthrough_subnets", c.PassthroughSubnets}} {
			if len(f.list) > 0 {
				k.warnf(path+"."+f.name, "not used with transport, which goes from host to host")
			}
		}
		k.ports(path+".local_ports", c.LocalPorts)
		k.ports(path+".remote_ports", c.RemotePorts)
		if a, b := protocol(n.LocalPorts), protocol(n.RemotePorts); a != "" && b != "" && a != b {
			k.errs.Addf(path+".remote_ports", "its protocol %s differs from %s of local_ports: no packet is of both", b, a)
		}
		return
	}
	k.subnets(path+".local_subnets", c.LocalSubnets)
	k.subnets(path+".remote_subnets", c.RemoteSubnets)
	k.subnets(path+".passthrough_subnets", c.PassthroughSubnets)
	for _, f := range []struct{ name, text string }{{"local_ports", c.LocalPorts}, {"remote_ports", c.RemotePorts}} {
		if f.text != "" {
			k.errs.Addf(path+"."+f.name, "only with type transport")
		}
	}
	local, remote := n.LocalSubnets.networks(), n.RemoteSubnets.networks()
	if n.KeyExchange == IKEv1 {
		for _, f := range []struct {
			name string
			list []netip.Prefix
		}{{"local_subnets", local}, {"remote_subnets", remote}} {
			if len(f.list) > 1 {
				k.errs.Addf(path+"."+f.name, "ikev1 carries one subnet a side: use ikev2, or a connection for each pair")
			}
		}
	}
	if len(local) > 0 && len(remote) > 0 && !slices.ContainsFunc(local, func(p netip.Prefix) bool {
		return slices.ContainsFunc(remote, func(q netip.Prefix) bool { return p.Addr().Is4() == q.Addr().Is4() })
	}) {
		k.errs.Addf(path+".remote_subnets", "no subnet is of the same IP version as one of local_subnets")
	}
	for i, p := range c.PassthroughSubnets {
		pass, _, err := parseSubnet(p)
		if err == nil && !slices.ContainsFunc(remote, pass.Overlaps) {
			k.warnf(fmt.Sprintf("%s.passthrough_subnets[%d]", path, i), "%s is in no remote subnet, and outside the tunnel anyway", pass)
		}
	}
}

func (k *checker) subnets(path string, list Subnets) {
	k.most(path, len(list), maxList)
	seen := make(map[netip.Prefix]bool)
	for i, text := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		p, cut, err := parseSubnet(text)
		if err != nil {
			k.errs.Addf(at, "%q: %v", text, err)
			continue
		}
		if cut {
			k.warnf(at, "%s has bits behind its mask, the network %s is meant", text, p)
		}
		if seen[p] {
			k.warnf(at, "%s stands there twice", p)
		}
		seen[p] = true
	}
}

// ports checks a protocol with a port.
func (k *checker) ports(path, text string) {
	if text == "" {
		return
	}
	name, port, withPort := strings.Cut(strings.ToLower(text), "/")
	if n, err := strconv.ParseUint(name, 10, 8); !slices.Contains([]string{"tcp", "udp", "sctp", "icmp"}, name) && (err != nil || n == 0) {
		k.errs.Addf(path, "%q: want a protocol (tcp, udp, sctp, icmp or a number from 1 to 255), and a port, such as udp/1701", text)
		return
	}
	if !withPort {
		return
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		k.errs.Addf(path, "%q: want a port from 1 to 65535 behind the slash", text)
	} else if name != "tcp" && name != "udp" && name != "sctp" {
		k.errs.Addf(path, "%q: %s has no ports", text, name)
	}
}

// protocol returns the part before the slash.
func protocol(ports string) string {
	name, _, _ := strings.Cut(ports, "/")
	return name
}

// addresses checks pools and virtual addresses.
func (k *checker) addresses(path string, c, n Connection) {
	if c.VirtualIP {
		at := path + ".virtual_ip"
		switch {
		case n.respondsOnly():
			k.errs.Addf(at, "a connection that only responds asks for no address: use pool to give some")
		case n.Type == TypeTransport:
			k.errs.Addf(at, "only with type tunnel")
		case len(c.LocalSubnets) > 0:
			k.errs.Addf(at, "the peer chooses our address: leave local_subnets empty")
		case c.Pool != nil:
			k.errs.Addf(at, "either ask for an address, or give some (pool)")
		}
	}
	if c.Pool == nil {
		return
	}
	at := path + ".pool"
	switch {
	case n.Type == TypeTransport:
		k.errs.Addf(at, "only with type tunnel")
	case len(c.RemoteSubnets) > 0:
		k.errs.Addf(at, "the peers are at the addresses of the pool: leave remote_subnets empty")
	}
	if c.Pool.Addresses == "" {
		k.errs.Addf(at+".addresses", "required: a network such as 10.9.0.0/24, or a range such as 10.9.0.10-10.9.0.99")
	} else if _, _, err := parseRange(c.Pool.Addresses); err != nil {
		k.errs.Addf(at+".addresses", "%q: %v", c.Pool.Addresses, err)
	}
	k.most(at+".dns", len(c.Pool.DNS), maxList)
	for i, server := range c.Pool.DNS {
		if addr, err := netip.ParseAddr(server); err != nil || addr.Zone() != "" {
			k.errs.Addf(fmt.Sprintf("%s.dns[%d]", at, i), "%q is no IP address", server)
		}
	}
}

// exchange checks what belongs to one version of IKE, and the actions.
func (k *checker) exchange(path string, c, n Connection) {
	switch {
	case n.ExchangeMode == ModeAggressive && n.KeyExchange == IKEv2:
		k.errs.Addf(path+".exchange_mode", "aggressive is for ikev1 only")
	case n.ExchangeMode == ModeAggressive && n.Authentication == AuthPSK:
		k.warnf(path+".exchange_mode", "aggressive lets everybody who sees the exchange guess the pre-shared key: use main, or ikev2")
	}
	if c.MOBIKE && n.KeyExchange == IKEv1 {
		k.errs.Addf(path+".mobike", "it is for ikev2 only")
	}
	if c.DPDTimeout != 0 && c.DPDTimeout != DefaultDPDTimeout && n.KeyExchange == IKEv2 {
		k.warnf(path+".dpd_timeout", "not used with ikev2, where the daemon's retransmissions tell when a peer is dead")
	}
	if n.StartAction == StartNow {
		if n.respondsOnly() {
			k.errs.Addf(path+".start_action", "a connection that only responds cannot be started, the peers do that")
		}
		if n.DPDAction == DPDClear {
			k.warnf(path+".dpd_action", "clear only ends the connection for a moment: start_action start keeps it up")
		}
	}
	if n.respondsOnly() {
		if n.DPDAction == DPDRestart || n.DPDAction == DPDHold {
			k.warnf(path+".dpd_action", "a connection that only responds is not negotiated from here: clear is the same")
		}
		if c.CloseAction == CloseRestart || c.CloseAction == CloseHold {
			k.warnf(path+".close_action", "a connection that only responds is not negotiated from here: none is the same")
		}
	}
}

// times checks delays and lifetimes.
func (k *checker) times(path string, c, n Connection) {
	const day = 24 * time.Hour
	if n.DPDAction != DPDNone {
		k.seconds(path+".dpd_delay", n.DPDDelay, time.Second, day)
		if n.KeyExchange == IKEv1 {
			k.seconds(path+".dpd_timeout", n.DPDTimeout, time.Second, day)
			if n.DPDTimeout < n.DPDDelay {
				k.errs.Addf(path+".dpd_timeout", "it is shorter than dpd_delay, %v: the peer would count as dead before it is asked", n.DPDDelay)
			}
		}
	}
	k.seconds(path+".key_lifetime", n.KeyLifetime, 5*time.Second, 30*day)
	k.seconds(path+".ike_lifetime", n.IKELifetime, 5*time.Second, 30*day)
	if n.KeyLifetime > n.IKELifetime {
		k.warnf(path+".key_lifetime", "the keys of the data channel live longer, %v, than those of the keying channel, %v: commonly it is the other way round",
			n.KeyLifetime, n.IKELifetime)
	}
}

// seconds checks a time that the daemon takes in whole seconds.
func (k *checker) seconds(path string, d Duration, least, most time.Duration) {
	switch {
	case d.Std() < least || d.Std() > most:
		k.errs.Addf(path, "%v is out of range, allowed is %v to %v", d, Duration(least), Duration(most))
	case d.Std()%time.Second != 0:
		k.errs.Addf(path, "%v: want whole seconds", d)
	}
}
