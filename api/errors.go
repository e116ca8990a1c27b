package api

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

// ErrNotReady is what a provider wraps when it cannot answer yet, or not
// now, but will without anyone's help: the answer is 503 instead of 500.
var ErrNotReady = errors.New("not ready")

// What all fieldgate packages share.
type (
	// FieldError is one fault of a Config, at its place.
	FieldError = config.FieldError
	// ConfigError is every fault of a Config; [Config.Validate], [New] and
	// [NewHandler] return it.
	ConfigError = config.Errors
	// Warning is a setting that works but that an operator should know about.
	Warning = config.Warning
	// Secret is a text that never prints itself.
	Secret = config.Secret
)
