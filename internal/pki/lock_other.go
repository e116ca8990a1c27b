//go:build !linux && !darwin

package pki

// lock does nothing here: one process at a time may use a folder.
func lock(string) (unlock func(), err error) { return func() {}, nil }
