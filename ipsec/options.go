package ipsec

import (
	"errors"
	"log/slog"
)

// Options is what the program brings.
type Options struct {
	// Backend is the IKE daemon. Required.
	Backend Backend
	// Logger gets what happens to connections and to the daemon; nil discards
	// it.
	Logger *slog.Logger
	// OnChange gets a connection whose state has changed; nil: nobody does.
	// Changes come one after the other, from a goroutine of their own: one
	// that takes long delays the others, and of those that wait only the last
	// of each connection comes. It must not call Stop.
	OnChange func(ConnectionStatus)
	// KeepOnStop leaves the connections in the daemon when the service stops,
	// for a program that is only being restarted: the next one takes over what
	// is up. Default: they are ended and unloaded.
	KeepOnStop bool
}

// check returns what is missing.
func (o Options) check() error {
	if o.Backend == nil {
		return errors.New("ipsec: Options.Backend is required")
	}
	return nil
}
