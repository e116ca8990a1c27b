package openvpn

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

// What runners, stores and the methods of Service about one instance report.
var (
	// ErrNotInstalled: there is no openvpn program, or it does not run.
	ErrNotInstalled = errors.New("openvpn is not installed")
	// ErrUnknownInstance: there is no instance of that name.
	ErrUnknownInstance = errors.New("no such instance")
	// ErrBusy: another program holds the instance, or its management socket.
	ErrBusy = errors.New("another program manages this instance")
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
	// Duration is a length of time as an operator writes it, such as "10s".
	Duration = config.Duration
)

// NewSecret returns text as a Secret.
func NewSecret(text string) Secret { return config.NewSecret(text) }
