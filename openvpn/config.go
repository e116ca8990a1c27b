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

// Folder is where *.conf files become instances by themselves.
type Folder struct {
	// Off leaves the folder alone. Default false.
	Off bool `yaml:"off" json:"off"`
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
	// Bridge is the bridge that the tap device joins.
	BridgeDevice string `yaml:"bridge_device" json:"bridge_device"`

	// Remotes are the other ends that a client or peer calls, in this order.
	Remotes []Remote `yaml:"remotes" json:"remotes"`
	// Nobind lets a client send from a free port. Default true for clients
	// without Port.
	Nobind bool `yaml:"nobind" json:"nobind"`

	// Server is the network of the clients, such as 10.8.0.0/24, ServerIPv6
	// the one of IPv6. Role server.
	Server     string `yaml:"server" json:"server"`
	ServerIPv6 string `yaml:"server_ipv6" json:"server_ipv6"`
	// ServerBridge shares a bridged network with tap clients. Role server.
	ServerBridge *ServerBridge `yaml:"server_bridge,omitempty" json:"server_bridge,omitempty"`
	// Ifconfig are the two ends of a point-to-point tunnel. Role peer.
	Ifconfig     *Ifconfig `yaml:"ifconfig,omitempty" json:"ifconfig,omitempty"`
	IfconfigIPv6 *Ifconfig `yaml:"ifconfig_ipv6,omitempty" json:"ifconfig_ipv6,omitempty"`
	// Topology is subnet (default), net30 or p2p.
	Topology Topology `yaml:"topology" json:"topology"`

	// Files are what the store keeps for this instance: kind (ca, cert, key,
	// pkcs12, dh, crl-verify, tls-auth, tls-crypt, tls-crypt-v2, secret,
	// extra-certs) to base name.
	Files map[FileKind]string `yaml:"files" json:"files"`
	// KeyDirection is of tls-auth and secret: 0, 1, or empty for both ways.
	KeyDirection string `yaml:"key_direction" json:"key_direction"`
	// PeerFingerprints are the SHA-256 fingerprints of the certificates that
	// the other end may have.
	PeerFingerprints []string `yaml:"peer_fingerprints" json:"peer_fingerprints"`

	// Username and Password log a client in. KeyPassword decrypts its key.
	// They reach openvpn over its management socket only.
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
	Host     string   `yaml:"host" json:"host"`
	Port     uint16   `yaml:"port" json:"port"`         // default 1194
	Protocol Protocol `yaml:"protocol" json:"protocol"` // default that of the instance
}

// ServerBridge is the network of a bridged server.
type ServerBridge struct {
	Gateway string `yaml:"gateway" json:"gateway"`
	Netmask string `yaml:"netmask" json:"netmask"`
	Start   string `yaml:"start" json:"start"` // of the pool
	End     string `yaml:"end" json:"end"`
}

// Ifconfig are the addresses of the two ends of a tunnel.
type Ifconfig struct {
	Local  string `yaml:"local" json:"local"`
	Remote string `yaml:"remote" json:"remote"`
}

// User may log in at a server.
type User struct {
	Name     string `yaml:"name" json:"name"`
	Password Secret `yaml:"password" json:"password"`
}

// Client is what a server does for the client with a common name.
type Client struct {
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
	Name string   `yaml:"name" json:"name"`
	Args []string `yaml:"args" json:"args"`
}
