package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// readyVariable tells a child that descriptor 3 is where it says that it is
// ready.
const readyVariable = "SER2NET_READY_FD"

// inherited returns the pipe to the parent, when there is one.
func inherited() (ready *os.File, child bool) {
	if os.Getenv(readyVariable) != "3" {
		return nil, false
	}
	syscall.CloseOnExec(3)
	return os.NewFile(3, "ready"), true
}

// detach starts this program again, in a session of its own, and waits until
// it says that its ports listen. What it prints until then is seen.
func detach(args []string) error {
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
		return errors.Join(fmt.Errorf("the daemon did not start"), err, child.Wait())
	}
	return child.Process.Release()
}

// intoBackground tells the parent that all ports listen, and lets go of its
// folder and its terminal. Without a parent it does nothing.
func intoBackground(ready *os.File) error {
	if ready == nil {
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
	_, err = ready.WriteString("ready")
	return errors.Join(err, ready.Close())
}
