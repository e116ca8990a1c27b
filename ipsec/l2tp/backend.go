package l2tp

import (
	"context"
	"net/netip"
	"slices"
	"time"
)

// Backend is what speaks L2TP and PPP on this host. Package xl2tpd has the
// real one, package l2tptest a fake; suite.TestBackend of l2tptest tells
// whether another one keeps this contract.
type Backend interface {
	// Start looks whether the host has what is needed, puts the guard of UDP
	// port 1701 in place and starts what is needed to dial, and to serve when
	// the setup has a server. An error that wraps [ErrHost] says what the host
	// lacks. After an error nothing is left. ctx bounds the start only.
	Start(ctx context.Context, s Setup) (Daemon, error)
}

// Daemon is the running programs. Methods are safe for concurrent use and obey
// their context.
type Daemon interface {
	// Dial connects to a server and returns once PPP has its addresses. A
	// failure is a *[Failure], or ctx's error, or wraps [ErrClosed]; it leaves
	// nothing half-open. A name is in use until its link has ended.
	Dial(ctx context.Context, c Call) (Link, error)
	// Sessions returns who is connected to our server, the oldest first.
	Sessions(ctx context.Context) ([]Session, error)
	// Change makes another setup hold without a disturbance of any link: new
	// sessions get the new users, name servers and PPP settings, and sessions
	// of users that are gone, or have another password, are ended. When the
	// setup differs in more it does nothing and returns [ErrRestart].
	Change(ctx context.Context, s Setup) error
	// Done is closed when the programs have ended, asked to or not.
	Done() <-chan struct{}
	// Err tells why they ended by themselves; nil before that, and after
	// Close.
	Err() error
	// Close ends what is connected, then the programs, and then takes the
	// guard away. When ctx ends first it kills them. It may be called again.
	Close(ctx context.Context) error
}

// Link is one PPP link to a server.
type Link interface {
	// Facts are what PPP agreed on. They do not change.
	Facts() LinkFacts
	// Done is closed when the link has ended.
	Done() <-chan struct{}
	// Err tells why it ended, a *[Failure]; nil before that, and after Close.
	Err() error
	// Close ends PPP, then the session and its tunnel, and waits for it. It
	// may be called again.
	Close(ctx context.Context) error
}

// LinkFacts are what is known about a link that is up.
type LinkFacts struct {
	Interface string       `json:"interface,omitzero"` // such as ppp0
	Local     netip.Addr   `json:"local,omitzero"`
	Remote    netip.Addr   `json:"remote,omitzero"`
	DNS       []netip.Addr `json:"dns,omitzero"` // of the peer, when it was asked for them
}

// Session is one client of our server.
type Session struct {
	// User is who it is; empty as long as PPP has not authenticated.
	User      string     `json:"user,omitzero"`
	Peer      netip.Addr `json:"peer,omitzero"`      // the address outside; invalid: not known
	Interface string     `json:"interface,omitzero"` // empty as long as PPP has none
	Local     netip.Addr `json:"local,omitzero"`     // invalid as long as PPP has none
	Remote    netip.Addr `json:"remote,omitzero"`    // invalid as long as PPP has none
	Since     time.Time  `json:"since,omitzero"`
}

// Setup is what a Daemon is started with. It is valid and complete.
type Setup struct {
	// Listen is our address for L2TP; invalid: all.
	Listen netip.Addr
	// Server is nil when there is none.
	Server *ServerSetup
}

// Changeable tells whether a running Daemon can do with another setup in the
// place of this one, see Daemon.Change.
func (s Setup) Changeable(other Setup) bool {
	if s.Listen != other.Listen || (s.Server == nil) != (other.Server == nil) {
		return false
	}
	return s.Server == nil || s.Server.Local == other.Server.Local &&
		s.Server.First == other.Server.First && s.Server.Last == other.Server.Last
}

// Keeps tells whether a session of a user of the setup before may go on. One
// that has not authenticated yet may not: the old password may pass.
func (s *ServerSetup) Keeps(user string, before *ServerSetup) bool {
	if slices.Equal(s.Users, before.Users) {
		return true
	}
	for _, u := range before.Users {
		if u.Name == user {
			return slices.Contains(s.Users, u)
		}
	}
	return false
}

// ServerSetup is our server.
type ServerSetup struct {
	Local       netip.Addr
	First, Last netip.Addr // of the range for clients
	DNS         []netip.Addr
	Users       []User
	PPP         PPP // with all defaults filled in
}

// Call is one connection to a server.
type Call struct {
	Name     string // letters, digits and underscores
	Peer     netip.Addr
	Username string
	Password Secret
	PPP      PPP // with all defaults filled in
	PeerDNS  bool
	// DefaultRoute and Routes are routed into the link as long as it is up.
	DefaultRoute bool
	Routes       []netip.Prefix
	// Established is called when the tunnel stands and PPP begins. It must
	// not block.
	Established func()
}
