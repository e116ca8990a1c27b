package l2tp

import (
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
)

// Status is what the service knows, as of At.
type Status struct {
	At      time.Time      `json:"at"`
	Daemon  DaemonStatus   `json:"daemon"`
	Clients []ClientStatus `json:"clients"` // in the order of the Config
	Server  ServerStatus   `json:"server"`
}

// DaemonStatus is the programs of the backend.
type DaemonStatus struct {
	Running bool      `json:"running"`
	Since   time.Time `json:"since,omitzero"` // of Running
	// Error is why they do not run.
	Error string `json:"error,omitzero"`
	// Restarts counts how often they ended by themselves and were started
	// again.
	Restarts uint64 `json:"restarts"`
}

// State is one client in a word.
type State string

// The states of a client.
const (
	StateDisabled State = "disabled" // not enabled by the Config
	StateStopped  State = "stopped"  // stopped by hand, or with the service
	StateWaiting  State = "waiting"  // the programs do not run
	StateChannel  State = "channel"  // IKE negotiates the secure channel
	StateTunnel   State = "tunnel"   // L2TP negotiates tunnel and session
	StatePPP      State = "ppp"      // PPP authenticates and agrees on addresses
	StateUp       State = "up"       // PPP has addresses
	StateClosing  State = "closing"
	StateFailed   State = "failed" // wanted, and the last try failed; tried again
)

// ClientStatus is one client.
type ClientStatus struct {
	Name    string    `json:"name"`
	Enabled bool      `json:"enabled"`
	State   State     `json:"state"`
	Since   time.Time `json:"since,omitzero"` // of State
	// Channel is the state of the ipsec connection, as the ipsec service tells
	// it now. A client can be up with a channel that is not: nothing passes
	// then, and PPP notices it by its echo requests.
	Channel ipsec.ConnectionState `json:"channel"`
	// Peer is the server's address outside, invalid until the channel is up.
	Peer netip.Addr `json:"peer,omitzero"`
	// LinkFacts are zero unless the state is up.
	LinkFacts
	// LastError is why the last try failed; nil after a success.
	LastError *Failure `json:"last_error,omitzero"`
	// RetryAt is when a failed client is tried again; zero: not.
	RetryAt time.Time `json:"retry_at,omitzero"`
	// Ups counts how often the client came up.
	Ups uint64 `json:"ups"`
}

// ServerStatus is our server.
type ServerStatus struct {
	Enabled bool `json:"enabled"`
	// Running is whether the program runs that answers.
	Running bool `json:"running"`
	// Channel is the state of its ipsec connection.
	Channel  ipsec.ConnectionState `json:"channel"`
	Sessions []Session             `json:"sessions"` // the oldest first
}
