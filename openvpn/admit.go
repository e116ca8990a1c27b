package openvpn

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"time"
)

// asks reports whether each client of a server has to be let in.
func (i Instance) asks() bool {
	return i.role() == RoleServer && (len(i.Users) > 0 || len(i.Clients) > 0 || i.ListedClientsOnly)
}

// decide lets a client in, or not.
func (a *attendant) decide(e ClientAsks) {
	a.mu.Lock()
	u := a.unit
	banned := a.banned(e.CommonName, e.Username)
	a.mu.Unlock()
	options, refusal := u.admit(e)
	if banned {
		refusal = "it is banned"
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	var err error
	if refusal != "" {
		a.env.logger.Info("openvpn: client refused", "instance", u.Name, "client", clean(e.CommonName),
			"user", clean(e.Username), "address", e.Remote.String(), "reason", refusal)
		err = a.proc.Deny(ctx, e.CID, e.KID, refusal)
	} else {
		err = a.proc.Admit(ctx, e.CID, e.KID, options)
	}
	if err != nil { // it asks again in a few seconds
		a.env.logger.Warn("openvpn: client not answered", "instance", u.Name, "client", clean(e.CommonName), "error", err)
	}
}

// expel ends the session of a banned client that got in, since a server
// without Users and Clients does not ask.
func (a *attendant) expel(e ClientCame) {
	a.mu.Lock()
	banned := a.banned(e.CommonName, "")
	a.mu.Unlock()
	if !banned {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	if err := a.proc.Kick(ctx, e.CID); err != nil {
		a.env.logger.Warn("openvpn: banned client not kicked", "instance", a.proc.Name(), "client", clean(e.CommonName), "error", err)
	}
}

// banned reports whether a client may not come. Callers hold mu.
func (s *supervisor) banned(names ...string) bool {
	for _, name := range names {
		until, is := s.bans[name]
		switch {
		case !is || name == "":
		case until.IsZero() || time.Now().Before(until):
			return true
		default:
			delete(s.bans, name)
		}
	}
	return false
}

// admit returns the options of a client that may come in, or why it may not.
// What it knows about passwords does not show in how long it takes.
func (i Instance) admit(e ClientAsks) (options []Option, refusal string) {
	if len(i.Users) > 0 && !i.knows(e.Username, e.Password) {
		return nil, "wrong user name or password"
	}
	name := e.CommonName
	if i.has("username-as-common-name") {
		name = e.Username
	}
	for _, c := range i.Clients {
		switch {
		case c.CommonName != name:
		case c.Disabled:
			return nil, "it is disabled"
		default:
			return i.clientOptions(c), ""
		}
	}
	if i.ListedClientsOnly {
		return nil, "it is not in the list of clients"
	}
	return nil, ""
}

// knows compares with every user, all of the same length.
func (i Instance) knows(name string, password Secret) bool {
	given := credential(name, password)
	found := 0
	for _, u := range i.Users {
		want := credential(u.Name, u.Password)
		found |= subtle.ConstantTimeCompare(given[:], want[:])
	}
	return found == 1
}

func credential(name string, password Secret) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%d:%s%s", len(name), name, password.Reveal()))
}

// clientOptions returns what stands in a client-specific file.
func (i Instance) clientOptions(c Client) []Option {
	var options []Option
	if a, err := netip.ParseAddr(c.Address); err == nil {
		options = append(options, Option{Name: "ifconfig-push", Args: []string{a.String(), i.farEnd(a)}})
	}
	for _, text := range c.Networks {
		p, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
		case p.Addr().Is4():
			options = append(options, Option{Name: "iroute", Args: []string{p.Addr().String(), netmask(p.Bits())}})
		default:
			options = append(options, Option{Name: "iroute-ipv6", Args: []string{p.String()}})
		}
	}
	return append(options, c.Options...)
}

// farEnd is the second argument of ifconfig-push: a netmask, or the address
// of the other end of the client's tunnel.
func (i Instance) farEnd(a netip.Addr) string {
	if b := i.ServerBridge; b != nil {
		return b.Netmask
	}
	net, err := netip.ParsePrefix(i.Server)
	switch {
	case err != nil:
		return ""
	case i.deviceType() == DeviceTap:
	case i.Topology == TopologyP2P:
		return net.Addr().Next().String() // that of the server
	case i.Topology == TopologyNet30:
		return partner(a).String()
	}
	return netmask(net.Bits())
}

// partner is the other usable address of a network of four.
func partner(a netip.Addr) netip.Addr {
	if b := a.As4(); b[3]%4 == 1 {
		return a.Next()
	}
	return a.Prev()
}
