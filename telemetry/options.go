package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"
	"unicode/utf8"
)

// MaxSerial is the most bytes of a serial number.
const MaxSerial = 64

// Options is what the program gives to the agent.
type Options struct {
	// Source gives the facts. Required while enabled.
	Source Source
	// Serial names the device in every message and sets the moment within
	// the period at which it reports. Text of 1 to 64 bytes, required while
	// enabled.
	Serial string
	// NextBoot returns a number that is higher at each call, over the whole
	// life of the device; it is called once by each Start, and its error is
	// Start's. Together with seq it makes a message unique. Nil: messages
	// carry no boot, and a receiver cannot tell a restart from disorder.
	NextBoot func(ctx context.Context) (uint32, error)
	// Clock returns the time of day and whether it can be trusted; messages
	// carry no time until it can. Nil: the system clock, trusted once it is
	// past 1 January 2026.
	Clock func() (time.Time, bool)
	// Dial opens a connection whose every Write is one datagram, for the
	// transport udp; network is "udp" and addr "host:port". It must end with
	// its ctx. Nil: net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// LookUp returns the addresses of a host name, best first. Nil: the
	// resolver of package net, or with a Dial of the program none, Dial then
	// gets the names as they are.
	LookUp func(ctx context.Context, host string) ([]netip.Addr, error)
	// Encoders are those of the encodings other than cbor that the device
	// offers. Nil: none.
	Encoders map[Encoding]Encoder
	// Dialers are those of the transports other than udp that the device
	// offers. Nil: none.
	Dialers map[Transport]DialFunc
	// Logger gets changes of state. Nil: nothing is logged.
	Logger *slog.Logger
}

// DialFunc opens a connection to a destination whose Host is an address, or
// a name where LookUp is nil. Every Write on it is one datagram, every Read
// too; Close ends both. It must end with its ctx.
type DialFunc = func(ctx context.Context, d Destination) (net.Conn, error)

// earliestTime is before every moment at which this code runs: a clock that
// shows less has not been set.
var earliestTime = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// complete gives every field that may be nil its default.
func (o *Options) complete() {
	if o.Clock == nil {
		o.Clock = systemClock
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
		if o.LookUp == nil {
			o.LookUp = lookUp
		}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func lookUp(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// brings adds a fault for whatever c wants that o does not bring.
func (o *Options) brings(c Config, faults *ConfigError) {
	if c.Acks && o.NextBoot == nil {
		faults.Addf("acks", "this device counts no starts (NextBoot), so that acks of an earlier start would pass for those of this one")
	}
	for i, d := range c.Destinations {
		if e := d.encoding(); e != EncodingCBOR && o.Encoders[e] == nil {
			faults.Addf(place(i)+".encoding", "this device brings no encoder for %s", e)
		}
		if t := d.transport(); t != TransportUDP && o.Dialers[t] == nil {
			faults.Addf(place(i)+".transport", "this device brings no dialer for %s", t)
		}
	}
}

func (o *Options) validate() error {
	var errs []error
	if o.Source == nil {
		errs = append(errs, errors.New("Options.Source is required"))
	}
	switch {
	case o.Serial == "":
		errs = append(errs, errors.New("Options.Serial is required"))
	case len(o.Serial) > MaxSerial:
		errs = append(errs, fmt.Errorf("Options.Serial has %d bytes, allowed are %d", len(o.Serial), MaxSerial))
	case !utf8.ValidString(o.Serial):
		errs = append(errs, errors.New("Options.Serial is not UTF-8"))
	}
	return errors.Join(errs...)
}

func systemClock() (time.Time, bool) {
	now := time.Now()
	return now, now.After(earliestTime)
}
