package ipsec

import (
	"net/netip"
	"slices"
	"time"
)

// Status is what the service knows, as of At.
type Status struct {
	At          time.Time
	Daemon      DaemonStatus
	Connections []ConnectionStatus // in the order of the Config
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
	State   DaemonState
	Version string
	Since   time.Time // of State
	Error   string    // why it is not ready
	// Restarts counts how often it came back.
	Restarts uint64
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
	Name    string
	Enabled bool
	// Configured: the settings are valid, and the daemon took them.
	Configured bool
	State      ConnectionState
	Since      time.Time // of State
	// SAs are the keying channels with their data channels; several while
	// keys are renewed, or with several road warriors.
	SAs []SA
	// LastError is why the last try failed; nil after a success.
	LastError *Failure
	// RetryAt is when a failed connection is tried again; zero: not.
	RetryAt time.Time
	// Notices are what to know about its certificates: that they end soon,
	// for example.
	Notices []string
	// History is the last ups and downs, oldest first, at most 32.
	History []Transition
}

// Transition is a change of state. That a connection is being negotiated is
// one only when it was up before, and the same failure again is none.
type Transition struct {
	At     time.Time
	State  ConnectionState
	Reason string
}

// SA is an IKE SA with its children (RFC 7296).
type SA struct {
	Connection                 string
	ID                         uint64 // the daemon's unique number
	Version                    KeyExchange
	State                      string // the daemon's word: CONNECTING, ESTABLISHED, REKEYING, ...
	Initiator                  bool
	InitiatorSPI, ResponderSPI string // hexadecimal
	LocalHost, RemoteHost      netip.AddrPort
	LocalID, RemoteID          string
	NATLocal, NATRemote        bool
	// Algorithms, as proposals write them, such as "aes256-sha256-modp1536".
	Algorithms  string
	Established time.Time
	RekeyAt     time.Time // zero: not planned
	VirtualIPs  []netip.Addr
	Children    []ChildSA
}

// ChildSA is a data channel.
type ChildSA struct {
	Name                        string
	ID                          uint64
	State                       string // INSTALLED, REKEYING, DELETED, ...
	Mode                        string // TUNNEL, TRANSPORT
	SPIIn, SPIOut               string // hexadecimal
	CPIIn, CPIOut               string // of IPComp; empty: not negotiated
	UDPEncapsulated             bool
	Algorithms                  string
	BytesIn, BytesOut           uint64
	PacketsIn, PacketsOut       uint64
	Installed                   time.Time
	RekeyAt, ExpiresAt          time.Time
	LocalSubnets, RemoteSubnets []string
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
