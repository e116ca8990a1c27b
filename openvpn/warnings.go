package openvpn

import (
	"fmt"
	"net/netip"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Warnings returns what works but is weak or surprising. It expects a valid
// Config. What the files of the store are worth tells [CheckFiles].
func (c Config) Warnings() []Warning {
	var all []Warning
	for n, i := range c.Instances {
		for _, w := range i.Warnings() {
			w.Path = fmt.Sprintf("instances[%d].%s", n, w.Path)
			all = append(all, w)
		}
		all = append(all, c.conflicts(n)...)
	}
	if c.Folder.TrustWhole && c.Folder.Enabled {
		all = append(all, Warning{Path: "folder.trust_whole", Text: "whoever can write to the folder runs programs as root"})
	}
	if c.Enabled && len(c.Instances) == 0 && !c.Folder.Enabled {
		all = append(all, Warning{Path: "folder.enabled", Text: "the folder is left alone, and there are no instances: nothing runs"})
	}
	return all
}

// conflicts tells which instances before n want the same as n.
func (c Config) conflicts(n int) []Warning {
	var all []Warning
	i := c.Instances[n]
	for _, other := range c.Instances[:n] {
		if i.listens() && other.listens() && i.overlaps(other) {
			all = append(all, Warning{
				Path: fmt.Sprintf("instances[%d].port", n),
				Text: fmt.Sprintf("%q listens on %s port %d too: only one of them can run", other.Name, i.shownProtocol(), i.shownPort()),
			})
		}
		if i.DeviceName() == other.DeviceName() {
			all = append(all, Warning{
				Path: fmt.Sprintf("instances[%d].device", n),
				Text: fmt.Sprintf("%q has the device %s too: only one of them can run", other.Name, i.DeviceName()),
			})
		}
	}
	return all
}

// overlaps reports whether two that listen want the same port. Names of hosts
// are taken for other addresses than all others.
func (i Instance) overlaps(other Instance) bool {
	if i.shownPort() != other.shownPort() || i.protocol().isTCP() != other.protocol().isTCP() {
		return false
	}
	a, b := i.Listen.Address, other.Listen.Address
	return a == b || isAny(a) || isAny(b)
}

func isAny(address string) bool {
	a, err := netip.ParseAddr(address)
	return address == "" || err == nil && a.IsUnspecified()
}

// Warnings returns what is weak or surprising about the instance alone.
func (i Instance) Warnings() []Warning {
	w := &warner{Instance: i}
	w.identity()
	w.keys()
	if i.deviceType() == DeviceTap && i.BridgeDevice == "" && i.ServerBridge != nil {
		w.add("bridge_device", "is empty: somebody else must add the device %s to the bridge", i.DeviceName())
	}
	for n, o := range i.Options {
		for _, text := range optionWarnings(o) {
			w.add(fmt.Sprintf("options[%d]", n), "%s", text)
		}
	}
	for m, client := range i.Clients {
		for n, o := range client.Options {
			for _, text := range optionWarnings(o) {
				w.add(fmt.Sprintf("clients[%d].options[%d]", m, n), "%s", text)
			}
		}
	}
	return w.all
}

// warner collects the warnings of an instance.
type warner struct {
	Instance

	all []config.Warning
}

func (w *warner) add(path, format string, args ...any) {
	w.all = append(w.all, Warning{Path: path, Text: fmt.Sprintf(format, args...)})
}

// identity warns when a certificate proves less than it should.
func (w *warner) identity() {
	if w.Files[FileSecret] != "" {
		w.add("files[secret]", "a static key has no forward secrecy: whoever learns it reads all that was ever sent. "+
			"OpenVPN 2.7 needs a switch for it, 2.8 drops it; use certificates with peer_fingerprints")
		return
	}
	named := len(w.PeerFingerprints) > 0 || w.has("remote-cert-tls") || w.has("verify-x509-name")
	if !named && (w.role() == RoleClient || w.TLSRole == TLSClient) {
		w.add("options", "remote-cert-tls and verify-x509-name are missing: any certificate of the CA, also one of a client, passes for the server's")
	}
	if w.role() == RoleServer && w.Files[FileCRL] == "" && len(w.PeerFingerprints) == 0 {
		w.add("files[crl-verify]", "is missing: no client's certificate can be revoked")
	}
}

// keys warns when everybody can talk to the TLS stack.
func (w *warner) keys() {
	if w.Files[FileSecret] != "" || !w.listens() || w.role() == RoleClient {
		return
	}
	switch {
	case w.Files[FileTLSCrypt] != "", w.Files[FileTLSCryptV2] != "":
	case w.Files[FileTLSAuth] != "":
		w.add("files[tls-auth]", "tls-crypt is better: it hides the handshake too")
	default:
		w.add("files[tls-crypt]", "is missing: whoever reaches the port can talk to the TLS library")
	}
}
