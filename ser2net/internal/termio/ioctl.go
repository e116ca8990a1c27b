//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package termio

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctl makes a request whose argument is a pointer. That the driver does not
// know the request is errors.ErrUnsupported.
func (d *Device) ioctl(request uint, arg unsafe.Pointer) error {
	return d.control(func(fd int) error {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg))
		switch errno {
		case 0:
			return nil
		case unix.ENOTTY, unix.EINVAL: // EINVAL: up to Linux 5.x
			return &unsupported{errno}
		}
		return errno
	})
}

// pointer makes a pointer to a kernel structure an argument of ioctl.
func pointer[T any](to *T) unsafe.Pointer { return unsafe.Pointer(to) }

// unsupported is the error of a request that the driver does not know.
type unsupported struct{ unix.Errno }

func (*unsupported) Is(target error) bool { return target == errors.ErrUnsupported }
func (u *unsupported) Unwrap() error      { return u.Errno }
