package redispoints

import (
	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// The errors of Start, see [Service.Start].
var (
	ErrStarted = lifecycle.ErrStarted
	ErrStopped = lifecycle.ErrStopped
)

// What all fieldgate packages share.
type (
	// Duration is a time span, in text such as "90s"; a bare number is
	// seconds.
	Duration = config.Duration
	// Secret is a text that never prints itself.
	Secret = config.Secret
	// FieldError is one fault of a Config, at its place.
	FieldError = config.FieldError
	// ConfigError is every fault of a Config; [Config.Validate] and [New]
	// return it.
	ConfigError = config.Errors
	// Warning is a setting that works but that an operator should know about.
	Warning = config.Warning
)
