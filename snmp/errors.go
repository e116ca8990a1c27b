package snmp

import (
	"fmt"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// The errors of Start, see [Service.Start].
var (
	ErrStarted  = lifecycle.ErrStarted
	ErrStopped  = lifecycle.ErrStopped
	ErrDisabled = lifecycle.ErrDisabled
)

// ErrorStatus is the error-status of a response (RFC 3416, section 3).
type ErrorStatus int

// The error-statuses that a [Setter] may give.
const (
	NoAccess            ErrorStatus = 6
	WrongType           ErrorStatus = 7
	WrongLength         ErrorStatus = 8
	WrongEncoding       ErrorStatus = 9
	WrongValue          ErrorStatus = 10
	NoCreation          ErrorStatus = 11
	InconsistentValue   ErrorStatus = 12
	ResourceUnavailable ErrorStatus = 13
	NotWritable         ErrorStatus = 17
	InconsistentName    ErrorStatus = 18
)

// SetError is why a binding cannot be set.
type SetError struct {
	Bind   int // its index in the call, from 0
	Status ErrorStatus
	Reason string // for the log
}

// Error tells binding, status and reason.
func (e *SetError) Error() string {
	return fmt.Sprintf("snmp: binding %d: error-status %d: %s", e.Bind, e.Status, e.Reason)
}

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
	// Duration is a length of time as an operator writes it, such as "5s".
	Duration = config.Duration
)

// NewSecret returns text as a Secret.
func NewSecret(text string) Secret { return config.NewSecret(text) }
