package telemetry

import (
	"errors"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// The sentinels of the service contract, see [Service].
var (
	ErrStarted  = lifecycle.ErrStarted  // Start on a service that has been started
	ErrStopped  = lifecycle.ErrStopped  // Start after, or interrupted by, Stop
	ErrDisabled = lifecycle.ErrDisabled // Start with a disabled Config
)

// The sentinels of the codec. The error around one says where and why.
var (
	// ErrMalformed: the bytes are no message of the wire format.
	ErrMalformed = errors.New("malformed message")
	// ErrVersion: a message of another version than [Version].
	ErrVersion = errors.New("unsupported version of the message format")
	// ErrSealed: an authenticated or encrypted datagram (first byte 0xD1 or
	// 0xD0), which must be opened before its message can be decoded.
	ErrSealed = errors.New("the message is sealed, want a bare one")
	// ErrForged: a sealed datagram whose MAC is not that of the key.
	ErrForged = errors.New("the MAC is not that of the key")
	// ErrUnencodable: a Message that the wire format cannot carry.
	ErrUnencodable = errors.New("message cannot be encoded")
)

// FieldError is one fault of a Config, at its place.
type FieldError = config.FieldError

// ConfigError is every fault of a Config.
type ConfigError = config.Errors

// Warning is a setting that works but that an operator should know about.
type Warning = config.Warning
