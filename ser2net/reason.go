package ser2net

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
)

// refusal returns what a client is told when the device cannot be opened.
func refusal(err error) string {
	switch {
	case errors.Is(err, errPortInUse):
		return textPortInUse
	case errors.Is(err, ErrPortBusy):
		return textDeviceInUse
	case errors.Is(err, fs.ErrNotExist):
		return textOpenFailure + "Value or file not found"
	case errors.Is(err, fs.ErrPermission):
		return textOpenFailure + "Permission denied"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return textOpenFailure + "Operation timed out"
	}
	return textOpenFailure + reason(err)
}

// reason returns an error as one line, without the operation and the path.
func reason(err error) string {
	var atPath *fs.PathError
	if errors.As(err, &atPath) {
		err = atPath.Err
	}
	var onNet *net.OpError
	if errors.As(err, &onNet) && onNet.Err != nil {
		err = onNet.Err
	}
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\r' || r == '\n' }), ", ")
}
