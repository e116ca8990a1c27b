//go:build !linux

package hostfacts

import "runtime"

// machine is what this program was built for.
func machine() (string, error) { return runtime.GOARCH, nil }
