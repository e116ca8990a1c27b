package openvpn

import "github.com/fieldgate/fieldgate/internal/config"

// Role is which end an instance is.
type Role string

// The roles.
const (
	RoleClient Role = "client"
	RoleServer Role = "server"
	RolePeer   Role = "peer"
)

// UnmarshalText reads one of the words above, or nothing for client.
func (r *Role) UnmarshalText(text []byte) error {
	return readWord(r, text, RoleClient, RoleServer, RolePeer)
}

// Protocol is what carries the tunnel.
type Protocol string

// The protocols. UDP and TCP use whatever family the address has.
const (
	ProtocolUDP  Protocol = "udp"
	ProtocolUDP4 Protocol = "udp4"
	ProtocolUDP6 Protocol = "udp6"
	ProtocolTCP  Protocol = "tcp"
	ProtocolTCP4 Protocol = "tcp4"
	ProtocolTCP6 Protocol = "tcp6"
)

// UnmarshalText reads one of the words above, or nothing for the default of its place.
func (p *Protocol) UnmarshalText(text []byte) error {
	return readWord(p, text, ProtocolUDP, ProtocolUDP4, ProtocolUDP6, ProtocolTCP, ProtocolTCP4, ProtocolTCP6)
}

// DeviceType is the layer of the tunnel.
type DeviceType string

// The types of device.
const (
	DeviceTun DeviceType = "tun" // IP packets
	DeviceTap DeviceType = "tap" // Ethernet frames
)

// UnmarshalText reads one of the words above, or nothing for tun.
func (d *DeviceType) UnmarshalText(text []byte) error {
	return readWord(d, text, DeviceTun, DeviceTap)
}

// Topology is how a tun server gives addresses.
type Topology string

// The topologies.
const (
	TopologySubnet Topology = "subnet"
	TopologyNet30  Topology = "net30"
	TopologyP2P    Topology = "p2p"
)

// UnmarshalText reads one of the words above, or nothing for the default of the role.
func (t *Topology) UnmarshalText(text []byte) error {
	return readWord(t, text, TopologySubnet, TopologyNet30, TopologyP2P)
}

// TLSRole is an end of the TLS handshake.
type TLSRole string

// The ends of the handshake.
const (
	TLSServer TLSRole = "server"
	TLSClient TLSRole = "client"
)

// UnmarshalText reads one of the words above, or nothing for none.
func (r *TLSRole) UnmarshalText(text []byte) error {
	return readWord(r, text, TLSServer, TLSClient)
}

// ProxyKind is a protocol of proxies.
type ProxyKind string

// The kinds of proxies.
const (
	ProxyHTTP  ProxyKind = "http"
	ProxySOCKS ProxyKind = "socks"
)

// UnmarshalText reads one of the words above, or nothing for http.
func (k *ProxyKind) UnmarshalText(text []byte) error {
	return readWord(k, text, ProxyHTTP, ProxySOCKS)
}

// FileKind is what a file is for, as openvpn's option is called.
type FileKind string

// The kinds of files.
const (
	FileCA         FileKind = "ca"
	FileCert       FileKind = "cert"
	FileKey        FileKind = "key"
	FilePKCS12     FileKind = "pkcs12"
	FileDH         FileKind = "dh"
	FileCRL        FileKind = "crl-verify"
	FileTLSAuth    FileKind = "tls-auth"
	FileTLSCrypt   FileKind = "tls-crypt"
	FileTLSCryptV2 FileKind = "tls-crypt-v2"
	FileSecret     FileKind = "secret"
	FileExtraCerts FileKind = "extra-certs"
	// FileAuthTokenSecret keeps tokens of auth-gen-token valid over restarts.
	FileAuthTokenSecret FileKind = "auth-gen-token-secret"
)

// UnmarshalText reads one of the words above.
func (k *FileKind) UnmarshalText(text []byte) (err error) {
	*k, err = config.ParseEnum(text, fileKinds()...)
	return err
}

// fileKinds returns all kinds.
func fileKinds() []FileKind {
	return []FileKind{
		FileCA, FileCert, FileKey, FilePKCS12, FileDH, FileCRL,
		FileTLSAuth, FileTLSCrypt, FileTLSCryptV2, FileSecret, FileExtraCerts, FileAuthTokenSecret,
	}
}

// readWord reads one of words, or nothing for the default.
func readWord[T ~string](to *T, text []byte, words ...T) error {
	*to = ""
	if len(text) == 0 {
		return nil
	}
	word, err := config.ParseEnum(text, words...)
	*to = word
	return err
}
