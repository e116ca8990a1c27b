//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package ptypair

import (
	"errors"

	"golang.org/x/sys/unix"
)

// ErrEmulated says that a program is emulated without what serial devices
// need. It is a reason to skip a test.
var ErrEmulated = errors.New("ptypair: the emulator has no TCGETS2 (qemu-user), so that no serial device can be used")

// Serial tells whether serial devices can be used: the error is ErrEmulated or
// nil. No kernel lacks the request, and what a kernel does not know it answers
// with another error than an emulator does.
func Serial() error {
	_, err := unix.IoctlGetTermios(-1, unix.TCGETS2)
	if errors.Is(err, unix.ENOSYS) {
		return ErrEmulated
	}
	return nil
}
