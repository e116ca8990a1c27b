package openvpn

import (
	"fmt"
	"net/netip"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Answers are what a recipe asks for; which of them tells [Recipe.Asks].
type Answers struct {
	// Name of the instance. All recipes ask for it.
	Name string `yaml:"name" json:"name"`
	// Remote is the name or address of the other end, Port its port or the
	// own one. Port is 1194 unless set.
	Remote   string   `yaml:"remote" json:"remote"`
	Port     uint16   `yaml:"port" json:"port"`
	Protocol Protocol `yaml:"protocol" json:"protocol"` // default udp
	// Network and Network6 are those of the clients. Default of Network
	// 10.0.100.0/24, Network6 is none unless set.
	Network  string `yaml:"network" json:"network"`
	Network6 string `yaml:"network6" json:"network6"`
	// Local and Peer are the addresses in the tunnel of two ends. Default
	// 10.0.0.1 and 10.0.0.2 for the end that is called, the other way round
	// for the one that calls.
	Local  string `yaml:"local" json:"local"`
	Peer   string `yaml:"peer" json:"peer"`
	Local6 string `yaml:"local6" json:"local6"` // IPv6, none unless set
	Peer6  string `yaml:"peer6" json:"peer6"`
	// PeerNetworks lie behind the other end.
	PeerNetworks []string `yaml:"peer_networks" json:"peer_networks"`
	// Bridge is the network that clients join, BridgeDevice the bridge.
	// Default of Bridge 192.168.1.1/24 with clients from .128 to .254.
	Bridge       *ServerBridge `yaml:"bridge,omitempty" json:"bridge,omitempty"`
	BridgeDevice string        `yaml:"bridge_device" json:"bridge_device"`
	// Fingerprint is the SHA-256 one of the other end's certificate.
	Fingerprint string `yaml:"fingerprint" json:"fingerprint"`
	// PKCS12 takes one file from the server's operator in place of ca, cert
	// and key. KeyPassword opens it.
	PKCS12      bool   `yaml:"pkcs12" json:"pkcs12"`
	KeyPassword Secret `yaml:"key_password" json:"key_password"`
	// Username and Password log in at a server that wants them.
	Username string `yaml:"username" json:"username"`
	Password Secret `yaml:"password" json:"password"`
}

// Recipe makes an instance for a purpose from a few answers.
type Recipe struct {
	Name    string
	Purpose string
	// Asks are the answers that it uses, by their names in the stored form;
	// those of Required it cannot do without.
	Asks     []string
	Required []string
	// Match is the recipe for the other end.
	Match string
	// Legacy recipes are for other ends that know nothing better.
	Legacy bool

	make func(Answers) Instance
}

// Recipes returns all, those of the reference device first, under their names
// there. What the reference has of old (static keys, 1024-bit DH, clients that
// never renew keys) is replaced by what OpenVPN 2.6 recommends.
func Recipes() []Recipe {
	ends := []string{"name", "port", "protocol", "local", "peer", "local6", "peer6", "peer_networks", "fingerprint"}
	calls := append([]string{"remote"}, ends...)
	server := []string{"name", "port", "protocol", "network", "network6"}
	client := []string{"name", "remote", "port", "protocol", "pkcs12", "key_password", "username", "password"}
	bridge := []string{"name", "port", "protocol", "bridge", "bridge_device"}
	named, called := []string{"name"}, []string{"name", "remote"}
	known, knownCalled := []string{"name", "fingerprint"}, []string{"name", "remote", "fingerprint"}
	return []Recipe{
		{"server_tun_ptp", "routed tunnel between two ends, the one that is called", ends, known, "client_tun_ptp", false, pointToPoint},
		{"client_tun_ptp", "routed tunnel between two ends, the one that calls", calls, knownCalled, "server_tun_ptp", false, pointToPoint},
		{"server_tun", "routed server for many clients", server, named, "client_tun", false, routedServer},
		{"client_tun", "client of a routed server", client, called, "server_tun", false, routedClient},
		{"server_tap_bridge", "server that lets clients into its Ethernet", bridge, named, "client_tap_bridge", false, bridgeServer},
		{"client_tap_bridge", "client of a bridged server", append([]string{"bridge_device"}, client...), called, "server_tap_bridge", false, bridgeClient},
		{"server_pki", "routed server with an authority of its own, whose clients can be revoked", server, named, "client_pki", false, pkiServer},
		{"client_pki", "client of server_pki", client, called, "server_pki", false, routedClient},
		{"site_to_site", "two networks joined, each end knows the other by its fingerprint", calls, known, "site_to_site", false, siteToSite},
		{"static_key_server", "old form without TLS, the end that is called", ends[:8], named, "static_key_client", true, staticKey},
		{"static_key_client", "old form without TLS, the end that calls", calls[:9], called, "static_key_server", true, staticKey},
	}
}

// FromRecipe returns the instance that a recipe makes of answers. It is not
// Enabled. Faults come as a [ConfigError] with the paths of the answers, or of
// the instance.
func FromRecipe(name string, a Answers) (Instance, error) {
	for _, r := range Recipes() {
		if r.Name != name {
			continue
		}
		if err := r.check(a); err != nil {
			return Instance{}, err
		}
		i := r.make(a)
		return i, i.Validate()
	}
	return Instance{}, fmt.Errorf("openvpn: there is no recipe %q", name)
}

func (r Recipe) check(a Answers) error {
	have := map[string]bool{"name": a.Name != "", "remote": a.Remote != "", "fingerprint": a.Fingerprint != ""}
	var faults config.Errors
	for _, answer := range r.Required {
		if !have[answer] {
			faults.Addf(answer, "required by recipe %s", r.Name)
		}
	}
	return faults.Err()
}

// opt makes an option.
func opt(name string, args ...string) Option { return Option{Name: name, Args: args} }

// base is what all recipes with TLS have in common.
func base(a Answers) Instance {
	i := plain(a)
	i.Options = append(i.Options,
		opt("tls-version-min", "1.2"),
		opt("data-ciphers", "AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305"),
	)
	return i
}

func plain(a Answers) Instance {
	i := Instance{Name: a.Name, Protocol: a.Protocol, Options: []Option{opt("persist-key"), opt("persist-tun"), opt("verb", "3")}}
	if a.Remote != "" {
		i.Remotes = []Remote{{Host: a.Remote, Port: a.Port}}
		i.Nobind = true
	} else {
		i.Port = a.Port
		i.Options = append(i.Options, opt("keepalive", "10", "60"), opt("mssfix", "1420"))
	}
	return i
}

// farewell lets the other end know at once when this one ends, which UDP
// itself does not.
func (i *Instance) farewell() {
	if !i.protocol().isTCP() {
		i.Options = append(i.Options, opt("explicit-exit-notify", "1"))
	}
}

func routedServer(a Answers) Instance {
	i := base(a)
	i.Role, i.Topology = RoleServer, TopologySubnet
	i.Server, i.ServerIPv6 = a.Network, a.Network6
	if i.Server == "" {
		i.Server = "10.0.100.0/24"
	}
	i.Files = map[FileKind]string{FileCA: "ca.crt", FileCert: "server.crt", FileKey: "server.key", FileTLSCrypt: "tls-crypt.key"}
	i.Options = append(i.Options, opt("remote-cert-tls", "client"))
	i.farewell()
	return i
}

func pkiServer(a Answers) Instance {
	i := routedServer(a)
	i.Files[FileCRL] = "crl.pem"
	return i
}

func routedClient(a Answers) Instance {
	i := base(a)
	i.Role = RoleClient
	i.Files = map[FileKind]string{FileCA: "ca.crt", FileCert: "client.crt", FileKey: "client.key", FileTLSCrypt: "tls-crypt.key"}
	if a.PKCS12 {
		i.Files = map[FileKind]string{FilePKCS12: "client.p12", FileTLSCrypt: "tls-crypt.key"}
	}
	i.KeyPassword, i.Username, i.Password = a.KeyPassword, a.Username, a.Password
	i.Options = append(i.Options, opt("remote-cert-tls", "server"), opt("float"))
	return i
}

func bridgeServer(a Answers) Instance {
	i := routedServer(a)
	i.tap(a)
	i.Server, i.ServerIPv6, i.Topology, i.ServerBridge = "", "", "", a.Bridge
	if i.ServerBridge == nil {
		i.ServerBridge = &ServerBridge{Gateway: "192.168.1.1", Netmask: "255.255.255.0", Start: "192.168.1.128", End: "192.168.1.254"}
	}
	return i
}

func bridgeClient(a Answers) Instance {
	i := routedClient(a)
	i.tap(a)
	return i
}

// tap makes an instance one of Ethernet.
func (i *Instance) tap(a Answers) {
	i.DeviceType, i.BridgeDevice = DeviceTap, a.BridgeDevice
}

// pointToPoint is a tunnel between two ends that know each other's
// certificates; no authority is needed.
func pointToPoint(a Answers) Instance {
	i := base(a)
	i.Role, i.TLSRole = RolePeer, TLSServer
	if a.Remote != "" {
		i.TLSRole = TLSClient
	}
	i.Files = map[FileKind]string{FileCert: "peer.crt", FileKey: "peer.key", FileTLSCrypt: "tls-crypt.key"}
	i.PeerFingerprints = []string{a.Fingerprint}
	i.ends(a)
	if a.Remote != "" {
		i.Options = append(i.Options, opt("keepalive", "10", "60"))
	}
	i.farewell()
	return i
}

// ends gives a tunnel its addresses and routes.
func (i *Instance) ends(a Answers) {
	e := Ifconfig{Local: a.Local, Remote: a.Peer}
	if e.Local == "" && e.Remote == "" {
		e = Ifconfig{Local: "10.0.0.1", Remote: "10.0.0.2"}
		if a.Remote != "" {
			e.Local, e.Remote = e.Remote, e.Local
		}
	}
	i.Ifconfig = &e
	if a.Local6 != "" || a.Peer6 != "" {
		i.IfconfigIPv6 = &Ifconfig{Local: a.Local6, Remote: a.Peer6}
	}
	for _, text := range a.PeerNetworks {
		p, err := netip.ParsePrefix(text)
		if err != nil || !p.Addr().Is4() {
			i.Options = append(i.Options, opt("route-ipv6", text)) // which tells what is wrong
			continue
		}
		i.Options = append(i.Options, opt("route", p.Masked().Addr().String(), netmask(p.Bits())))
	}
}

// siteToSite is pointToPoint for two ends that stay: the one that calls may
// change its address.
func siteToSite(a Answers) Instance {
	i := pointToPoint(a)
	i.Options = append(i.Options, opt("float"))
	return i
}

func staticKey(a Answers) Instance {
	i := plain(a)
	i.Role = RolePeer
	i.Files = map[FileKind]string{FileSecret: "static.key"}
	i.ends(a)
	if a.Remote != "" {
		i.Options = append(i.Options, opt("keepalive", "10", "60"))
	}
	i.Options = append(i.Options, opt("cipher", "AES-256-CBC"))
	return i
}
