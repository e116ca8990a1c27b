package hostfacts

import (
	"errors"

	"golang.org/x/sys/unix"
)

// statfs asks the kernel, see statfs(2).
func statfs(path string) (Space, error) {
	var s unix.Statfs_t
	for {
		err := unix.Statfs(path, &s)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return Space{}, err
		}
	}
	// Blocks are counted in fragments; kernels before 2.6 left that size 0.
	size := uint64(s.Frsize)
	if size == 0 {
		size = uint64(s.Bsize)
	}
	return Space{
		TotalKiB:     kib(s.Blocks, size),
		FreeKiB:      kib(s.Bfree, size),
		AvailableKiB: kib(s.Bavail, size),
		Inodes:       s.Files,
		InodesFree:   s.Ffree,
		BlockBytes:   size,
	}, nil
}
