package openvpn

// Config is what an operator sets. The zero Config is off and valid.
type Config struct {
	// Enabled starts the service. Default false.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Instances are the tunnels, each run by an openvpn of its own.
	Instances []Instance `yaml:"instances" json:"instances"`
	// Folder is where *.conf files become instances by themselves.
	Folder Folder `yaml:"folder" json:"folder"`
}

// DefaultConfig returns the service switched off, without instances, with the
// folder written out.
func DefaultConfig() Config { return Config{Folder: Folder{Path: defaultFolder}} }

// Folder is where *.conf files become instances by themselves.
type Folder struct {
	// Enabled makes instances of its files. Default false: the folder is
	// left alone.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Path is an absolute path. Default /etc/openvpn.
	Path string `yaml:"path" json:"path"`
	// Disabled are names of instances of the folder that do not start by
	// themselves; the name is that of the file without .conf.
	Disabled []string `yaml:"disabled" json:"disabled"`
	// TrustWhole hands the files to openvpn as they are, with scripts and
	// modules, which run as root. Default false: they go through [Import].
	TrustWhole bool `yaml:"trust_whole" json:"trust_whole"`
}

// Instance is one openvpn process.
type Instance struct {
	// Name has 1 to 32 of A-Z a-z 0-9 _ -, no leading dash. Names that differ
	// only in case are duplicates.
	Name string `yaml:"name" json:"name"`
	// Enabled starts the instance with the service.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Role is client (default), server (many clients) or peer (one other end).
	Role Role `yaml:"role" json:"role"`
	// Port to listen on, of a client the one to send from. Default 1194 for
	// those that listen, free for those that do not.
	Port uint16 `yaml:"port" json:"port"`
	// Protocol is udp (default), udp4, udp6, tcp, tcp4 or tcp6; whether a TCP end
	// listens follows from the role.
	Protocol Protocol `yaml:"protocol" json:"protocol"`
	// DeviceType is tun (default) or tap.
	DeviceType DeviceType `yaml:"device_type" json:"device_type"`
	// Device is the name of the interface, up to 15 bytes. Default: one
	// derived from Name.
	Device string `yaml:"device" json:"device"`
	// BridgeDevice is the bridge that the tap device joins.
	BridgeDevice string `yaml:"bridge_device" json:"bridge_device"`

	// Remotes are the other ends that a client or peer calls, in this order.
	Remotes []Remote `yaml:"remotes" json:"remotes"`
	// Nobind lets a client send from a free port. Default true for clients
	// without Port.
	Nobind bool `yaml:"nobind" json:"nobind"`

	// Listen says more about the own end of the connection, System what the
	// system does for it. Proxy is one on the way to the remotes.
	Listen Listen `yaml:"listen" json:"listen"`
	System System `yaml:"system" json:"system"`
	Proxy  *Proxy `yaml:"proxy,omitempty" json:"proxy,omitempty"`

	// TLSRole is which end of the TLS handshake a peer is: server or client.
	// Empty for a peer with a static key (Files secret), and for the other
	// roles, which know.
	TLSRole TLSRole `yaml:"tls_role" json:"tls_role"`

	// Server is the network of the clients, such as 10.8.0.0/24, ServerIPv6
	// the one of IPv6. Role server.
	Server     string `yaml:"server" json:"server"`
	ServerIPv6 string `yaml:"server_ipv6" json:"server_ipv6"`
	// ServerNoPool leaves giving addresses to an ifconfig-pool of Options.
	ServerNoPool bool `yaml:"server_no_pool" json:"server_no_pool"`
	// RememberAddresses gives a client the address that it had before, also
	// after a restart (ifconfig-pool-persist). Role server.
	RememberAddresses bool `yaml:"remember_addresses" json:"remember_addresses"`
	// ListedClientsOnly refuses clients that Clients does not name
	// (ccd-exclusive). Role server.
	ListedClientsOnly bool `yaml:"listed_clients_only" json:"listed_clients_only"`
	// ServerBridge shares a bridged network with tap clients. Role server.
	ServerBridge *ServerBridge `yaml:"server_bridge,omitempty" json:"server_bridge,omitempty"`
	// Ifconfig are the two ends of a point-to-point tunnel. Role peer.
	Ifconfig     *Ifconfig `yaml:"ifconfig,omitempty" json:"ifconfig,omitempty"`
	IfconfigIPv6 *Ifconfig `yaml:"ifconfig_ipv6,omitempty" json:"ifconfig_ipv6,omitempty"`
	// Topology is subnet, net30 or p2p. Default: subnet for servers, what the
	// server says for clients.
	Topology Topology `yaml:"topology" json:"topology"`

	// Files are what the store keeps for this instance: kind (ca, cert, key,
	// pkcs12, dh, crl-verify, tls-auth, tls-crypt, tls-crypt-v2, secret,
	// extra-certs) to base name.
	Files map[FileKind]string `yaml:"files" json:"files"`
	// KeyDirection is of tls-auth and secret: 0, 1, or empty for both ways.
	KeyDirection string `yaml:"key_direction" json:"key_direction"`
	// ForceCookie of a server with tls-crypt-v2 refuses clients older than
	// 2.6, which cannot prove their address before the server keeps a state.
	ForceCookie bool `yaml:"force_cookie" json:"force_cookie"`
	// PeerFingerprints are the SHA-256 fingerprints of the certificates that
	// the other end may have.
	PeerFingerprints []string `yaml:"peer_fingerprints" json:"peer_fingerprints"`

	// Login: the server wants a user name and a password; true whenever
	// Username is set. Username and Password are they. KeyPassword decrypts its key.
	// They reach openvpn over its management socket only.
	Login       bool   `yaml:"login" json:"login"`
	Username    string `yaml:"username" json:"username"`
	Password    Secret `yaml:"password" json:"password"`
	KeyPassword Secret `yaml:"key_password" json:"key_password"`
	// Users of a server log in with a password too.
	Users []User `yaml:"users" json:"users"`

	// Clients are settings of single clients of a server, by common name.
	Clients []Client `yaml:"clients" json:"clients"`

	// Options are all other options, by their names in openvpn's manual. What
	// may stand here, and with which values, tells [Catalogue].
	Options []Option `yaml:"options" json:"options"`
}

// Remote is an end that is called.
type Remote struct {
	// Host is a host name or an IP address. Required.
	Host     string   `yaml:"host" json:"host"`
	Port     uint16   `yaml:"port" json:"port"`         // default 1194
	Protocol Protocol `yaml:"protocol" json:"protocol"` // default that of the instance
}

// Listen says more about the own end of the connection.
type Listen struct {
	// Address is the local address or host name to bind to. Default: all.
	Address string `yaml:"address" json:"address"`
	// IPv6Only takes no IPv4 on an IPv6 socket.
	IPv6Only bool `yaml:"ipv6_only" json:"ipv6_only"`
	// Multihome answers from the address that was called. UDP.
	Multihome bool `yaml:"multihome" json:"multihome"`
	// ShareHost and SharePort get the connections of a TCP server that speak
	// another protocol, such as HTTPS (port-share).
	ShareHost string `yaml:"share_host" json:"share_host"`
	SharePort uint16 `yaml:"share_port" json:"share_port"`
}

// System is what the operating system does for an instance.
type System struct {
	// Nice is the priority of the process, -20 (highest) to 19. Default 0.
	Nice int `yaml:"nice" json:"nice"`
	// LockMemory keeps keys from being written to swap space (mlock).
	LockMemory bool `yaml:"lock_memory" json:"lock_memory"`
	// Mark of the packets for the firewall. Default 0, none.
	Mark uint32 `yaml:"mark" json:"mark"`
	// BindDevice is the interface or VRF that the connection goes over.
	BindDevice string `yaml:"bind_device" json:"bind_device"`
	// HardwareAddress of a tap device, such as 02:00:5e:00:53:01.
	HardwareAddress string `yaml:"hardware_address" json:"hardware_address"`
	// TxQueueLength of the device, in packets. Default that of the system.
	TxQueueLength uint32 `yaml:"tx_queue_length" json:"tx_queue_length"`
	// NoDelay sends small TCP packets at once (TCP_NODELAY).
	NoDelay bool `yaml:"no_delay" json:"no_delay"`
}

// Proxy is one on the way to the remotes of a client.
type Proxy struct {
	Kind ProxyKind `yaml:"kind" json:"kind"` // http (default; TCP only) or socks
	Host string    `yaml:"host" json:"host"`
	Port uint16    `yaml:"port" json:"port"` // default 8080 for http, 1080 for socks
	// Login: the proxy wants Username and Password; true whenever Username is
	// set. They reach openvpn over its management socket only, which asks for
	// "HTTP Proxy" or "SOCKS Proxy".
	Login    bool   `yaml:"login" json:"login"`
	Username string `yaml:"username" json:"username"`
	Password Secret `yaml:"password" json:"password"`
}

// ServerBridge is the network of a bridged server. With no address at all
// clients get theirs from a DHCP server in the bridged network.
type ServerBridge struct {
	// NoGateway tells clients no gateway. Only without addresses.
	NoGateway bool   `yaml:"no_gateway" json:"no_gateway"`
	Gateway   string `yaml:"gateway" json:"gateway"`
	Netmask   string `yaml:"netmask" json:"netmask"`
	Start     string `yaml:"start" json:"start"` // of the pool
	End       string `yaml:"end" json:"end"`
}

// Ifconfig are the addresses of the two ends of a tunnel.
type Ifconfig struct {
	// Local is our address in the tunnel, with its prefix for IPv6. Required.
	Local string `yaml:"local" json:"local"`
	// Remote is the other end's address, or the netmask with a tap device.
	// Required.
	Remote string `yaml:"remote" json:"remote"`
}

// User may log in at a server.
type User struct {
	// Name is what the user logs in by, unique. Required.
	Name string `yaml:"name" json:"name"`
	// Password is what the user has to know. Required.
	Password Secret `yaml:"password" json:"password"`
}

// Client is what a server does for the client with a common name.
type Client struct {
	// CommonName is that of the client's certificate, unique.
	// Required.
	CommonName string `yaml:"common_name" json:"common_name"`
	// Disabled refuses it.
	Disabled bool `yaml:"disabled" json:"disabled"`
	// Address is the fixed one it gets; Networks lie behind it (iroute).
	Address  string   `yaml:"address" json:"address"`
	Networks []string `yaml:"networks" json:"networks"`
	Options  []Option `yaml:"options" json:"options"` // options of client-specific files
}

// Option is one line of openvpn's configuration.
type Option struct {
	// Name is as in openvpn's manual, without dashes before it. Required.
	Name string `yaml:"name" json:"name"`
	// Args are its parameters in their order. Default: none.
	Args []string `yaml:"args" json:"args"`
}
