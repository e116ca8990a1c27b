package l2tp

import (
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
)

// The defaults of a PPP link.
const (
	DefaultMTU          = 1400 // leaves room for ESP, UDP, L2TP and PPP in 1500 octets
	DefaultEchoInterval = Duration(20 * time.Second)
	DefaultEchoFailures = 5
)

// Config is what an operator sets. The zero Config is off and valid.
type Config struct {
	// Enabled starts the service. Default false.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// ListenAddress is our IPv4 address for L2TP. Default: every address of
	// this host.
	ListenAddress string `yaml:"listen_address" json:"listen_address"`
	// Clients are the servers elsewhere that we connect to.
	Clients []Client `yaml:"clients" json:"clients"`
	// Server lets others connect to us.
	Server Server `yaml:"server" json:"server"`
}

// Client is one server elsewhere.
type Client struct {
	// Name has 1 to 32 letters, digits and underscores; a dash is taken as an
	// underscore, so that two names that differ only there are duplicates.
	Name string `yaml:"name" json:"name"`
	// Enabled brings the client up with the service. Default false.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Gateway is the server: host name or IPv4 address. Required.
	Gateway string `yaml:"gateway" json:"gateway"`
	// IPsec is the secure channel.
	IPsec Channel `yaml:"ipsec" json:"ipsec"`
	// Username and Password are for MS-CHAPv2, the only authentication that
	// is done: 1 to 255 octets each, without control characters. Required.
	Username string `yaml:"username" json:"username"`
	Password Secret `yaml:"password" json:"password"`
	// PPP are the settings of the link.
	PPP PPP `yaml:"ppp" json:"ppp"`
	// PeerDNS asks the server for DNS servers. They are told in the status;
	// the program decides what to do with them. Default false.
	PeerDNS bool `yaml:"peer_dns" json:"peer_dns"`
	// DefaultRoute sends everything through the link that has no better
	// route, but the packets to the server itself. Default false.
	DefaultRoute bool `yaml:"default_route" json:"default_route"`
	// Routes are IPv4 networks that are reached through the link, such as
	// 10.1.0.0/16. Default none: only the server's own address.
	Routes []string `yaml:"routes" json:"routes"`
}

// Channel is how IKE protects the tunnel. The proposals and the certificate
// set are named records of the Config of package ipsec.
type Channel struct {
	// KeyExchange is ikev1 (default, what RFC 3193 and nearly all peers use)
	// or ikev2.
	KeyExchange ipsec.KeyExchange `yaml:"key_exchange" json:"key_exchange"`
	// Authentication is psk (default) or rsa, which means certificates of any
	// kind of key.
	Authentication ipsec.Authentication `yaml:"authentication" json:"authentication"`
	// PreSharedKey is required with psk.
	PreSharedKey Secret `yaml:"pre_shared_key" json:"pre_shared_key"`
	// CertificateSet is the name of a set, required with rsa.
	CertificateSet string `yaml:"certificate_set" json:"certificate_set"`
	// LocalID and RemoteID are the identities. Default: as in package ipsec.
	LocalID  string `yaml:"local_id" json:"local_id"`
	RemoteID string `yaml:"remote_id" json:"remote_id"`
	// Phase1 and Phase2 are names of proposals. Default: AES-256 and SHA-256
	// with group 14 or 19, and AES-256 or AES-128 with SHA-256. Old peers
	// need proposals of their own; Windows for one wants SHA-1.
	Phase1 ipsec.Names `yaml:"phase1" json:"phase1"`
	Phase2 ipsec.Names `yaml:"phase2" json:"phase2"`
}

// PPP are the settings of a link.
type PPP struct {
	// MTU and MRU are the largest packets that are sent and taken, in octets,
	// 576..1500. Default 1400.
	MTU int `yaml:"mtu" json:"mtu"`
	MRU int `yaml:"mru" json:"mru"`
	// EchoInterval is the pause between LCP echo requests (RFC 1661, section
	// 5.8), 1 s to 1 h in whole seconds. Default 20 s.
	EchoInterval Duration `yaml:"echo_interval" json:"echo_interval"`
	// EchoFailures is how many of them in a row may stay unanswered before
	// the link counts as dead, 1..100. Default 5.
	EchoFailures int `yaml:"echo_failures" json:"echo_failures"`
}

// Server is what others connect to.
type Server struct {
	// Enabled offers the server. Default false.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// IPsec is the secure channel, the same for all.
	IPsec Channel `yaml:"ipsec" json:"ipsec"`
	// LocalIP is our IPv4 address on the links. Required.
	LocalIP string `yaml:"local_ip" json:"local_ip"`
	// Range are the IPv4 addresses for the clients, such as
	// 10.20.30.10-10.20.30.20; as many clients at once. At most 1024, and
	// LocalIP is none of them. Required.
	Range string `yaml:"range" json:"range"`
	// DNS are up to two IPv4 addresses that clients are told.
	DNS []string `yaml:"dns" json:"dns"`
	// Users may connect. At least one is required.
	Users []User `yaml:"users" json:"users"`
	// PPP are the settings of the links.
	PPP PPP `yaml:"ppp" json:"ppp"`
}

// User may connect to the server.
type User struct {
	// Name and Password are 1 to 255 octets without control characters.
	// Names differ from each other.
	Name     string `yaml:"name" json:"name"`
	Password Secret `yaml:"password" json:"password"`
}

// DefaultConfig returns a Config that is off, with the defaults written out.
func DefaultConfig() Config {
	return Config{Server: Server{IPsec: DefaultChannel(), PPP: DefaultPPP()}}
}

// DefaultClient returns a client with the defaults written out.
func DefaultClient() Client { return Client{IPsec: DefaultChannel(), PPP: DefaultPPP()} }

// DefaultChannel returns a channel with the defaults written out, but the key.
func DefaultChannel() Channel {
	return Channel{KeyExchange: ipsec.IKEv1, Authentication: ipsec.AuthPSK}
}

// DefaultPPP returns the defaults of a link.
func DefaultPPP() PPP { return PPP{}.normal() }

// normal fills in the defaults.
func (p PPP) normal() PPP {
	fill(&p.MTU, DefaultMTU)
	fill(&p.MRU, DefaultMTU)
	fill(&p.EchoInterval, DefaultEchoInterval)
	fill(&p.EchoFailures, DefaultEchoFailures)
	return p
}

// normal fills in the defaults.
func (c Channel) normal() Channel {
	fill(&c.KeyExchange, ipsec.IKEv1)
	fill(&c.Authentication, ipsec.AuthPSK)
	return c
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
