//go:build !linux

package hostfacts

import "errors"

// statfs cannot measure here; a program on such a system brings its own
// function in Options.
func statfs(string) (Space, error) { return Space{}, errors.ErrUnsupported }
