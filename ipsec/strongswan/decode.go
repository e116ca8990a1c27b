package strongswan

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// The bounds of one IKE SA: what is beyond is left out.
const (
	maxChildren  = 1000
	maxSelectors = 1000
	textBytes    = 1024
)

// decodeSAs returns the IKE SAs of an event list-sa that are ours, as of now.
func (n names) decodeSAs(m *vici.Message, now time.Time) []ipsec.SA {
	var list []ipsec.SA
	for name, section := range m.Sections() {
		if connection, ours := n.ours(name); ours {
			sa := decodeSA(section, now)
			sa.Connection = connection
			for child := range n.childSAs(section, now) {
				if len(sa.Children) == maxChildren {
					break
				}
				sa.Children = append(sa.Children, child)
			}
			list = append(list, sa)
		}
	}
	return list
}

// decodeSA reads an IKE SA without its children.
func decodeSA(m *vici.Message, now time.Time) ipsec.SA {
	sa := ipsec.SA{
		ID: count(m.Text("uniqueid")), State: short(m.Text("state")), Initiator: m.Text("initiator") == "yes",
		InitiatorSPI: short(m.Text("initiator-spi")), ResponderSPI: short(m.Text("responder-spi")),
		LocalHost: host(m, "local"), RemoteHost: host(m, "remote"),
		LocalID: short(m.Text("local-id")), RemoteID: short(m.Text("remote-id")),
		NATLocal: m.Text("nat-local") == "yes", NATRemote: m.Text("nat-remote") == "yes",
		Algorithms: algorithms(m), Established: ago(m.Text("established"), now),
		RekeyAt: ahead(m.Text("rekey-time"), now), Version: ipsec.IKEv2,
	}
	if m.Text("version") == "1" {
		sa.Version = ipsec.IKEv1
	}
	if reauth := ahead(m.Text("reauth-time"), now); sa.RekeyAt.IsZero() || !reauth.IsZero() && reauth.Before(sa.RekeyAt) {
		sa.RekeyAt = reauth
	}
	for _, text := range slices.Concat(m.List("local-vips"), m.List("remote-vips")) { // ours, or the peer's out of our pool
		if addr, err := netip.ParseAddr(text); err == nil && len(sa.VirtualIPs) < maxSelectors {
			sa.VirtualIPs = append(sa.VirtualIPs, addr)
		}
	}
	return sa
}

// childSAs returns the data channels of an IKE SA.
func (n names) childSAs(m *vici.Message, now time.Time) func(func(ipsec.ChildSA) bool) {
	return func(yield func(ipsec.ChildSA) bool) {
		for _, section := range m.Section("child-sas").Sections() {
			if !yield(n.childSA(section, now)) {
				return
			}
		}
	}
}

func (n names) childSA(m *vici.Message, now time.Time) ipsec.ChildSA {
	name, _ := n.ours(short(m.Text("name")))
	return ipsec.ChildSA{
		Name: name, ID: count(m.Text("uniqueid")), State: short(m.Text("state")), Mode: short(m.Text("mode")),
		SPIIn: short(m.Text("spi-in")), SPIOut: short(m.Text("spi-out")),
		CPIIn: short(m.Text("cpi-in")), CPIOut: short(m.Text("cpi-out")),
		UDPEncapsulated: m.Text("encap") == "yes", Algorithms: algorithms(m),
		BytesIn: count(m.Text("bytes-in")), BytesOut: count(m.Text("bytes-out")),
		PacketsIn: count(m.Text("packets-in")), PacketsOut: count(m.Text("packets-out")),
		Installed: ago(m.Text("install-time"), now), RekeyAt: ahead(m.Text("rekey-time"), now),
		ExpiresAt:    ahead(m.Text("life-time"), now),
		LocalSubnets: shorts(m.List("local-ts")), RemoteSubnets: shorts(m.List("remote-ts")),
	}
}

func host(m *vici.Message, side string) netip.AddrPort {
	addr, err := netip.ParseAddr(m.Text(side + "-host"))
	if err != nil {
		return netip.AddrPort{}
	}
	port, err := strconv.ParseUint(m.Text(side+"-port"), 10, 16)
	if err != nil {
		port = 0
	}
	return netip.AddrPortFrom(addr, uint16(port))
}

// count reads a number; what is none is 0.
func count(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// ago is the time that lies so many seconds back; zero without a number.
func ago(text string, now time.Time) time.Time { return shifted(text, now, -1) }

// ahead is the time that lies so many seconds ahead.
func ahead(text string, now time.Time) time.Time { return shifted(text, now, 1) }

func shifted(text string, now time.Time, sign int64) time.Time {
	n, err := strconv.ParseInt(text, 10, 32) // charon's are of 32 bits, and may be negative
	if err != nil {
		return time.Time{}
	}
	return now.Add(time.Duration(sign*n) * time.Second)
}

// short keeps a text within bounds.
func short(text string) string {
	if len(text) > textBytes {
		return strings.ToValidUTF8(text[:textBytes], "")
	}
	return text
}

func shorts(list []string) []string {
	if len(list) > maxSelectors {
		list = list[:maxSelectors]
	}
	for i := range list {
		list[i] = short(list[i])
	}
	return list
}

// algorithms writes what an SA uses as proposals do, such as
// "aes256-sha256-modp1536"; unknown ones in charon's own word.
func algorithms(m *vici.Message) string {
	encryption, hash := m.Text("encr-alg"), integrity(m.Text("integ-alg"))
	if hash == "" && m.Text("prf-alg") != "" {
		hash = "prf" + integrity(strings.TrimPrefix(m.Text("prf-alg"), "PRF_"))
	}
	var parts []string
	for _, part := range []string{cipher(encryption, m.Text("encr-keysize")), hash, group(m.Text("dh-group"))} {
		if part != "" {
			parts = append(parts, short(part))
		}
	}
	return strings.Join(parts, "-")
}

func cipher(word, bits string) string {
	switch word {
	case "AES_CBC":
		return "aes" + bits
	case "AES_GCM_16":
		return "aes" + bits + "gcm16"
	case "3DES_CBC":
		return "3des"
	case "CHACHA20_POLY1305":
		return "chacha20poly1305"
	}
	return strings.ToLower(word)
}

func integrity(word string) string {
	word = strings.ToLower(strings.TrimPrefix(word, "HMAC_"))
	if rest, ok := strings.CutPrefix(word, "sha2_"); ok {
		word = "sha" + rest
	}
	// What is behind the name is how far it is cut.
	name, _, _ := strings.Cut(word, "_")
	return name
}

func group(word string) string {
	switch word {
	case "CURVE_25519":
		return "curve25519"
	case "":
		return ""
	}
	return strings.ReplaceAll(strings.ToLower(word), "_", "")
}
