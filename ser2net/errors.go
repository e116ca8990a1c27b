package ser2net

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

// The errors of methods that name a port or a client.
var (
	ErrUnknownPort   = errors.New("there is no such port")
	ErrUnknownClient = errors.New("there is no such client")
)

// The sentinels of the serial backends. The error around one names the device.
var (
	// ErrPortBusy: somebody holds the device, this process through the same
	// or another name of it, or another process.
	ErrPortBusy = errors.New("the device is in use")
	// ErrHangup: the device has gone (unplugged, or the line hung up). The
	// port is of no further use but must still be closed.
	ErrHangup = errors.New("the device has gone")
	// ErrNoLines: the device has no modem lines.
	ErrNoLines = errors.New("the device has no modem lines")
)

// FieldError is one fault of a Config, at its place.
type FieldError = config.FieldError

// ConfigError is every fault of a Config.
type ConfigError = config.Errors

// Warning is a setting that works but that an operator should know about.
type Warning = config.Warning
