package hostfacts

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// machine asks the kernel, see uname(2).
func machine() (string, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", fmt.Errorf("hostfacts: uname: %w", err)
	}
	return unix.ByteSliceToString(u.Machine[:]), nil
}
