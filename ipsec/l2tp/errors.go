package l2tp

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

// What backends, and the methods about one client, report.
var (
	// ErrHost: this host lacks what L2TP needs. The error around it says what,
	// and what to do.
	ErrHost = errors.New("this host cannot run L2TP")
	// ErrUnknownClient: there is no client of that name, or it is not enabled.
	ErrUnknownClient = errors.New("no such client")
	// ErrNotRunning: the service has not been started, or has ended.
	ErrNotRunning = errors.New("the service is not running")
	// ErrRestart: a running backend cannot change to that setup.
	ErrRestart = errors.New("the L2TP programs must be started again for this")
	// ErrClosed: the programs of the backend have ended.
	ErrClosed = errors.New("the L2TP programs have ended")
)

// What all fieldgate packages share.
type (
	// FieldError is one fault of a Config, at its place.
	FieldError = config.FieldError
	// ConfigError is every fault of a Config.
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
