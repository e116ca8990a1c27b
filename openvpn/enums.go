package openvpn

// Role is which end an instance is.
type Role string

// The roles.
const (
	RoleClient Role = "client"
	RoleServer Role = "server"
	RolePeer   Role = "peer"
)

// Protocol is what carries the tunnel.
type Protocol string

// The protocols. UDP and TCP use whatever family the address has.
const (
	UDP  Protocol = "udp"
	UDP4 Protocol = "udp4"
	UDP6 Protocol = "udp6"
	TCP  Protocol = "tcp"
	TCP4 Protocol = "tcp4"
	TCP6 Protocol = "tcp6"
)

// DeviceType is the layer of the tunnel.
type DeviceType string

// The types of device.
const (
	Tun DeviceType = "tun" // IP packets
	Tap DeviceType = "tap" // Ethernet frames
)

// Topology is how a tun server gives addresses.
type Topology string

// The topologies.
const (
	TopologySubnet Topology = "subnet"
	TopologyNet30  Topology = "net30"
	TopologyP2P    Topology = "p2p"
)

// TLSRole is an end of the TLS handshake.
type TLSRole string

// The ends of the handshake.
const (
	TLSServer TLSRole = "server"
	TLSClient TLSRole = "client"
)

// ProxyKind is a protocol of proxies.
type ProxyKind string

// The kinds of proxies.
const (
	ProxyHTTP  ProxyKind = "http"
	ProxySOCKS ProxyKind = "socks"
)

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
