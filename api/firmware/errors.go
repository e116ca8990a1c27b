package firmware

import (
	"errors"
	"fmt"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/config"
)

// What all fieldgate packages share.
type (
	// Duration is a time span, in text such as "90s"; a bare number is
	// seconds.
	Duration = config.Duration
	// FieldError is one fault of a Config, at its place.
	FieldError = config.FieldError
	// ConfigError is every fault of a Config; [Config.Validate] and [New]
	// return it.
	ConfigError = config.Errors
	// Warning is a setting that works but that an operator should know about.
	Warning = config.Warning
)

// errGone: apply was called a second time, or after another Receive.
var errGone = errors.New("the image is no longer there: upload it again")

// refused is a fault of the uploaded file.
func refused(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{api.ErrRefused}, args...)...)
}
