package process

import (
	"errors"
	"os"
	"strings"
	"syscall"

	"github.com/fieldgate/fieldgate/openvpn/internal/management"
)

// Bounds of what openvpn prints.
const (
	drainOutput = 16 << 10 // bytes of log until it is read, of the 64 KB of a pipe
	tailOutput  = 8 << 10  // bytes that are kept
	tailLines   = 20       // that are told
)

// output is what openvpn prints. It goes through a named pipe, which the next
// life of this program can open again. openvpn has both ends and does not wait
// for room: it goes on without a reader, and what nobody reads takes no more
// than a pipe holds, however long that lasts.
type output struct {
	fd  int
	end []byte
}

// makeOutput makes the pipe. child is for the process.
func makeOutput(path string) (o *output, child *os.File, err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, nil, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	if o, err = openOutput(path); err != nil {
		return nil, nil, err
	}
	fd, err := openPipe(path, syscall.O_RDWR)
	if err != nil {
		o.close()
		return nil, nil, err
	}
	return o, os.NewFile(uintptr(fd), path), nil
}

// openOutput opens the pipe of a process for reading.
func openOutput(path string) (*output, error) {
	fd, err := openPipe(path, syscall.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return &output{fd: fd}, nil
}

// openPipe keeps away from the poller of os.File, which has no part in this.
func openPipe(path string, mode int) (int, error) {
	fd, err := syscall.Open(path, mode|syscall.O_NONBLOCK|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// read takes what is there; only its end is kept.
func (o *output) read() {
	buf := make([]byte, 4096)
	for {
		n, err := syscall.Read(o.fd, buf)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 { // nothing now, or no more
			return
		}
		o.end = append(o.end, buf[:n]...)
		if extra := len(o.end) - tailOutput; extra > 0 {
			o.end = append(o.end[:0], o.end[extra:]...)
		}
	}
}

// lines returns the last lines that tell something, at most tailLines.
func (o *output) lines() []string {
	o.read()
	var lines []string
	for line := range strings.Lines(string(o.end)) {
		line = strings.TrimRight(line, "\r\n")
		if line != "" && management.Worth(line) {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-tailLines):]
}

func (o *output) close() { _ = syscall.Close(o.fd) } // of a pipe that was only read

// errNoAnswer is what commands get while there is no connection.
var errNoAnswer = errors.New("openvpn's management socket is not connected")
