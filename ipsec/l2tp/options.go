package l2tp

import (
	"context"
	"log/slog"
)

// Options is what the program injects.
type Options struct {
	// Backend is required.
	Backend Backend
	// Channel is required. It is started before this service and stopped
	// after it, so that the tunnels are closed inside of their channels.
	Channel ChannelService
	// Logger gets changes of state. Nil discards them.
	Logger *slog.Logger
	// ApplyChannels, if set, is called by [Service.Apply] when what is gone or
	// changed has been ended inside of its channel, and before what is new
	// begins. It gives the ipsec service its Config, c.Extend of the rest. An
	// error is returned by Apply and ends nothing.
	ApplyChannels func(ctx context.Context, c Config) error
	// OnChange, if set, is called with each change of a client, in order and
	// one at a time. It must return quickly and call no method of the service
	// but Status.
	OnChange func(ClientStatus)
}
