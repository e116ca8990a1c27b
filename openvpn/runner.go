package openvpn

import (
	"context"
	"time"
)

// Runner runs openvpn. openvpn/process is the real one, openvpntest has a
// fake.
type Runner interface {
	// Version returns openvpn's version, such as "2.6.14", or an error that
	// wraps [ErrNotInstalled].
	Version(ctx context.Context) (string, error)
	// Adopt returns the processes that an earlier life of this program left
	// running and that can be managed; what cannot is ended. It is called
	// once, before the first Start.
	Adopt(ctx context.Context) ([]Process, error)
	// Start runs an instance and returns once the process exists. What it
	// says, and how it ends, come as events. An error wraps [ErrBusy],
	// [ErrNotInstalled] or tells why there is no process.
	Start(ctx context.Context, l Launch) (Process, error)
}

// Launch is an instance ready to run.
type Launch struct {
	Name string
	// Config is the canonical text of [Render]. It names files by their base
	// names: the runner's folder of the instance is the working directory.
	Config []byte
	// Files are written beside it, mode 0600, by base name.
	Files map[string][]byte
	// Digest names this very Config and Files; an adopted process tells it.
	Digest string
	// Trusted leaves scripts and modules of Config as they are.
	Trusted bool
	// AskClients lets each client of a server wait for [Process.Admit] or Deny
	// (management-client-auth); with NoPassword those without user name and
	// password may come too (auth-user-pass-optional).
	AskClients bool
	NoPassword bool
	// Device is the name of the interface. With Bridge the runner raises it and
	// makes it a port of that bridge each time the tunnel is up.
	Device string
	Bridge string
	// Folder is the working directory of a Trusted one, whose text may name
	// files beside it. Empty: the runner's folder, as of all others.
	Folder string
}

// Process is a running openvpn, its management socket held. Methods are safe
// for concurrent use; commands end with their context.
type Process interface {
	// Name and Digest are those of the [Launch]; the digest is empty when it
	// is not known.
	Name() string
	Digest() string
	// PID is the process id, Started when the process began.
	PID() int
	Started() time.Time
	// Events returns what it says, in order; closed after [Exited], or after
	// Release. The reader must keep up: log lines and byte counts are dropped
	// for a slow one, states never. Who reads skips events that he does not
	// know.
	Events() <-chan Event
	// Signal sends SIGUSR1 (reconnect), SIGHUP (read again) or SIGTERM (end).
	Signal(ctx context.Context, s Signal) error
	// Answer gives credentials that were asked for by [NeedCredentials].
	Answer(ctx context.Context, c Credentials) error
	// Admit and Deny answer [ClientAsks].
	Admit(ctx context.Context, cid, kid uint64, options []Option) error
	Deny(ctx context.Context, cid, kid uint64, reason string) error
	// Clients lists who is connected to a server.
	Clients(ctx context.Context) ([]ConnectedClient, error)
	// Kick ends the session of a client.
	Kick(ctx context.Context, cid uint64) error
	// WriteFile puts a file in place of one of Files, for what openvpn reads
	// again by itself (crl-verify).
	WriteFile(name string, content []byte) error
	// Kill ends the process the hard way.
	Kill() error
	// Release lets go of the process without ending it, for a later Adopt.
	Release() error
}

// Signal is one that openvpn understands.
type Signal string

// The signals.
const (
	SIGUSR1 Signal = "SIGUSR1"
	SIGHUP  Signal = "SIGHUP"
	SIGTERM Signal = "SIGTERM"
)

// Event is something that a process told: [StateChanged], [ByteCount],
// [LogLine], [NeedCredentials], [CredentialsRefused], [ClientAsks],
// [ClientCame], [ClientLeft], [SocketLost] or [Exited].
type Event interface{ event() }
