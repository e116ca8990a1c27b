package receiver

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

var (
	// ErrNotStored is what the error of a [Sink] wraps when trying again
	// would not help, such as on a full disk: the records of that call are
	// counted as not stored, are not acknowledged, and the next ones follow
	// at once. After any other error the same records are written again.
	ErrNotStored = errors.New("not stored")
	// ErrKeyFile is wrapped by the errors of [OpenKeyFile] and
	// [KeyFile.Reload] about what the file says or who may read it.
	ErrKeyFile = errors.New("bad key file")
)

// FieldError is one fault of a Config, at its place.
type FieldError = config.FieldError

// ConfigError is every fault of a Config.
type ConfigError = config.Errors

// Warning is a setting that works but that an operator should know about.
type Warning = config.Warning

// Duration is a length of time, written as "60s", "1m30s" or bare seconds.
type Duration = config.Duration
