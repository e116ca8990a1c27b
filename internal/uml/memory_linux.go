package uml

import (
	"fmt"
	"strconv"
	"syscall"
)

// shmFolder is where the kernel puts the memory of the machine. It takes no
// other one as long as this is a file system in memory.
const shmFolder = "/dev/shm"

// sharedMemory returns what stands in the way there: containers tend to have
// little of it, and some systems let no code run from it.
func sharedMemory() error {
	const (
		noExec = 8          // ST_NOEXEC of statfs(2)
		tmpfs  = 0x01021994 // TMPFS_MAGIC
	)
	var fs syscall.Statfs_t
	if err := syscall.Statfs(shmFolder, &fs); err != nil || fs.Type != tmpfs {
		return nil // then the kernel looks elsewhere
	}
	if fs.Flags&noExec != 0 {
		return fmt.Errorf("%s is mounted noexec, remount it with exec", shmFolder)
	}
	if free := int64(fs.Bavail) * int64(fs.Bsize); free < memory {
		return fmt.Errorf("%s has %d MiB left, and %d are needed", shmFolder, free>>20, memory>>20)
	}
	return nil
}

// ownSharedMemory begins a command that root runs with a better one.
func ownSharedMemory() []string {
	return []string{"unshare", "--mount", "sh", "-c",
		"mount -t tmpfs -o mode=700,exec,size=" + strconv.Itoa(memory+memory/4) + " none " + shmFolder + ` && exec "$@"`, "sh"}
}
