package strongswan

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// any is the gateway of a connection that only responds.
const anyGateway = "any"

// connection returns the message of load-conn. It holds no secret.
func (n names) connection(d ipsec.Definition, certificates *certificates) *vici.Message {
	m := new(vici.Message)
	gateway := d.Gateway
	if gateway == anyGateway {
		gateway = "%any"
	}
	m.SetList("remote_addrs", gateway)
	if d.KeyExchange == ipsec.IKEv1 {
		m.Set("version", "1").Set("aggressive", yesNo(d.ExchangeMode == ipsec.ModeAggressive))
	} else {
		m.Set("version", "2").Set("mobike", yesNo(d.MOBIKE))
	}
	m.SetList("proposals", notations(d.Phase1)...)
	// over_time comes on top of rekey_time: the sum is the longest life.
	life := seconds(d.IKELifetime)
	m.Set("rekey_time", number(life*9/10)).Set("over_time", number(life-life*9/10)).Set("rand_time", number(life/10))
	if d.DPDAction != ipsec.DPDNone && d.DPDAction != "" {
		m.Set("dpd_delay", number(seconds(d.DPDDelay)))
		if d.KeyExchange == ipsec.IKEv1 {
			m.Set("dpd_timeout", number(seconds(d.DPDTimeout)))
		}
	}
	if d.DPDAction == ipsec.DPDRestart {
		m.Set("keyingtries", "0") // for ever; with the default charon gives up once
	}
	if d.Fragmentation != "" {
		m.Set("fragmentation", string(d.Fragmentation))
	}
	if d.VirtualIP {
		m.SetList("vips", "0.0.0.0")
	}
	if d.Pool != nil {
		m.SetList("pools", n.charon(d.Name))
	}
	m.SetSection("local", local(d, certificates)).SetSection("remote", remote(d, certificates))
	m.SetSection("children", n.children(d))
	return new(vici.Message).SetSection(n.charon(d.Name), m)
}

func local(d ipsec.Definition, c *certificates) *vici.Message {
	m := new(vici.Message).Set("auth", auth(d))
	if d.LocalID != "" {
		m.Set("id", d.LocalID)
	}
	if c != nil {
		m.SetList("certs", c.own)
	}
	return m
}

func remote(d ipsec.Definition, c *certificates) *vici.Message {
	m := new(vici.Message).Set("auth", auth(d))
	if id := remoteID(d); id != "" {
		m.Set("id", id)
	}
	if c != nil && len(c.peer) > 0 {
		m.SetList("certs", c.peer...)
	}
	if c != nil && len(c.authorities) > 0 {
		// Named always: an authority that is merely loaded counts for every
		// connection.
		m.SetList("cacerts", c.authorities...)
	}
	return m
}

func auth(d ipsec.Definition) string {
	if d.Authentication == ipsec.AuthRSA {
		return "pubkey"
	}
	return "psk"
}

// remoteID is the identity that the peer must have; none means any.
func remoteID(d ipsec.Definition) string {
	if d.RemoteID != "" {
		return d.RemoteID
	}
	if _, err := netip.ParseAddr(d.Gateway); err == nil && d.Authentication != ipsec.AuthRSA {
		return d.Gateway
	}
	return ""
}

func (n names) children(d ipsec.Definition) *vici.Message {
	m := new(vici.Message).SetSection(n.charon(d.Name), child(d))
	if len(d.PassthroughSubnets) > 0 {
		bypass := new(vici.Message).Set("mode", "pass").Set("start_action", "trap")
		setSelectors(bypass, "local_ts", d.LocalSubnets)
		setSelectors(bypass, "remote_ts", d.PassthroughSubnets)
		m.SetSection(n.bypass(d.Name), bypass)
	}
	return m
}

func child(d ipsec.Definition) *vici.Message {
	m := new(vici.Message).SetList("esp_proposals", notations(d.Phase2)...)
	if d.Type == ipsec.TypeTransport {
		m.Set("mode", "transport")
		setPorts(m, "local_ts", d.LocalPorts)
		setPorts(m, "remote_ts", d.RemotePorts)
	} else {
		m.Set("mode", "tunnel")
		setSelectors(m, "local_ts", d.LocalSubnets)
		setSelectors(m, "remote_ts", d.RemoteSubnets)
	}
	if d.Compression {
		m.Set("ipcomp", "yes")
	}
	// All three, or charon's default of rand_time moves the renewal to
	// anywhere, even before the beginning.
	life := seconds(d.KeyLifetime)
	m.Set("rekey_time", number(life*9/10)).Set("life_time", number(life)).Set("rand_time", number(life/10))
	switch d.DPDAction {
	case ipsec.DPDClear:
		m.Set("dpd_action", "clear")
	case ipsec.DPDHold:
		m.Set("dpd_action", "trap")
	case ipsec.DPDRestart:
		m.Set("dpd_action", "restart")
	}
	switch d.CloseAction {
	case ipsec.CloseHold:
		m.Set("close_action", "trap")
	case ipsec.CloseRestart:
		m.Set("close_action", "start")
	}
	// Never start: charon would end and re-make the SA at each load. What is
	// to be up is initiated.
	if d.StartAction == ipsec.StartTrap && d.Gateway != anyGateway {
		return m.Set("start_action", "trap")
	}
	return m.Set("start_action", "none")
}

func setSelectors(m *vici.Message, key string, subnets ipsec.Subnets) {
	if len(subnets) > 0 {
		m.SetList(key, subnets...)
	}
}

func setPorts(m *vici.Message, key, ports string) {
	if ports != "" {
		m.SetList(key, "dynamic["+ports+"]")
	}
}

// sharedKey returns the message of load-shared.
func (n names) sharedKey(d ipsec.Definition) *vici.Message {
	m := new(vici.Message).Set("id", n.charon(d.Name)).Set("type", "IKE").Set("data", d.PreSharedKey.Reveal())
	if owners := owners(d); len(owners) > 0 {
		m.SetList("owners", owners...)
	}
	return m
}

// owners are the identities that a pre-shared key is for. Both, where they are
// known: charon takes the key that fits best, and with one of them alone the
// keys of two connections with one local identity would be mixed up.
func owners(d ipsec.Definition) []string {
	var owners []string
	if d.LocalID != "" {
		owners = append(owners, d.LocalID)
	}
	switch peer := remoteID(d); {
	case peer != "":
		owners = append(owners, peer)
	case d.Gateway != anyGateway:
		// Its identity is not known, and is not guessed. The name keeps the
		// keys of two gateways apart in the daemon's lists only, so that
		// [ipsec.Config.Validate] refuses two such connections.
		owners = append(owners, d.Gateway)
	}
	return owners
}

// pool returns the message of load-pool.
func (n names) pool(d ipsec.Definition) *vici.Message {
	m := new(vici.Message).Set("addrs", d.Pool.Addresses)
	if len(d.Pool.DNS) > 0 {
		m.SetList("dns", d.Pool.DNS...)
	}
	return new(vici.Message).SetSection(n.charon(d.Name), m)
}

// notations returns proposals as charon wants them.
func notations[P interface{ String() string }](proposals []P) []string {
	texts := make([]string, len(proposals))
	for i, p := range proposals {
		texts[i] = p.String()
	}
	return texts
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// seconds returns a duration as charon counts, at least one.
func seconds(d ipsec.Duration) int64 {
	return max(1, int64(d.Std().Round(time.Second)/time.Second))
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
