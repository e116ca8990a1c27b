package receiver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"
)

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
