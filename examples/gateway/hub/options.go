package hub

import (
	"context"
	"log/slog"
	"net"

	"github.com/fieldgate/fieldgate/ser2net"
)

// Options are what the program gives the hub.
type Options struct {
	// Dial connects to devices; nil: [net.Dialer.DialContext].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Opener opens serial lines, and should be that of the ser2net service,
	// so that neither takes a line from the other. Nil: devices on serial
	// lines never answer.
	Opener ser2net.Opener
	// Logger takes changes of state; nil: none.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Opener == nil {
		o.Opener = noOpener{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// noOpener has no serial lines.
type noOpener struct{}

func (noOpener) Open(context.Context, string, ser2net.Mode) (ser2net.Port, error) {
	return nil, errNoSerial
}
