package ser2net

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// Options is what the program gives to the proxy.
type Options struct {
	// Opener opens the serial devices. Required while a port is enabled.
	Opener Opener
	// Listen and ListenPacket open the addresses of ports. Closing what they
	// return must wake its reader. Nil: package net, without MPTCP.
	Listen       func(ctx context.Context, network, addr string) (net.Listener, error)
	ListenPacket func(ctx context.Context, network, addr string) (net.PacketConn, error)
	// Dial opens the connections of ports that dial. Nil: package net.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS reads the files of a port with TLS: tlsport.Load. Required for such
	// a port.
	TLS func(TLS) (Handshake, error)
	// OnEvent gets every event, one after the other, from one goroutine. It may
	// call all methods but Stop. When it falls far behind, events are left
	// out and the log says so. Nil: events are only logged.
	OnEvent func(Event)
	// Logger gets every event. Nil: nothing is logged.
	Logger *slog.Logger
}

// withDefaults fills in what may be nil. The sockets of the package's own
// set keep-alive by themselves, as the port says.
func (o Options) withDefaults() Options {
	if o.Listen == nil {
		listen := &net.ListenConfig{KeepAlive: -1}
		listen.SetMultipathTCP(false) // it has no TCP_USER_TIMEOUT in older kernels
		o.Listen = listen.Listen
	}
	if o.ListenPacket == nil {
		o.ListenPacket = new(net.ListenConfig).ListenPacket
	}
	if o.Dial == nil {
		dialer := &net.Dialer{KeepAlive: -1}
		dialer.SetMultipathTCP(false)
		o.Dial = dialer.DialContext
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// check names what is missing for c.
func (o Options) check(c Config) error {
	if !c.Enabled {
		return nil
	}
	for _, p := range c.Ports {
		switch {
		case p.on() && o.Opener == nil:
			return errors.New("ser2net: Options.Opener is required while a port is enabled")
		case p.on() && p.TLS.on() && o.TLS == nil:
			return fmt.Errorf("ser2net: port %q has tls, which this program does not: Options.TLS is missing", p.Name)
		}
	}
	return nil
}

// The time limits that no setting changes.
const (
	openTimeout   = 10 * time.Second       // of a device, a TLS handshake, a dial
	reopenPause   = 400 * time.Millisecond // between tries to open a device that has gone
	reopenMax     = 10 * time.Second       // pause for a device that goes away again each time
	shortLife     = 2 * time.Second        // of such a device
	goodbye       = 500 * time.Millisecond // for the peer to close after us
	flushTimeout  = 2 * time.Second        // for what waits for a client that has to leave
	drainAtStop   = time.Second            // for the output of a device when its port stops
	breakDuration = 250 * time.Millisecond // of a telnet break, as tcsendbreak
	stopLimit     = 5 * time.Second        // for the end of a port, then a driver hangs
	maxNewcomers  = 32                     // of a port, not yet served or refused
)
