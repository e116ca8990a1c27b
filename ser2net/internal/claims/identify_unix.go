//go:build unix

package claims

import (
	"fmt"
	"os"
	"syscall"
)

// identity is the device number, which all names of a device share.
type identity uint64

func identify(name string) (identity, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode()&os.ModeCharDevice == 0 {
		return 0, fmt.Errorf("%s is not a serial device", name)
	}
	return identity(stat.Rdev), nil
}
