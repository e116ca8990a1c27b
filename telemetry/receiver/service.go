package receiver

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// MaxPacket is the longest datagram that is looked at, in bytes. The agent
// sends up to [telemetry.MaxDatagram].
const MaxPacket = 2048

// Options is what the program gives to the receiver.
type Options struct {
	// Sink takes the records. Required while enabled.
	Sink Sink
	// Keys knows the keys of the devices. Nil: no device has one, so only
	// bare messages can be taken; Config.AllowBare is required then.
	Keys KeyStore
	// ListenPacket opens a socket; network is "udp". Closing the socket must
	// wake its reader. A *net.UDPConn is read in batches. Nil: package net.
	ListenPacket func(ctx context.Context, network, addr string) (net.PacketConn, error)
	// Now returns the time that arrivals are stamped with. Nil: time.Now.
	Now func() time.Time
	// Logger gets changes of state. Nil: nothing is logged.
	Logger *slog.Logger
}

// Service is the receiver. Make it with [New]; its methods are safe for
// concurrent use. It lives once: for another Config make another Service.
type Service struct {
	shell *lifecycle.Shell
	cfg   Config
	opts  Options
}

// New returns the receiver of a Config, not started. It does no I/O. The
// error is that of [Config.Validate], or names what is missing in the
// Options.
func New(c Config, o Options) (*Service, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Enabled {
		if err := o.validate(c); err != nil {
			return nil, fmt.Errorf("receiver: %w", err)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: c.withDefaults(), opts: o}
	s.shell = lifecycle.New("receiver", s.open)
	return s, nil
}

func (o Options) validate(c Config) error {
	var errs []error
	if o.Sink == nil {
		errs = append(errs, errors.New("Options.Sink is required"))
	}
	if o.Keys == nil && !c.AllowBare {
		errs = append(errs, errors.New("Options.Keys is required unless allow_bare is set: nothing could be received"))
	}
	return errors.Join(errs...)
}

// Start opens the sockets and begins to receive. It fails with
// [ErrDisabled], [ErrStarted], [ErrStopped], or when an address cannot be
// listened on or the state file not be read. ctx bounds the start-up only.
func (s *Service) Start(ctx context.Context) error { return s.shell.Start(ctx) }

// Stop closes the sockets, hands what has been received to the sink, and
// waits for the end. What the sink has not taken after five seconds is
// counted as not stored. It may be called at any time and any number of
// times; the error wraps ctx's when the end does not come in time.
func (s *Service) Stop(ctx context.Context) error { return s.shell.Stop(ctx) }

// Done returns a channel that is closed when the receiver has ended.
func (s *Service) Done() <-chan struct{} { return s.shell.Done() }

// Err is nil: nothing but Stop ends a running receiver.
func (s *Service) Err() error { return s.shell.Err() }

// String names the service.
func (s *Service) String() string { return "receiver" }

// Addrs returns the addresses of the sockets, in the order of Config.Listen;
// none before Start.
func (s *Service) Addrs() []netip.AddrPort { return nil }

// Stats returns the counters.
func (s *Service) Stats() Stats { return Stats{} }

// Status returns the state, at any time and without waiting for I/O.
func (s *Service) Status() Status { return Status{} }

// Device returns what is known about a device, and whether there is any.
func (s *Service) Device(serial string) (DeviceStats, bool) { return DeviceStats{}, false }

// Devices returns all devices with state, in no order. Messages go on to
// arrive meanwhile; each device is consistent in itself.
func (s *Service) Devices() iter.Seq[DeviceStats] {
	return func(func(DeviceStats) bool) {}
}

// Forget drops all state of a device and reports whether there was any. Its
// next message is taken as that of a new device, whatever its boot: needed
// when a device has lost its boot counter, or was replaced under the same
// serial. Messages recorded before can be replayed once until it reports.
func (s *Service) Forget(serial string) bool { return false }

// open implements [lifecycle.Open].
func (s *Service) open(context.Context) (lifecycle.Run, error) {
	if !s.cfg.Enabled {
		return nil, ErrDisabled
	}
	return func(ctx context.Context) error { <-ctx.Done(); return nil }, nil
}
