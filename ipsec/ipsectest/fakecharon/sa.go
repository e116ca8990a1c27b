package fakecharon

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// ikeSA is a keying channel.
type ikeSA struct {
	id        uint64
	name      string
	version   string
	state     string
	initiator bool
	since     time.Time
	rekey     int64 // seconds after since
	local     string
	remote    string
	gateway   netip.Addr
	proposal  string
	children  []*childSA
}

// childSA is a data channel.
type childSA struct {
	id            uint64
	name          string
	state         string
	mode          string
	since         time.Time
	rekey, life   int64
	proposal      string
	spiIn, spiOut uint64
	local, remote []string
}

// near is where the daemon is, far a peer whose address is not known.
var (
	near = netip.MustParseAddr("192.0.2.1")
	far  = netip.MustParseAddr("192.0.2.2")
)

func (d *Daemon) nextID() uint64 {
	d.lastID++
	return d.lastID
}

// establish makes the SAs of a loaded connection; the caller holds the lock.
func (d *Daemon) establish(name string, initiator bool) *ikeSA {
	m := d.conns[name]
	sa := &ikeSA{
		id: d.nextID(), name: name, version: m.Text("version"), state: "ESTABLISHED", initiator: initiator, since: time.Now(),
		local: m.Section("local").Text("id"), remote: m.Section("remote").Text("id"), gateway: far,
		rekey: number(m.Text("rekey_time"), 14400), proposal: first(m.List("proposals")),
	}
	if addr, err := netip.ParseAddr(first(m.List("remote_addrs"))); err == nil {
		sa.gateway = addr
	}
	if sa.local == "" {
		sa.local = near.String()
	}
	if sa.remote == "" {
		sa.remote = sa.gateway.String()
	}
	sa.children = []*childSA{d.child(name)}
	d.sas = append(d.sas, sa)
	return sa
}

func (d *Daemon) child(name string) *childSA {
	m := d.conns[name].Section("children").Section(name)
	c := &childSA{
		id: d.nextID(), name: name, state: "INSTALLED", mode: strings.ToUpper(m.Text("mode")), since: time.Now(),
		rekey: number(m.Text("rekey_time"), 3600), life: number(m.Text("life_time"), 3960),
		spiIn: 0xc0000000 + d.nextID(), spiOut: 0xc0000000 + d.nextID(),
		local: m.List("local_ts"), remote: m.List("remote_ts"),
	}
	// With IKEv2 the group of the first child is that of the IKE SA.
	c.proposal = first(m.List("esp_proposals"))
	if words := strings.Split(c.proposal, "-"); d.conns[name].Text("version") != "1" && isGroup(words[len(words)-1]) {
		c.proposal = strings.Join(words[:len(words)-1], "-")
	}
	if c.mode == "" {
		c.mode = "TUNNEL"
	}
	return c
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func number(text string, other int64) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(text, "s"), 10, 32)
	if err != nil {
		return other
	}
	return n
}

// message returns the SA as list-sas shows it.
func (sa *ikeSA) message(now time.Time) *vici.Message {
	age := int64(now.Sub(sa.since) / time.Second)
	m := new(vici.Message).Set("uniqueid", fmt.Sprint(sa.id)).Set("version", sa.version).Set("state", sa.state).
		Set("local-host", near.String()).Set("local-port", "500").Set("local-id", sa.local).
		Set("remote-host", sa.gateway.String()).Set("remote-port", "500").Set("remote-id", sa.remote)
	if sa.initiator {
		m.Set("initiator", "yes")
	}
	m.Set("initiator-spi", fmt.Sprintf("%016x", sa.id*7919)).Set("responder-spi", fmt.Sprintf("%016x", sa.id*104729))
	setAlgorithms(m, sa.proposal, true)
	if sa.state == "ESTABLISHED" {
		m.Set("established", fmt.Sprint(age)).Set("rekey-time", fmt.Sprint(sa.rekey-age))
	}
	children := new(vici.Message)
	for _, c := range sa.children {
		children.SetSection(fmt.Sprintf("%s-%d", c.name, c.id), c.message(now))
	}
	return m.SetSection("child-sas", children)
}

func (c *childSA) message(now time.Time) *vici.Message {
	age := int64(now.Sub(c.since) / time.Second)
	m := new(vici.Message).Set("name", c.name).Set("uniqueid", fmt.Sprint(c.id)).Set("reqid", fmt.Sprint(c.id)).
		Set("state", c.state).Set("mode", c.mode).Set("protocol", "ESP").
		Set("spi-in", fmt.Sprintf("%08x", c.spiIn)).Set("spi-out", fmt.Sprintf("%08x", c.spiOut))
	setAlgorithms(m, c.proposal, false)
	return m.Set("bytes-in", "0").Set("packets-in", "0").Set("bytes-out", "0").Set("packets-out", "0").
		Set("rekey-time", fmt.Sprint(c.rekey-age)).Set("life-time", fmt.Sprint(c.life-age)).
		Set("install-time", fmt.Sprint(age)).SetList("local-ts", c.local...).SetList("remote-ts", c.remote...)
}

func isGroup(word string) bool {
	return strings.HasPrefix(word, "modp") || strings.HasPrefix(word, "ecp") || strings.HasSuffix(word, "25519")
}

var keyBits = map[string]int{"aes128": 128, "aes192": 192, "aes256": 256}

// setAlgorithms writes a proposal as charon names its parts.
func setAlgorithms(m *vici.Message, proposal string, prf bool) {
	for word := range strings.SplitSeq(proposal, "-") {
		cipher, aead := strings.CutSuffix(word, "gcm16")
		switch bits := keyBits[cipher]; {
		case bits > 0 && aead:
			m.Set("encr-alg", "AES_GCM_16").Set("encr-keysize", fmt.Sprint(bits))
		case bits > 0:
			m.Set("encr-alg", "AES_CBC").Set("encr-keysize", fmt.Sprint(bits))
		case word == "3des":
			m.Set("encr-alg", "3DES_CBC")
		case word == "chacha20poly1305":
			m.Set("encr-alg", "CHACHA20_POLY1305")
		case isGroup(word):
			m.Set("dh-group", groupName(word))
		default:
			setHash(m, word, prf)
		}
	}
}

// hashes are charon's names of hash functions, and how far ESP cuts them.
var hashes = map[string][2]string{
	"md5": {"HMAC_MD5", "_96"}, "sha1": {"HMAC_SHA1", "_96"}, "sha256": {"HMAC_SHA2_256", "_128"},
	"sha384": {"HMAC_SHA2_384", "_192"}, "sha512": {"HMAC_SHA2_512", "_256"},
}

func setHash(m *vici.Message, word string, prf bool) {
	word, alone := strings.CutPrefix(word, "prf")
	h, known := hashes[word]
	if !known {
		return
	}
	if !alone {
		m.Set("integ-alg", h[0]+h[1])
	}
	if prf {
		m.Set("prf-alg", "PRF_"+h[0])
	}
}

func groupName(word string) string {
	switch {
	case strings.HasPrefix(word, "modp"):
		return "MODP_" + word[4:]
	case strings.HasPrefix(word, "ecp"):
		return "ECP_" + word[3:]
	}
	return "CURVE_25519"
}

// tell sends the events of an SA that comes or goes; the caller holds the
// lock.
func (d *Daemon) tell(sa *ikeSA, up bool) {
	for _, event := range []string{"ike-updown", "child-updown"} {
		m := new(vici.Message)
		if up {
			m.Set("up", "yes")
		}
		m.SetSection(sa.name, sa.message(time.Now()))
		d.broadcast(event, m)
	}
}

// broadcast sends an event to who wants it.
func (d *Daemon) broadcast(event string, m *vici.Message) {
	for c := range d.clients {
		c.event(event, m)
	}
}

// end removes SAs, with their events; the caller holds the lock.
func (d *Daemon) end(which func(*ikeSA) bool) int {
	ended := 0
	d.sas = slices.DeleteFunc(d.sas, func(sa *ikeSA) bool {
		if !which(sa) {
			return false
		}
		ended++
		d.tell(sa, false)
		return true
	})
	return ended
}

func (d *Daemon) terminate(m *vici.Message) *vici.Message {
	ended := d.end(func(sa *ikeSA) bool { return sa.name == m.Text("ike") })
	if ended == 0 {
		return failure("no matching SAs to terminate found").Set("matches", "0").Set("terminated", "0")
	}
	return success().Set("matches", fmt.Sprint(ended)).Set("terminated", fmt.Sprint(ended))
}

func (d *Daemon) rekey(m *vici.Message) *vici.Message {
	matches := 0
	for _, sa := range d.sas {
		for i, old := range sa.children {
			if old.name != m.Text("child") || old.state != "INSTALLED" || d.conns[sa.name] == nil {
				continue
			}
			matches++
			sa.children[i] = d.child(old.name)
			renewed := new(vici.Message).SetSection(sa.name, new(vici.Message).SetSection("child-sas", new(vici.Message)))
			for c := range d.clients {
				c.event("child-rekey", renewed)
			}
		}
	}
	if matches == 0 {
		return failure("no matching SAs found").Set("matches", "0")
	}
	return success().Set("matches", fmt.Sprint(matches))
}

// Raise lets the peer of a loaded connection bring it up.
func (d *Daemon) Raise(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conns[name] == nil {
		return fmt.Errorf("fakecharon: the connection %s is not loaded", name)
	}
	d.tell(d.establish(name, false), true)
	return nil
}

// Drop lets the peer of a connection close it.
func (d *Daemon) Drop(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.end(func(sa *ikeSA) bool { return sa.name == name }) == 0 {
		return fmt.Errorf("fakecharon: the connection %s is not up", name)
	}
	return nil
}

// Die lets the peer of a connection that is up be given up, as charon does
// after its last retransmission.
func (d *Daemon) Die(name string) error {
	d.mu.Lock()
	for _, sa := range d.sas {
		if sa.name == name {
			d.broadcast("log", new(vici.Message).Set("group", "IKE").Set("level", "1").Set("thread", "9").
				Set("ikesa-name", name).Set("ikesa-uniqueid", fmt.Sprint(sa.id)).Set("msg", "giving up after 5 retransmits"))
		}
	}
	d.mu.Unlock()
	return d.Drop(name)
}

// AddSAs makes SAs as if they were established, without events: prefix0,
// prefix1 and so on. They need no loaded connection.
func (d *Daemon) AddSAs(prefix string, count int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range count {
		name := prefix + strconv.Itoa(i)
		now := time.Now()
		d.sas = append(d.sas, &ikeSA{
			id: d.nextID(), name: name, version: "2", state: "ESTABLISHED", initiator: true, since: now, rekey: 3240,
			local: "near", remote: "far" + strconv.Itoa(i), gateway: far, proposal: "aes256-sha256-modp2048",
			children: []*childSA{{
				id: d.nextID(), name: name, state: "INSTALLED", mode: "TUNNEL", since: now, rekey: 9720, life: 10800,
				proposal: "aes128-sha256", spiIn: 0xc0000000 + d.nextID(), spiOut: 0xc0000000 + d.nextID(),
				local: []string{"10.10.12.0/24"}, remote: []string{fmt.Sprintf("10.%d.%d.0/24", i/250+20, i%250)},
			}},
		})
	}
}

// Established returns the names of the connections that have an SA, in the
// order of their age; one with two is named twice.
func (d *Daemon) Established() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for _, sa := range d.sas {
		if sa.state == "ESTABLISHED" {
			list = append(list, sa.name)
		}
	}
	return list
}

// UpDown sends the events of a connection that comes up or goes down, and
// changes nothing.
func (d *Daemon) UpDown(name string, up bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tell(&ikeSA{id: d.lastID, name: name, version: "2", state: "ESTABLISHED", since: time.Now(), gateway: far}, up)
}
