//go:build !linux || ppc || ppc64 || ppc64le || sparc64

package tty

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"

	"github.com/fieldgate/fieldgate/ser2net"
)

// Open fails: there is no native backend for this system yet.
func (o *Opener) Open(_ context.Context, device string, _ ser2net.Mode) (ser2net.Port, error) {
	return nil, &fs.PathError{Op: "open", Path: device, Err: fmt.Errorf(
		"no native serial backend for %s/%s, use bugst: %w", runtime.GOOS, runtime.GOARCH, errors.ErrUnsupported)}
}
