package daemon

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// readyVariable tells a child that descriptor 3 is where it says that it is
// ready.
const readyVariable = "FIELDGATE_DAEMON_READY_FD"

// ErrNotStarted is the error of Detach when the child ended, or went silent,
// before it was ready. The child has told the reason on standard error.
var ErrNotStarted = errors.New("the daemon did not start")

// Parent is the process that waits for this one; nil when there is none.
type Parent struct{ ready *os.File }

// Inherited tells whether a parent waits for this process. It is called once,
// before anything else is opened or started.
func Inherited() (*Parent, bool) {
	if os.Getenv(readyVariable) != "3" {
		return nil, false
	}
	_ = os.Unsetenv(readyVariable) // not for children of this one
	syscall.CloseOnExec(3)
	return &Parent{os.NewFile(3, "ready")}, true
}

// Detach starts this program again, in a session of its own, and returns once
// it has called Leave. What it prints until then is seen.
func Detach(args []string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	ready, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = ready.Close() }()
	child := exec.Command(program, args...)
	child.Env = append(os.Environ(), readyVariable+"=3")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.ExtraFiles = []*os.File{theirs}
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		return errors.Join(err, theirs.Close())
	}
	if err := theirs.Close(); err != nil {
		return err
	}
	if said, err := io.ReadAll(io.LimitReader(ready, 16)); err != nil || string(said) != "ready" {
		return errors.Join(ErrNotStarted, err, child.Wait())
	}
	return child.Process.Release()
}

// Leave tells the parent that this process is ready, and lets go of its folder
// and its terminal. Without a parent it does nothing.
func (p *Parent) Leave() error {
	if p == nil {
		return nil
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = null.Close() }()
	if err := os.Chdir("/"); err != nil {
		return err
	}
	for fd := range 3 {
		if err := unix.Dup3(int(null.Fd()), fd, 0); err != nil {
			return err
		}
	}
	_, err = p.ready.WriteString("ready")
	return errors.Join(err, p.ready.Close())
}
