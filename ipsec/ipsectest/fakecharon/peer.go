package fakecharon

import (
	"fmt"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// Peer is how the other end of a connection behaves. The zero value takes
// everything at once. Empty fields are not compared.
type Peer struct {
	Silent bool          // it does not answer
	Delay  time.Duration // until it answers
	// Nameless: the host name of the gateway does not resolve.
	Nameless bool
	// Key is its pre-shared key.
	Key string
	// Proposals and ESPProposals are what it takes, Subnets what it has
	// (remote_ts of the connection).
	Proposals, ESPProposals, Subnets []string
	// Log are lines that charon logs when the peer refuses otherwise; with
	// any the connection does not come up.
	Log []string
}

// SetPeer sets how the peer of a connection behaves, by its name in the
// daemon.
func (d *Daemon) SetPeer(name string, p Peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.peers[name] = p
}

// initiate negotiates with a peer.
func (c *client) initiate(m *vici.Message) *vici.Message {
	name, child := m.Text("ike"), m.Text("child")
	if name == "" {
		name = child
	}
	d := c.daemon
	sa, duplicate, peer := d.beginInitiate(name, child)
	if sa == nil {
		if duplicate {
			c.log(name, fmt.Sprintf("not establishing CHILD_SA %s{2} due to existing duplicate {1}", child))
			return failure(fmt.Sprintf("establishing CHILD_SA '%s' failed", child))
		}
		return failure(fmt.Sprintf("CHILD_SA config '%s' not found", child))
	}
	timeout := time.Duration(number(m.Text("timeout"), 0)) * time.Millisecond
	c.log(name, fmt.Sprintf("initiating IKE_SA %s[%d] to %s", name, sa.id, sa.gateway))
	wait, lines := peer.Delay, []string(nil)
	if peer.Silent {
		wait = d.options.Silence
		lines = []string{
			"retransmit 1 of request with message ID 0", "giving up after 2 retransmits",
			"establishing IKE_SA failed, peer not responding",
		}
	}
	if timeout > 0 && timeout < wait {
		c.pause(timeout, sa)
		return failure(fmt.Sprintf("CHILD_SA '%s' not established after %dms", child, timeout.Milliseconds()))
	}
	if !c.pause(wait, sa) {
		return failure(fmt.Sprintf("establishing CHILD_SA '%s' failed", child))
	}
	refused, half := d.judge(sa, peer)
	for _, line := range append(lines, refused...) {
		c.log(name, line)
	}
	if peer.Silent || len(refused) > 0 {
		d.abandon(sa, half)
		return failure(fmt.Sprintf("establishing CHILD_SA '%s' failed", child))
	}
	if !d.finish(sa) {
		return failure(fmt.Sprintf("establishing CHILD_SA '%s' failed", child))
	}
	c.log(name, fmt.Sprintf("CHILD_SA %s{%d} established with SPIs", child, sa.id))
	return success()
}

func (c *client) log(name, text string) {
	c.event("control-log", new(vici.Message).Set("group", "IKE").Set("level", "1").Set("ikesa-name", name).Set("msg", text))
}

// beginInitiate makes the SA of a negotiation. There is none when the
// connection is not loaded, or, by IKEv2, when it is up already.
func (d *Daemon) beginInitiate(name, child string) (sa *ikeSA, duplicate bool, p Peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.conns[name]
	if m == nil || m.Section("children").Section(child) == nil {
		return nil, false, Peer{}
	}
	for _, other := range d.sas {
		if other.name == name && other.state == "ESTABLISHED" && len(other.children) > 0 && other.version == "2" {
			return nil, true, Peer{}
		}
	}
	sa = d.establish(name, true)
	sa.state, sa.children = "CONNECTING", nil
	return sa, false, d.peers[name]
}

// pause waits, and tells whether the negotiation is still on then. As in
// charon it goes on when the client goes, but nobody waits for it.
func (c *client) pause(wait time.Duration, sa *ikeSA) bool {
	end := time.After(wait)
	for {
		select {
		case <-end:
			return c.daemon.negotiates(sa)
		case <-c.daemon.ended():
			return false
		case <-c.gone:
			return false
		case <-time.After(5 * time.Millisecond):
			if !c.daemon.negotiates(sa) {
				return false
			}
		}
	}
}

func (d *Daemon) ended() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.down
}

func (d *Daemon) negotiates(sa *ikeSA) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.sas, sa)
}

// judge returns charon's log when a peer refuses, nothing when it does not;
// half tells whether the keying channel is established by then.
func (d *Daemon) judge(sa *ikeSA, p Peer) (lines []string, half bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.conns[sa.name]
	child := m.Section("children").Section(sa.name)
	up := fmt.Sprintf("IKE_SA %s[%d] established between %s[%s]...%s[%s]", sa.name, sa.id, near, sa.local, sa.gateway, sa.remote)
	switch {
	case p.Silent:
		return nil, false
	case p.Nameless:
		return []string{fmt.Sprintf("unable to resolve %s, initiate aborted", first(m.List("remote_addrs")))}, false
	case len(p.Log) > 0:
		return p.Log, false
	case !share(m.List("proposals"), p.Proposals):
		return []string{"received NO_PROPOSAL_CHOSEN notify error"}, false
	case m.Section("local").Text("auth") == "psk" && d.keyFor(sa) == "":
		return []string{fmt.Sprintf("no shared key found for '%s' - '%s'", sa.local, sa.remote)}, false
	case p.Key != "" && m.Section("local").Text("auth") == "psk" && d.keyFor(sa) != p.Key:
		return []string{"received AUTHENTICATION_FAILED notify error"}, false
	case !share(child.List("esp_proposals"), p.ESPProposals):
		return []string{up, "received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built", "failed to establish CHILD_SA, keeping IKE_SA"}, true
	case !share(child.List("remote_ts"), p.Subnets):
		return []string{up, "received TS_UNACCEPTABLE notify, no CHILD_SA built", "failed to establish CHILD_SA, keeping IKE_SA"}, true
	}
	return nil, false
}

// share tells whether lists have something in common; an empty one takes all.
func share(a, b []string) bool {
	if len(b) == 0 {
		return true
	}
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// keyFor returns the pre-shared key that fits an SA best: one whose owners are
// both identities before one that has one of them or no owner.
func (d *Daemon) keyFor(sa *ikeSA) string {
	best, data := 0, ""
	for _, key := range d.shared {
		match := 0
		switch {
		case slices.Contains(key.owners, sa.local) && slices.Contains(key.owners, sa.remote):
			match = 3
		case slices.Contains(key.owners, sa.local):
			match = 2
		case len(key.owners) == 0:
			match = 1
		}
		if match > best {
			best, data = match, key.data
		}
	}
	return data
}

// abandon ends a negotiation that failed; half of it stays, where the keying
// channel was established.
func (d *Daemon) abandon(sa *ikeSA, half bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if half {
		sa.state, sa.since = "ESTABLISHED", time.Now()
		return
	}
	d.sas = slices.DeleteFunc(d.sas, func(other *ikeSA) bool { return other == sa })
}

// finish ends a negotiation well, unless it was ended meanwhile.
func (d *Daemon) finish(sa *ikeSA) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.sas, sa) || d.conns[sa.name] == nil {
		return false
	}
	sa.state, sa.since, sa.children = "ESTABLISHED", time.Now(), []*childSA{d.child(sa.name)}
	d.tell(sa, true)
	return true
}
