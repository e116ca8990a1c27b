package strongswan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
)

// DefaultSocket is where charon listens.
const DefaultSocket = "/var/run/charon.vici"

// DefaultOwner begins the names of what is loaded.
const DefaultOwner = "fieldgate"

// DefaultTimeout is how long charon may take to answer.
const DefaultTimeout = 10 * time.Second

// Options are what a program sets. The zero value has the defaults.
type Options struct {
	// Socket is the path of charon's control socket. Default [DefaultSocket].
	Socket string
	// Owner begins the names of what is loaded: 1 to 32 small letters and
	// digits. Default [DefaultOwner].
	Owner string
	// LockFile is made, if need be, and locked while there is a session, so
	// that no other program manages the connections of this owner. It keeps
	// a record of the certificates that are ours, and is never removed.
	// Default: the socket with ".OWNER.lock" behind it.
	LockFile string
	// Timeout is how long charon may take for an answer, but to an Initiate,
	// before it counts as gone. Default [DefaultTimeout].
	Timeout time.Duration
	// Logger gets what is in the package's documentation. nil: nothing.
	Logger *slog.Logger
}

// Backend is a charon that is driven by its control socket.
type Backend struct {
	options Options
	names   names
}

var _ ipsec.Backend = (*Backend)(nil)

// New returns the backend for a daemon, without looking for it. It fails only
// for an owner that is no name.
func New(o Options) (*Backend, error) {
	if o.Socket == "" {
		o.Socket = DefaultSocket
	}
	if o.Owner == "" {
		o.Owner = DefaultOwner
	}
	if !validOwner(o.Owner) {
		return nil, fmt.Errorf("strongswan: the owner %q is not 1 to 32 of the characters a-z and 0-9", o.Owner)
	}
	if o.LockFile == "" {
		o.LockFile = o.Socket + "." + o.Owner + ".lock"
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Backend{o, names{o.Owner}}, nil
}

func validOwner(owner string) bool {
	for _, c := range []byte(owner) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return owner != "" && len(owner) <= 32
}

// String names the daemon.
func (b *Backend) String() string { return "charon at " + b.options.Socket }

// Connect opens a session. See [ipsec.Backend].
func (b *Backend) Connect(ctx context.Context) (ipsec.Session, error) {
	// The socket first: where there is none the folder may be missing too.
	conn, err := b.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("strongswan: %w", connectError(err))
	}
	lock, err := acquire(b.options.LockFile)
	if err != nil {
		_ = conn.Close() // nothing was sent
		return nil, fmt.Errorf("strongswan: %w", connectError(err))
	}
	s, err := b.open(ctx, lock, conn)
	if err != nil {
		return nil, fmt.Errorf("strongswan: %s: %w", b, err)
	}
	return s, nil
}

// dial connects to the socket. charon lets few wait at its door (a backlog of
// 10 and less); who finds it full is sent away, and comes again.
func (b *Backend) dial(ctx context.Context) (net.Conn, error) {
	for end := time.Now().Add(b.options.Timeout); ; {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", b.options.Socket)
		if !errors.Is(err, syscall.EAGAIN) || time.Now().After(end) {
			return conn, err
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// errLocked: another program has the lock.
var errLocked = errors.New("it is locked")

// connectError says in our terms why there is no session.
func connectError(err error) error {
	switch {
	case errors.Is(err, errLocked):
		return fmt.Errorf("%w: %w", ipsec.ErrOwned, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", ipsec.ErrNotPermitted, err)
	}
	return unavailable(err)
}
