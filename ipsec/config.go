package ipsec

// Config is what an operator sets. The zero Config is off and valid.
type Config struct {
	// Enabled starts the service. Default false.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Connections are the tunnels and channels, each with a name of its own.
	Connections []Connection `yaml:"connections" json:"connections"`
	// Phase1Proposals, Phase2Proposals and CertificateSets are shared by the
	// connections that name them.
	Phase1Proposals []Phase1Proposal `yaml:"phase1_proposals" json:"phase1_proposals"`
	Phase2Proposals []Phase2Proposal `yaml:"phase2_proposals" json:"phase2_proposals"`
	CertificateSets []CertificateSet `yaml:"certificate_sets" json:"certificate_sets"`
}

// Connection is one peer and what is protected between it and us.
//
// Names of connections, proposals and sets have 1 to 64 letters, digits and
// underscores; a dash is taken as an underscore, so that two names that differ
// only there are duplicates.
type Connection struct {
	// Name has 1 to 64 letters, digits and underscores, and is unique; a dash is
	// taken as an underscore. Required.
	Name string `yaml:"name" json:"name"`
	// Enabled arms the connection when the configuration is applied.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Gateway is the peer: host name, IP address, or "any" for a connection
	// that only responds. Required.
	Gateway string `yaml:"gateway" json:"gateway"`
	// Type is tunnel (default) or transport (host to host only).
	Type Type `yaml:"type" json:"type"`
	// LocalSubnets and RemoteSubnets are networks as 192.168.11.0/24 or with
	// a dotted mask; none means the end's own address. Ignored with transport.
	// A single text is taken as a list of one.
	LocalSubnets  Subnets `yaml:"local_subnets" json:"local_subnets"`
	RemoteSubnets Subnets `yaml:"remote_subnets" json:"remote_subnets"`
	// Authentication is psk (default) or rsa, which means certificates of any
	// kind of key.
	Authentication Authentication `yaml:"authentication" json:"authentication"`
	// PreSharedKey is required with psk: 1 to 4096 bytes, taken as they are.
	PreSharedKey Secret `yaml:"pre_shared_key" json:"pre_shared_key"`
	// CertificateSet is the name of a set, required with rsa.
	CertificateSet string `yaml:"certificate_set" json:"certificate_set"`
	// Phase1 and Phase2 are names of proposals, in the order of preference;
	// at least one each. Only what is listed is offered.
	Phase1 Names `yaml:"phase1" json:"phase1"`
	Phase2 Names `yaml:"phase2" json:"phase2"`
	// LocalID is our identity; default our address. RemoteID is the peer's;
	// default the gateway when it is an IP address, else not checked. A host
	// name, an address, a mail address or a distinguished name such as
	// "C=CH, O=Example, CN=gate"; strongSwan's prefixes such as keyid: and @#
	// are taken. Printable ASCII of at most 255 bytes.
	LocalID  string `yaml:"local_id" json:"local_id"`
	RemoteID string `yaml:"remote_id" json:"remote_id"`
	// KeyExchange is ikev2 (default) or ikev1.
	KeyExchange KeyExchange `yaml:"key_exchange" json:"key_exchange"`
	// ExchangeMode is main (default) or aggressive; IKEv1 only.
	ExchangeMode ExchangeMode `yaml:"exchange_mode" json:"exchange_mode"`
	// Compression offers IPComp to the peer. Default false.
	Compression bool `yaml:"compression" json:"compression"`
	// DPDAction is what happens when the peer is dead: none (default: it is
	// not looked for), clear, hold, restart.
	DPDAction DPDAction `yaml:"dpd_action" json:"dpd_action"`
	// DPDDelay is the pause between checks of the peer. Default 30 s.
	DPDDelay Duration `yaml:"dpd_delay" json:"dpd_delay"`
	// DPDTimeout is when a silent peer counts as dead. Default 150 s. IKEv1
	// only; with IKEv2 the daemon's retransmissions decide.
	DPDTimeout Duration `yaml:"dpd_timeout" json:"dpd_timeout"`
	// KeyLifetime is the longest life of the keys of the data channel.
	// Default 10800 s.
	KeyLifetime Duration `yaml:"key_lifetime" json:"key_lifetime"`
	// IKELifetime is the longest life of the keying channel. Default 3600 s.
	IKELifetime Duration `yaml:"ike_lifetime" json:"ike_lifetime"`
	// StartAction is trap (default: comes up on demand), start (comes up at
	// once and is kept up) or none (only by hand).
	StartAction StartAction `yaml:"start_action" json:"start_action"`
	// CloseAction is what happens when the peer closes: none, hold, restart.
	// Default restart with DPD action restart, else none.
	CloseAction CloseAction `yaml:"close_action" json:"close_action"`
	// MOBIKE lets the ends change their addresses (RFC 4555). IKEv2 only.
	// Default false.
	MOBIKE bool `yaml:"mobike" json:"mobike"`
	// Fragmentation of IKE messages (RFC 7383): yes (default), accept, force,
	// no.
	Fragmentation Fragmentation `yaml:"fragmentation" json:"fragmentation"`
	// VirtualIP asks the peer for an address of its pool (road warrior).
	VirtualIP bool `yaml:"virtual_ip" json:"virtual_ip"`
	// Pool gives addresses and DNS servers to peers that ask (road warriors).
	Pool *Pool `yaml:"pool,omitempty" json:"pool,omitempty"`
	// PassthroughSubnets stay outside the tunnel although RemoteSubnets cover
	// them.
	PassthroughSubnets Subnets `yaml:"passthrough_subnets" json:"passthrough_subnets"`
	// LocalPorts and RemotePorts narrow a transport connection to one protocol
	// and port, such as "udp/1701"; empty means everything.
	LocalPorts  string `yaml:"local_ports" json:"local_ports"`
	RemotePorts string `yaml:"remote_ports" json:"remote_ports"`
}

// Pool is where road warriors get their addresses from.
type Pool struct {
	// Addresses is a network such as 10.9.0.0/24, or a range
	// 10.9.0.10-10.9.0.99.
	Addresses string `yaml:"addresses" json:"addresses"`
	// DNS are the servers that the peers are told.
	DNS []string `yaml:"dns" json:"dns"`
}

// Phase1Proposal is what protects the keying channel (IKE).
type Phase1Proposal struct {
	// Name has 1 to 64 letters, digits and underscores, and is unique; a dash is
	// taken as an underscore. Required.
	Name       string     `yaml:"name" json:"name"`
	Encryption Encryption `yaml:"encryption" json:"encryption"` // required
	// Hash is required, also with AEAD encryption, where it is the PRF.
	Hash Hash `yaml:"hash" json:"hash"`
	// DH is required.
	DH Group `yaml:"dh" json:"dh"`
}

// Phase2Proposal is what protects the data channel (ESP).
type Phase2Proposal struct {
	// Name has 1 to 64 letters, digits and underscores, and is unique; a dash is
	// taken as an underscore. Required.
	Name       string     `yaml:"name" json:"name"`
	Encryption Encryption `yaml:"encryption" json:"encryption"` // required
	// Hash is required, but for AEAD encryption, where there is none.
	Hash Hash `yaml:"hash" json:"hash"`
	// DH makes new keys independent of the old ones (PFS). Default none.
	DH Group `yaml:"dh" json:"dh"`
}

// CertificateSet is who we are and whom we trust. Each field holds PEM text
// or, without "-----BEGIN", the absolute path of a file with it.
type CertificateSet struct {
	// Name has 1 to 64 letters, digits and underscores, and is unique; a dash is
	// taken as an underscore. Required.
	Name string `yaml:"name" json:"name"`
	// CA holds the certificate, or certificates, that peers must come from.
	// Required unless PeerCertificate is given.
	CA string `yaml:"ca" json:"ca"`
	// Certificate is ours, followed by intermediate ones. Required.
	Certificate string `yaml:"certificate" json:"certificate"`
	// Key is the private key of Certificate, not encrypted. Required. A file
	// must not be readable by others than its owner.
	Key Secret `yaml:"key" json:"key"`
	// PeerCertificate, if given, is the only one that is accepted.
	PeerCertificate string `yaml:"peer_certificate" json:"peer_certificate"`
}
