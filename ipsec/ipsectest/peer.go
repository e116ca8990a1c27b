package ipsectest

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
)

// ours is where the fake daemon stands.
var ours = netip.MustParseAddr("192.0.2.1")

// judge returns why the peer of a connection refuses what it is offered, nil
// when it does not.
func (d *Daemon) judge(def ipsec.Definition) *ipsec.Failure {
	fail := func(cause ipsec.Cause, detail string) *ipsec.Failure {
		return &ipsec.Failure{Connection: def.Name, Cause: cause, Detail: detail, Log: []string{detail}}
	}
	switch d.peers[def.Name] {
	case PeerSilent:
		return fail(ipsec.CauseNoResponse, "giving up after 2 retransmits: the peer does not answer")
	case PeerNameless:
		return fail(ipsec.CauseName, fmt.Sprintf("unable to resolve %s", def.Gateway))
	}
	want, known := d.expected[def.Name]
	switch {
	case !known:
		return nil
	case !slices.ContainsFunc(def.Phase1, func(p ipsec.Phase1Proposal) bool {
		return slices.ContainsFunc(want.Phase1, func(q ipsec.Phase1Proposal) bool { return p.String() == q.String() })
	}):
		return fail(ipsec.CausePhase1, "NO_PROPOSAL_CHOSEN for the IKE SA: compare the phase 1 proposals of both ends")
	case def.PreSharedKey != want.PreSharedKey, def.Authentication != want.Authentication:
		return fail(ipsec.CauseAuthentication, "AUTHENTICATION_FAILED: compare pre-shared key and identities of both ends")
	case !slices.ContainsFunc(def.Phase2, func(p ipsec.Phase2Proposal) bool {
		return slices.ContainsFunc(want.Phase2, func(q ipsec.Phase2Proposal) bool { return p.String() == q.String() })
	}):
		return fail(ipsec.CausePhase2, "NO_PROPOSAL_CHOSEN for the CHILD SA: compare the phase 2 proposals of both ends")
	case !meet(def.LocalSubnets, want.LocalSubnets), !meet(def.RemoteSubnets, want.RemoteSubnets):
		return fail(ipsec.CauseSelectors, "TS_UNACCEPTABLE: compare the subnets of both ends")
	}
	return nil
}

// meet tells whether subnets have anything in common, as narrowing does.
func meet(a, b ipsec.Subnets) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	for _, p := range a {
		for _, q := range b {
			x, errX := netip.ParsePrefix(p)
			y, errY := netip.ParsePrefix(q)
			if errX == nil && errY == nil && x.Overlaps(y) {
				return true
			}
		}
	}
	return false
}

// establish makes the SAs of a connection.
func (d *Daemon) establish(loaded string, def ipsec.Definition, initiator bool) {
	gateway, err := netip.ParseAddr(def.Gateway)
	if err != nil {
		gateway = netip.MustParseAddr("192.0.2.2")
	}
	now := time.Now()
	sa := &ipsec.SA{
		Connection: loaded, ID: d.id(), Version: def.KeyExchange, State: "ESTABLISHED", Initiator: initiator,
		LocalHost: netip.AddrPortFrom(ours, 500), RemoteHost: netip.AddrPortFrom(gateway, 500),
		LocalID: def.LocalID, RemoteID: def.RemoteID, Established: now,
		RekeyAt: now.Add(def.IKELifetime.Std() * 9 / 10),
	}
	sa.InitiatorSPI, sa.ResponderSPI = fmt.Sprintf("%016x", d.id()), fmt.Sprintf("%016x", d.id())
	if len(def.Phase1) > 0 {
		sa.Algorithms = def.Phase1[0].String()
	}
	if sa.LocalID == "" {
		sa.LocalID = ours.String()
	}
	if sa.RemoteID == "" {
		sa.RemoteID = gateway.String()
	}
	sa.Children = []ipsec.ChildSA{d.child(def)}
	d.sas = append(d.sas, sa)
	d.tell(loaded)
}

// child makes one data channel.
func (d *Daemon) child(def ipsec.Definition) ipsec.ChildSA {
	now := time.Now()
	c := ipsec.ChildSA{
		Name: def.Name, ID: d.id(), State: "INSTALLED", Mode: "TUNNEL", Installed: now,
		RekeyAt: now.Add(def.KeyLifetime.Std() * 9 / 10), ExpiresAt: now.Add(def.KeyLifetime.Std()),
		LocalSubnets: slices.Clone(def.LocalSubnets), RemoteSubnets: slices.Clone(def.RemoteSubnets),
	}
	c.SPIIn, c.SPIOut = fmt.Sprintf("%08x", d.id()), fmt.Sprintf("%08x", d.id())
	if def.Type == ipsec.TypeTransport {
		c.Mode = "TRANSPORT"
	}
	if def.Compression {
		c.CPIIn, c.CPIOut = fmt.Sprintf("%04x", d.id()), fmt.Sprintf("%04x", d.id())
	}
	if len(def.Phase2) > 0 {
		c.Algorithms = def.Phase2[0].String()
	}
	return c
}

func (d *Daemon) id() uint64 {
	d.lastID++
	return d.lastID
}

// up tells whether a connection has a data channel.
func (d *Daemon) up(loaded string) bool {
	return slices.ContainsFunc(d.sas, func(sa *ipsec.SA) bool {
		return sa.Connection == loaded && slices.ContainsFunc(sa.Children, func(c ipsec.ChildSA) bool { return c.State == "INSTALLED" })
	})
}

// drop ends the SAs of a connection.
func (d *Daemon) drop(loaded string) {
	before := len(d.sas)
	d.sas = slices.DeleteFunc(d.sas, func(sa *ipsec.SA) bool { return sa.Connection == loaded })
	if len(d.sas) != before {
		d.tell(loaded)
	}
}

// find returns what is loaded for the connection of a name, whoever owns it.
func (d *Daemon) find(name string) (loaded string, def ipsec.Definition, ok bool) {
	for loaded, def := range d.conns {
		if def.Name == name {
			return loaded, def, true
		}
	}
	return "", def, false
}

// PeerCloses lets the peer end a connection in good order.
func (d *Daemon) PeerCloses(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if loaded, _, ok := d.find(name); ok {
		d.drop(loaded)
	}
}

// PeerDies lets the peer of a connection be given up for dead.
func (d *Daemon) PeerDies(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if loaded, def, ok := d.find(name); ok {
		if def.DPDAction != ipsec.DPDNone && d.up(loaded) {
			d.tellEvent(loaded, ipsec.Event{Dead: true})
		}
		d.drop(loaded)
	}
}

// Unload takes a connection out of the daemon as somebody else would: what is
// up stays up.
func (d *Daemon) Unload(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if loaded, _, ok := d.find(name); ok {
		delete(d.conns, loaded)
		d.tellEvent(loaded, ipsec.Event{Lost: true})
	}
}

// PeerInitiates lets the peer bring a connection up. It tells whether the
// daemon has one for it.
func (d *Daemon) PeerInitiates(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	loaded, def, ok := d.find(name)
	if ok && !d.up(loaded) {
		d.establish(loaded, def, false)
	}
	return ok
}

// CloseChild lets the peer close the data channel of a connection only: the
// keying channel stays, and the child is listed as DELETED for a while.
func (d *Daemon) CloseChild(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	loaded, _, _ := d.find(name)
	for _, sa := range d.sas {
		if sa.Connection == loaded {
			d.retire(sa, "DELETED")
		}
	}
	d.tell(loaded)
}

// retire lets the children of an SA linger in a state.
func (d *Daemon) retire(sa *ipsec.SA, state string) {
	for i := range sa.Children {
		if sa.Children[i].State == "INSTALLED" {
			sa.Children[i].State = state
			d.children[sa.Children[i].ID] = time.Now().Add(Linger)
		}
	}
}

// Pass sends traffic of so many bytes each way, in one packet, to where a
// connection leads. It is protected, counted and true when the connection is
// up, or comes up on demand.
func (d *Daemon) Pass(name string, bytes uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	loaded, def, ok := d.find(name)
	if !ok {
		return false
	}
	if !d.up(loaded) {
		if def.StartAction != ipsec.StartTrap || d.judge(def) != nil {
			return false
		}
		d.establish(loaded, def, true)
	}
	for _, sa := range d.sas {
		for i := range sa.Children {
			if c := &sa.Children[i]; sa.Connection == loaded && c.State == "INSTALLED" {
				c.BytesIn += bytes
				c.BytesOut += bytes
				c.PacketsIn++
				c.PacketsOut++
				return true
			}
		}
	}
	return false
}
