package ipsec

import "context"

// Backend is an IKE daemon. ipsec/strongswan is the real one, ipsectest has a
// fake.
type Backend interface {
	// Connect opens a session with the daemon. It returns an error that wraps
	// [ErrUnavailable], [ErrNotPermitted] or [ErrOwned] when there is none to
	// be had; the service tries again. ctx bounds the opening only.
	Connect(ctx context.Context) (Session, error)
}

// Session is the daemon while it lives. A daemon that ends or restarts ends
// its sessions: Done is closed, every call fails with an error that wraps
// [ErrUnavailable], and what was loaded counts as lost. Methods are safe for
// concurrent use; a long Initiate holds up no other call.
type Session interface {
	// Version names the daemon, such as "charon-systemd 5.9.8".
	Version() string
	// Apply makes the daemon hold exactly the connections given, under our
	// owner name, with their secrets, keys and certificates, and leaves those
	// of others alone. A connection equal to what this session applied before
	// is not touched, nor are its SAs. One that changed is ended, loaded anew
	// and, when it was up, initiated again; one that is gone is unloaded and
	// ended. A connection that the daemon refuses is reported in the Outcome
	// and fails no other; the error is for the session as a whole.
	Apply(ctx context.Context, connections []Definition) (Outcome, error)
	// Initiate brings a connection up and returns once it is. It is
	// idempotent. A failure is a *[Failure] with its cause, leaves no
	// half-open IKE SA behind, and leaves the connection armed.
	Initiate(ctx context.Context, name string) error
	// Terminate ends the SAs of a connection and disarms its trap, so that
	// traffic does not bring it up again until Initiate or Arm. It is
	// idempotent.
	Terminate(ctx context.Context, name string) error
	// Arm makes a connection come up on demand as its definition says.
	Arm(ctx context.Context, name string) error
	// Rekey makes new keys for the data channel.
	Rekey(ctx context.Context, name string) error
	// SAs returns the security associations of our connections.
	SAs(ctx context.Context) ([]SA, error)
	// Events are wake-ups: something about a connection changed. What, is
	// asked by SAs. Events that nobody takes are merged, never lost.
	Events() <-chan Event
	// Done is closed when the session has ended.
	Done() <-chan struct{}
	// Close ends the session and gives everything back. The connections stay
	// in the daemon.
	Close() error
}

// Definition is a connection with everything that it refers to, normalised and
// ready for a daemon. [Config.Resolve] makes them.
type Definition struct {
	Connection
	Phase1 []Phase1Proposal
	Phase2 []Phase2Proposal
	// Set is the certificate set with all its files read, nil with psk.
	Set *CertificateSet
}

// Outcome is what an Apply did, by names of connections.
type Outcome struct {
	Added, Changed, Removed, Unchanged []string
	// Refused are those that the daemon would not take, with its reason.
	Refused map[string]error
}

// Event is a change that the daemon told.
type Event struct {
	Connection string // empty: something about all
}
