//go:build !unix

package strongswan

import (
	"errors"
	"os"
)

// acquire fails: charon's control socket is for Unix alone.
func acquire(string) (*os.File, error) { return nil, errors.ErrUnsupported }
