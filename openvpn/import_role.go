package openvpn

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
)

// role finds out which end the file is of.
func (im *importer) role() error {
	i, seen := &im.inst, im.seen
	switch {
	case i.Server != "", i.ServerIPv6 != "", i.ServerBridge != nil, seen.modeServer:
		i.Role = RoleServer
		im.spelledOut()
	case seen.client, seen.pull, i.Login:
		i.Role = RoleClient
	case len(i.Remotes) == 0 && i.Ifconfig == nil && i.IfconfigIPv6 == nil:
		return &ImportError{Reason: "the file has neither a remote nor a server: it is no OVPN file, or not all of one"}
	default:
		i.Role = RolePeer
		if i.Files[FileSecret] == "" {
			i.TLSRole = TLSClient
			if seen.tlsServer {
				i.TLSRole = TLSServer
			}
		}
	}
	if i.Role == RoleClient && len(i.Remotes) == 0 {
		return &ImportError{Reason: "the file is of a client and has no remote that can be called"}
	}
	return nil
}

// spelledOut makes the short form of a server that does not say "server" or
// "server-bridge", but all that these stand for.
func (im *importer) spelledOut() {
	i := &im.inst
	switch {
	case i.Server != "", i.ServerIPv6 != "", i.ServerBridge != nil:
	case i.DeviceType == DeviceTap && i.Ifconfig == nil:
		i.ServerBridge = &ServerBridge{NoGateway: true}
	case i.Ifconfig != nil && (i.DeviceType == DeviceTap || i.Topology == TopologySubnet):
		length, ok := parseMask(i.Ifconfig.Remote)
		own, err := netip.ParseAddr(i.Ifconfig.Local)
		network := netip.PrefixFrom(own, length).Masked()
		if !ok || err != nil || network.Addr().Next() != own {
			return // a server has the first address
		}
		i.Server, i.ServerNoPool = network.String(), true
		im.report.add(0, "server", VerdictChanged, "the network is %s", i.Server)
	}
}

// ports fills in what openvpn takes when nothing is said.
func (im *importer) ports() {
	i, seen := &im.inst, im.seen
	remote := uint16(defaultPort)
	for _, p := range []uint16{seen.port, seen.rport} {
		if p != 0 {
			remote = p
		}
	}
	for n := range i.Remotes {
		if i.Remotes[n].Port == 0 {
			i.Remotes[n].Port = remote
		}
	}
	own := seen.port
	if seen.lportSet {
		own = seen.lport
	}
	switch i.Role {
	case RoleClient:
		i.Port = seen.lport
		i.Nobind = i.Port == 0 && i.Listen.Address == ""
		if i.Nobind && !seen.nobind && !seen.lportSet {
			im.report.add(0, "nobind", VerdictChanged, "sends from any free port")
		}
	case RolePeer:
		if seen.nobind && len(i.Remotes) > 0 {
			i.Nobind = true
			break
		}
		fallthrough
	default:
		i.Port = own
		if own == 0 {
			i.Port = defaultPort
		}
	}
}

// leftovers drops what the role has no use for.
func (im *importer) leftovers() {
	i := &im.inst
	drop := func(when bool, option, why string, reset func()) {
		if !when {
			return
		}
		reset()
		for n := range im.report.Lines {
			if l := &im.report.Lines[n]; l.Option == option && (l.Verdict == VerdictKept || l.Verdict == VerdictChanged) {
				l.Verdict, l.Reason = VerdictDropped, why
			}
		}
	}
	tls := i.Files[FileSecret] == ""
	drop(i.Role != RolePeer && i.Ifconfig != nil, "ifconfig", "the server gives the addresses", func() { i.Ifconfig = nil })
	drop(i.Role != RolePeer && i.IfconfigIPv6 != nil, "ifconfig-ipv6", "the server gives the addresses", func() { i.IfconfigIPv6 = nil })
	drop(i.Files[FileDH] != "" && i.Role == RoleClient, "dh", "only the server's end uses it", func() { im.forget(FileDH) })
	drop(i.KeyDirection != "" && tls && i.Files[FileTLSAuth] == "", "key-direction", "belongs to tls-auth and secret", func() { i.KeyDirection = "" })
	drop(i.Proxy != nil && i.Proxy.Host == "", "http-proxy-user-pass", "there is no http-proxy", func() { i.Proxy = nil })
	drop(i.ForceCookie && i.Role != RoleServer, "", "", func() { i.ForceCookie = false }) // says nothing to a client
	drop(i.Topology != "" && i.DeviceType == DeviceTap, "topology", "a tap device has none", func() { i.Topology = "" })
	drop(i.Login && i.Role != RoleClient, "auth-user-pass", "only clients log in", func() { i.Login, i.Username, i.Password = false, "", Secret{} })
	drop(len(i.Remotes) > 0 && i.Role == RolePeer && im.seen.listens, "remote", "the end that listens over TCP calls nobody", func() { i.Remotes = nil })
	drop(im.seen.client && i.Role == RoleServer, "client", "it is a server", func() {})
	drop(len(i.Remotes) > 0 && i.Role == RoleServer, "remote", "a server calls nobody", func() { i.Remotes = nil })
	if i.Role == RoleServer && i.DeviceType == DeviceTun && i.Topology == "" {
		i.Topology = TopologyNet30
		im.report.add(0, "topology", VerdictChanged, "net30, as openvpn 2.6 does without a word; subnet is better")
	}
	if len(i.Files) == 0 {
		i.Files = nil
	}
	if key := im.files[i.Files[FileKey]]; strings.Contains(string(key), "ENCRYPTED") && i.KeyPassword.IsZero() {
		im.report.add(0, "key_password", VerdictWarned, "the private key has a password: enter it")
	}
	if len(im.files) == 0 {
		im.files = nil
	}
}

// LogValue keeps keys out of logs.
func (i Imported) LogValue() slog.Value { return slog.StringValue(i.String()) }

// String names the file, for logs; never what is in it.
func (i Imported) String() string {
	return fmt.Sprintf("%s %s with %d files", i.Instance.role(), i.Instance.Name, len(i.Files))
}
