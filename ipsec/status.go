package ipsec

import (
	"net/netip"
	"slices"
	"time"
)

// Status is what the service knows, as of At.
type Status struct {
	At          time.Time          `json:"at"`
	Daemon      DaemonStatus       `json:"daemon"`
	Connections []ConnectionStatus `json:"connections"` // in the order of the Config
}

// DaemonState is whether there is an IKE daemon.
type DaemonState string

// The states of the daemon.
const (
	DaemonWaiting  DaemonState = "waiting" // none answered yet
	DaemonReady    DaemonState = "ready"   // it answers, and holds what we applied
	DaemonApplying DaemonState = "applying"
	DaemonGone     DaemonState = "gone" // it answered and does not any more
)

// DaemonStatus is the IKE daemon as we see it.
type DaemonStatus struct {
	State   DaemonState `json:"state"`
	Version string      `json:"version,omitzero"`
	Since   time.Time   `json:"since,omitzero"` // of State
	Error   string      `json:"error,omitzero"` // why it is not ready
	// Restarts counts how often it came back.
	Restarts uint64 `json:"restarts"`
}

// ConnectionState is one connection in a word.
type ConnectionState string

// The states of a connection.
const (
	StateDisabled   ConnectionState = "disabled"   // not enabled by the Config
	StateRefused    ConnectionState = "refused"    // the daemon would not take it
	StateStopped    ConnectionState = "stopped"    // stopped by hand, until it is started
	StateArmed      ConnectionState = "armed"      // comes up on demand or when the peer comes
	StateConnecting ConnectionState = "connecting" // being negotiated
	StateClosed     ConnectionState = "closed"     // its peer was dead, and DPDAction is clear: as stopped, but the peer may bring it up
	StateUp         ConnectionState = "up"         // a data channel is installed
	StateFailed     ConnectionState = "failed"     // wanted, and the last try failed; tried again
	StateUnknown    ConnectionState = "unknown"    // the daemon cannot be asked
)

// ConnectionStatus is one connection.
type ConnectionStatus struct {
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
	// Configured: the settings are valid, and the daemon took them.
	Configured bool            `json:"configured"`
	State      ConnectionState `json:"state"`
	Since      time.Time       `json:"since,omitzero"` // of State
	// SAs are the keying channels with their data channels; several while
	// keys are renewed, or with several road warriors.
	SAs []SA `json:"sas,omitzero"`
	// LastError is why the last try failed; nil after a success.
	LastError *Failure `json:"last_error,omitzero"`
	// RetryAt is when a failed connection is tried again; zero: not.
	RetryAt time.Time `json:"retry_at,omitzero"`
	// Notices are what to know about its certificates: that they end soon,
	// for example.
	Notices []string `json:"notices,omitzero"`
	// History is the last ups and downs, oldest first, at most 32.
	History []Transition `json:"history,omitzero"`
}

// Transition is a change of state. That a connection is being negotiated is
// one only when it was up before, and the same failure again is none.
type Transition struct {
	At     time.Time       `json:"at"`
	State  ConnectionState `json:"state"`
	Reason string          `json:"reason,omitzero"`
}

// SA is an IKE SA with its children (RFC 7296).
type SA struct {
	Connection   string         `json:"connection"`
	ID           uint64         `json:"id"` // the daemon's unique number
	Version      KeyExchange    `json:"version,omitzero"`
	State        string         `json:"state"` // the daemon's word: CONNECTING, ESTABLISHED, REKEYING, ...
	Initiator    bool           `json:"initiator"`
	InitiatorSPI string         `json:"initiator_spi,omitzero"` // hexadecimal
	ResponderSPI string         `json:"responder_spi,omitzero"` // hexadecimal
	LocalHost    netip.AddrPort `json:"local_host,omitzero"`
	RemoteHost   netip.AddrPort `json:"remote_host,omitzero"`
	LocalID      string         `json:"local_id,omitzero"`
	RemoteID     string         `json:"remote_id,omitzero"`
	NATLocal     bool           `json:"nat_local,omitzero"`
	NATRemote    bool           `json:"nat_remote,omitzero"`
	// Algorithms, as proposals write them, such as "aes256-sha256-modp1536".
	Algorithms  string       `json:"algorithms,omitzero"`
	Established time.Time    `json:"established,omitzero"`
	RekeyAt     time.Time    `json:"rekey_at,omitzero"` // zero: not planned
	VirtualIPs  []netip.Addr `json:"virtual_ips,omitzero"`
	Children    []ChildSA    `json:"children,omitzero"`
}

// ChildSA is a data channel.
type ChildSA struct {
	Name            string    `json:"name"`
	ID              uint64    `json:"id"`
	State           string    `json:"state"`            // INSTALLED, REKEYING, DELETED, ...
	Mode            string    `json:"mode,omitzero"`    // TUNNEL, TRANSPORT
	SPIIn           string    `json:"spi_in,omitzero"`  // hexadecimal
	SPIOut          string    `json:"spi_out,omitzero"` // hexadecimal
	CPIIn           string    `json:"cpi_in,omitzero"`  // of IPComp; empty: not negotiated
	CPIOut          string    `json:"cpi_out,omitzero"` // of IPComp; empty: not negotiated
	UDPEncapsulated bool      `json:"udp_encapsulated,omitzero"`
	Algorithms      string    `json:"algorithms,omitzero"`
	BytesIn         uint64    `json:"bytes_in"`
	BytesOut        uint64    `json:"bytes_out"`
	PacketsIn       uint64    `json:"packets_in"`
	PacketsOut      uint64    `json:"packets_out"`
	Installed       time.Time `json:"installed,omitzero"`
	RekeyAt         time.Time `json:"rekey_at,omitzero"`
	ExpiresAt       time.Time `json:"expires_at,omitzero"`
	LocalSubnets    []string  `json:"local_subnets,omitzero"`
	RemoteSubnets   []string  `json:"remote_subnets,omitzero"`
}

// Up tells whether the keying channel has a data channel that carries
// traffic. One that was replaced or closed is still listed for a while, and
// does not count.
func (s SA) Up() bool {
	return slices.ContainsFunc(s.Children, func(c ChildSA) bool {
		switch c.State {
		case "INSTALLED", "UPDATING", "REKEYING": // with REKEYING the old one carries on
			return true
		}
		return false
	})
}

// negotiating tells whether the keying channel is being set up.
func (s SA) negotiating() bool { return s.State == "CONNECTING" || s.State == "CREATED" }
