package openvpn

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// addressesFile is where a server remembers who had which address, in the
// working folder of its process.
const addressesFile = "addresses.txt"

// Render returns the configuration file of an instance: one line for each
// setting, always in the same order, the same text for the same instance. It
// has no secret and names files by their base names. The error of an instance
// that is not valid is a [ConfigError].
func Render(i Instance) ([]byte, error) {
	var faults config.Errors
	i.check(&faults, "", newCatalogue())
	if err := faults.Err(); err != nil {
		return nil, err
	}
	r := &renderer{Instance: i}
	r.role()
	r.connection()
	r.remotes()
	r.network()
	r.credentials()
	r.system()
	for _, o := range i.Options {
		r.line(append([]string{o.Name}, o.Args...)...)
	}
	return r.text.Bytes(), r.err
}

// renderer writes the lines of an instance.
type renderer struct {
	Instance

	text bytes.Buffer
	err  error
}

// line writes an option. The values were checked, and still none can reach
// out of its line.
func (r *renderer) line(words ...string) {
	text, err := ovpn.Join(words...)
	if err != nil {
		if r.err == nil {
			r.err = fmt.Errorf("%s: %w", words[0], err)
		}
		return
	}
	r.text.WriteString(text)
}

// lineIf writes an option that is set.
func (r *renderer) lineIf(set bool, words ...string) {
	if set {
		r.line(words...)
	}
}

func (r *renderer) role() {
	switch r.Instance.role() {
	case RoleServer: // server, server-ipv6 and server-bridge say so
	case RolePeer:
		r.lineIf(r.TLSRole != "", "tls-"+string(r.TLSRole))
	default:
		r.line("client")
	}
	r.line("dev", r.DeviceName())
	r.line("dev-type", string(r.deviceType()))
}

// connection writes the own end.
func (r *renderer) connection() {
	r.line("proto", r.wireProtocol(r.protocol()))
	role := r.Instance.role()
	switch {
	case role == RoleServer, role == RolePeer && !r.Nobind && r.Port == 0:
		r.line("port", portText(r.Port))
	case r.Port != 0:
		r.line("lport", portText(r.Port))
	case r.Listen.Address == "":
		r.line("nobind")
	default: // an address to send from, any port of it
		r.line("lport", "0")
	}
	r.lineIf(r.Listen.Address != "", "local", r.Listen.Address)
	r.lineIf(r.Listen.IPv6Only, "bind", "ipv6only")
	r.lineIf(r.Listen.Multihome, "multihome")
	r.lineIf(r.Listen.ShareHost != "", "port-share", r.Listen.ShareHost, portText(r.Listen.SharePort))
}

// wireProtocol is a protocol in openvpn's words, which say for TCP which end
// listens.
func (r *renderer) wireProtocol(p Protocol) string {
	switch {
	case !p.isTCP():
		return string(p)
	case r.Instance.role() == RoleServer, r.Instance.role() == RolePeer && len(r.Remotes) == 0:
		return string(p) + "-server"
	}
	return string(p) + "-client"
}

func portText(port uint16) string {
	if port == 0 {
		port = defaultPort
	}
	return strconv.Itoa(int(port))
}

func (r *renderer) remotes() {
	for _, remote := range r.Remotes {
		words := []string{"remote", remote.Host, portText(remote.Port)}
		if remote.Protocol != "" {
			words = append(words, r.wireProtocol(remote.Protocol))
		}
		r.line(words...)
	}
	if r.Proxy == nil {
		return
	}
	words, login := []string{"http-proxy", r.Proxy.Host, "8080"}, "auto"
	if r.Proxy.Kind == ProxySOCKS {
		words, login = []string{"socks-proxy", r.Proxy.Host, "1080"}, "stdin"
	}
	if r.Proxy.Port != 0 {
		words[2] = portText(r.Proxy.Port)
	}
	if r.Proxy.Login || r.Proxy.Username != "" {
		words = append(words, login)
	}
	r.line(words...)
}

// network writes the addresses inside the tunnel.
func (r *renderer) network() {
	if r.Server != "" {
		address, mask := v4Network(r.Server)
		words := []string{"server", address, mask}
		if r.ServerNoPool {
			words = append(words, "nopool")
		}
		r.line(words...)
	}
	r.lineIf(r.ServerIPv6 != "", "server-ipv6", r.ServerIPv6)
	if b := r.ServerBridge; b != nil {
		switch {
		case b.Gateway != "":
			r.line("server-bridge", b.Gateway, b.Netmask, b.Start, b.End)
		case b.NoGateway:
			r.line("server-bridge", "nogw")
		default:
			r.line("server-bridge")
		}
	}
	topology := r.Topology
	if topology == "" && r.Instance.role() == RoleServer && r.deviceType() == DeviceTun {
		topology = TopologySubnet
	}
	r.lineIf(topology != "", "topology", string(topology))
	r.lineIf(r.RememberAddresses, "ifconfig-pool-persist", addressesFile)
	if e := r.Ifconfig; e != nil {
		r.line("ifconfig", e.Local, e.Remote)
	}
	if e := r.IfconfigIPv6; e != nil {
		if local, err := parse6(e.Local); err == nil {
			r.line("ifconfig-ipv6", local.String(), e.Remote)
		}
	}
	r.clientRoutes()
}

// clientRoutes brings the networks behind clients to the tunnel.
func (r *renderer) clientRoutes() {
	have := make(map[string]bool)
	for _, o := range r.Options {
		have[strings.Join(append([]string{o.Name}, o.Args...), " ")] = true
	}
	for _, client := range r.Clients {
		for _, text := range client.Networks {
			words := []string{"route-ipv6", text}
			if address, mask := v4Network(text); mask != "" {
				words = []string{"route", address, mask}
			}
			line := strings.Join(words, " ")
			r.lineIf(!have[line], words...)
			have[line] = true
		}
	}
}

// v4Network returns address and netmask of an IPv4 network, no netmask for
// another.
func v4Network(text string) (address, mask string) {
	p, err := netip.ParsePrefix(text)
	if err != nil || !p.Addr().Is4() {
		return text, ""
	}
	return p.Addr().String(), netmask(p.Bits())
}

// credentials writes what proves who both ends are.
func (r *renderer) credentials() {
	for _, kind := range []FileKind{
		FileCA, FileCert, FileKey, FilePKCS12, FileExtraCerts, FileDH, FileCRL,
		FileTLSAuth, FileTLSCrypt, FileTLSCryptV2, FileSecret, FileAuthTokenSecret,
	} {
		name := r.Files[kind]
		if kind == FileDH && name == "" && (r.Instance.role() == RoleServer || r.TLSRole == TLSServer) {
			name = "none" // elliptic curves
		}
		words := []string{string(kind), name}
		if kind == FileTLSCryptV2 && r.ForceCookie {
			words = append(words, "force-cookie")
		}
		r.lineIf(name != "", words...)
	}
	r.lineIf(r.KeyDirection != "", "key-direction", r.KeyDirection)
	for _, print := range r.PeerFingerprints {
		r.line("peer-fingerprint", print)
	}
	r.lineIf(r.Login || r.Username != "", "auth-user-pass") // asked over the management socket
}

func (r *renderer) system() {
	s := r.System
	r.lineIf(s.Nice != 0, "nice", strconv.Itoa(s.Nice))
	r.lineIf(s.LockMemory, "mlock")
	r.lineIf(s.Mark != 0, "mark", strconv.FormatUint(uint64(s.Mark), 10))
	r.lineIf(s.BindDevice != "", "bind-dev", s.BindDevice)
	r.lineIf(s.HardwareAddress != "", "lladdr", s.HardwareAddress)
	r.lineIf(s.TxQueueLength != 0, "txqueuelen", strconv.FormatUint(uint64(s.TxQueueLength), 10))
	r.lineIf(s.NoDelay, "socket-flags", "TCP_NODELAY")
}
