package daemon

import (
	"os"
	"strconv"
)

// WritePID writes the process id to a file, and returns what removes it.
func WritePID(path string) (remove func() error, err error) {
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return nil, err
	}
	return func() error { return os.Remove(path) }, nil
}
