package ipsec

import (
	"errors"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// The errors of Start, see [Service.Start].
var (
	ErrStarted  = lifecycle.ErrStarted
	ErrStopped  = lifecycle.ErrStopped
	ErrDisabled = lifecycle.ErrDisabled
)

// What a backend, and the methods of Service about one connection, report.
var (
	// ErrUnavailable: the IKE daemon is not there, or does not answer.
	ErrUnavailable = errors.New("the IKE daemon is not available")
	// ErrNotPermitted: the daemon is there, but not for this user.
	ErrNotPermitted = errors.New("not permitted to use the IKE daemon")
	// ErrOwned: another program holds connections in this daemon under the
	// same owner name.
	ErrOwned = errors.New("another program manages the connections of this owner")
	// ErrUnknownConnection: there is no connection of that name, or it is not enabled.
	ErrUnknownConnection = errors.New("no such connection")
	// ErrNotRunning: the service was not started, or has been stopped.
	ErrNotRunning = errors.New("the service does not run")
	// ErrRespondsOnly: the connection waits for peers, it cannot be started.
	ErrRespondsOnly = errors.New("it only responds, the peer has to start it")
)

// What all fieldgate packages share.
type (
	// FieldError is one fault of a Config, at its place.
	FieldError = config.FieldError
	// ConfigError is every fault of a Config; [Config.Validate] and [New]
	// return it.
	ConfigError = config.Errors
	// Warning is a setting that works but that an operator should know about.
	Warning = config.Warning
	// Secret is a text that never prints itself.
	Secret = config.Secret
	// Duration is a length of time as an operator writes it: bare seconds or
	// "30s", "5m", "3h".
	Duration = config.Duration
)

// NewSecret returns text as a Secret.
func NewSecret(text string) Secret { return config.NewSecret(text) }
