package ipsec

import "context"

// Backend is an IKE daemon. Package strongswan has the real one, package
// ipsectest a fake; suite.TestBackend of ipsectest tells whether another one
// keeps this contract.
type Backend interface {
	// Connect opens a session with the daemon. It returns an error that wraps
	// [ErrUnavailable], [ErrNotPermitted] or [ErrOwned] when there is none to
	// be had; the service tries again. ctx bounds the opening only.
	Connect(ctx context.Context) (Session, error)
}

// Session is the daemon while it lives. A daemon that ends or restarts ends
// its sessions: Done is closed, every call fails with an error that wraps
// [ErrUnavailable], and what was loaded counts as lost. A session whose
// connection to the daemon breaks for another reason ends as well.
//
// Methods are safe for concurrent use. A long Initiate holds up no other
// call. All obey their context.
type Session interface {
	// Version names the daemon, such as "charon-systemd 5.9.8".
	Version() string
	// Apply makes the daemon hold exactly the connections given, under our
	// owner name, with their secrets, keys and certificates, and leaves those
	// of others alone.
	//
	// A connection equal to what this session applied before is not touched,
	// nor are its SAs. One that changed is ended and loaded anew; bringing it
	// up again is the caller's. One that is gone is unloaded and ended. One
	// that somebody else has taken out of the daemon is loaded anew without
	// being ended, and counts as added. What
	// the daemon still holds of ours from before the session is loaded anew
	// without being ended, when it is given, and counts as added; else it is
	// removed.
	//
	// A connection that the daemon refuses is reported in the Outcome and
	// fails no other; it is not in the daemon then, and is tried again by the
	// next Apply. The error is for the session as a whole. After one the
	// session is of no further use.
	Apply(ctx context.Context, connections []Definition) (Outcome, error)
	// Initiate brings a connection up and returns once it is. It is
	// idempotent. A failure is a *[Failure] with its cause, unless ctx has
	// ended, and leaves no half-open IKE SA behind. A name that is not applied
	// gives [ErrUnknownConnection].
	Initiate(ctx context.Context, name string) error
	// Terminate ends the SAs of a connection; nil when there is none. The
	// connection stays loaded, and traffic or the peer may bring it up again:
	// to keep it down it is left out of the next Apply. A name that is not
	// applied gives [ErrUnknownConnection].
	Terminate(ctx context.Context, name string) error
	// Rekey makes new keys for the data channels of a connection that is up.
	// A name that is not applied gives [ErrUnknownConnection].
	Rekey(ctx context.Context, name string) error
	// SAs returns the security associations of our connections, in the order
	// of name and then age.
	SAs(ctx context.Context) ([]SA, error)
	// Events are wake-ups: something about a connection changed. What else,
	// is asked by SAs. Events that nobody takes are merged, never lost. The
	// channel is not closed.
	Events() <-chan Event
	// Done is closed when the session has ended.
	Done() <-chan struct{}
	// Close ends the session and gives everything back. The connections stay
	// in the daemon. It may be called again.
	Close() error
}

// Definition is a connection with everything that it refers to, normalised
// and ready for a daemon: names have no dash, subnets are networks in prefix
// form, settings that do not apply are empty, and all others have a value
// where there is a default. [Config.Resolve] makes them.
type Definition struct {
	Connection
	Phase1 []Phase1Proposal
	Phase2 []Phase2Proposal
	// Set is the certificate set with the PEM text of all its files, nil with
	// psk.
	Set *CertificateSet
}

// Outcome is what an Apply did, by names of connections, each list sorted.
type Outcome struct {
	Added, Changed, Removed, Unchanged []string
	// Refused are those that the daemon would not take, with its reason.
	Refused map[string]error
}

// Event is a change that the daemon told.
type Event struct {
	Connection string // empty: something about all
	// Dead: its peer did not answer any more, and the daemon has given up the
	// SA, which goes now or has gone. Told of connections with a DPDAction.
	Dead bool
	// Lost: somebody else has taken it, or its key, out of the daemon. Apply
	// loads it again.
	Lost bool
}
