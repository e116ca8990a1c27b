package modemmanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/fieldgate/fieldgate/api"
)

// systemBus is where D-Bus listens on every Linux.
const systemBus = "unix:path=/var/run/dbus/system_bus_socket"

// Options are what the program may choose. The zero value is ready for use.
type Options struct {
	// Address is that of the bus, as the D-Bus specification writes it.
	// Empty means the system bus, "unix:path=/var/run/dbus/system_bus_socket".
	Address string
	// Modem is the modem: its IMEI, or its path, such as
	// "/org/freedesktop/ModemManager1/Modem/0", which changes when the modem
	// is plugged in again. Empty means the first that has not failed (for
	// want of a SIM, for instance), or else the first.
	Modem string
	// Timeout is how long ModemManager may take to tell all facts. Zero or
	// less means 5 s.
	Timeout time.Duration
}

// Modem is a modem of ModemManager. Make it with [New]. Its methods are safe
// for concurrent use.
type Modem struct {
	options Options

	mu     sync.Mutex
	closed bool
	conn   *dbus.Conn // nil: none yet
}

var _ api.Modem = (*Modem)(nil)

// New returns the provider. It connects to nothing yet.
func New(o Options) *Modem {
	o.Address = cmp.Or(o.Address, systemBus)
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	return &Modem{options: o}
}

// ModemInfo asks ModemManager, see [api.Modem]. When the connection has gone
// it makes a new one. After Close the error wraps fs.ErrClosed.
func (m *Modem) ModemInfo(ctx context.Context) (api.ModemInfo, error) {
	if err := ctx.Err(); err != nil {
		return api.ModemInfo{}, fmt.Errorf("modemmanager: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, m.options.Timeout)
	defer cancel()
	info, err := m.ask(limited)
	switch {
	case err == nil:
		return info, nil
	case ctx.Err() != nil:
		return api.ModemInfo{}, fmt.Errorf("modemmanager: %w", ctx.Err())
	case limited.Err() != nil:
		return api.ModemInfo{}, fmt.Errorf("modemmanager: %w: no answer within %v; restart ModemManager if that persists",
			api.ErrNotReady, m.options.Timeout)
	}
	return api.ModemInfo{}, fmt.Errorf("modemmanager: %w", err)
}

func (m *Modem) ask(ctx context.Context) (api.ModemInfo, error) {
	for tries := 0; ; tries++ {
		conn, err := m.connection(ctx)
		if err != nil {
			return api.ModemInfo{}, err
		}
		info, err := read(ctx, conn, m.options.Modem)
		switch {
		case err == nil:
			return info, nil
		case !errors.Is(err, errBroken), ctx.Err() != nil:
			return api.ModemInfo{}, explain(err)
		case tries > 0:
			return api.ModemInfo{}, fmt.Errorf("%w: %w; start dbus", api.ErrNotReady, err)
		}
		_ = conn.Close() // the bus may have been started anew
	}
}

// errBroken is wrapped by the error of a call when the bus has gone.
var errBroken = errors.New("the system bus has gone")

// connection returns the connection, or a new one where there is none that
// lives.
func (m *Modem) connection(ctx context.Context) (*dbus.Conn, error) {
	m.mu.Lock()
	conn := m.conn
	closed := m.closed
	m.mu.Unlock()
	switch {
	case closed:
		return nil, fs.ErrClosed
	case conn != nil && conn.Connected():
		return conn, nil
	}
	conn, err := dial(ctx, m.options.Address)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		_ = conn.Close()
		return nil, fs.ErrClosed
	case m.conn != nil && m.conn.Connected(): // another caller was faster
		_ = conn.Close()
	default:
		m.conn = conn
	}
	return m.conn, nil
}

// dial connects to the bus. The library cannot be told to give up, but to
// close.
func dial(ctx context.Context, address string) (*dbus.Conn, error) {
	living, end := context.WithCancel(context.Background())
	stop := context.AfterFunc(ctx, end)
	conn, err := dbus.Connect(address, dbus.WithContext(living))
	if !stop() && err == nil { // ended meanwhile
		_ = conn.Close()
		err = ctx.Err()
	}
	if err != nil {
		end()
		return nil, fmt.Errorf("%w: no system bus at %s; start dbus: %w", api.ErrNotReady, address, err)
	}
	context.AfterFunc(conn.Context(), end)
	return conn, nil
}

// errors of D-Bus, by the names of its specification.
const (
	nameUnknown  = "org.freedesktop.DBus.Error.ServiceUnknown"
	nameNoOwner  = "org.freedesktop.DBus.Error.NameHasNoOwner"
	nameNoReply  = "org.freedesktop.DBus.Error.NoReply"
	nameDenied   = "org.freedesktop.DBus.Error.AccessDenied"
	nameNoObject = "org.freedesktop.DBus.Error.UnknownObject"
	nameNoMethod = "org.freedesktop.DBus.Error.UnknownMethod"
)

// explain says what to do about an error.
func explain(err error) error {
	var remote dbus.Error
	if !errors.As(err, &remote) {
		return err
	}
	switch remote.Name {
	case nameUnknown, nameNoOwner, nameNoReply:
		return fmt.Errorf("%w: ModemManager does not run; start it (systemctl start ModemManager)", api.ErrNotReady)
	case nameNoObject, nameNoMethod:
		return fmt.Errorf("%w: ModemManager is starting or ending", api.ErrNotReady)
	case nameDenied:
		return fmt.Errorf("the bus keeps this user from ModemManager; allow it in ModemManager's D-Bus policy: %w", err)
	}
	return err
}

// Close closes the connection. It may be called again.
func (m *Modem) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	if m.conn == nil {
		return nil
	}
	err := m.conn.Close()
	m.conn = nil
	if errors.Is(err, fs.ErrClosed) { // by the bus
		return nil
	}
	return err
}
