package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

// becomeOwner gives up root for the owner of the state folder. A gateway that
// runs as a user of its own could not read what a command of root leaves there,
// and root need not follow links in a folder of somebody else. A folder that
// is not there yet changes nothing.
func becomeOwner(state string) error {
	info, err := os.Stat(state)
	if errors.Is(err, fs.ErrNotExist) || os.Geteuid() != 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	err = syscall.Setgroups(nil)
	if err == nil {
		err = syscall.Setgid(int(owner.Gid))
	}
	if err == nil {
		err = syscall.Setuid(int(owner.Uid))
	}
	if err != nil {
		return fmt.Errorf("state folder %s: its owner's rights cannot be taken: %w", state, err)
	}
	return nil
}

// newPassword is -new-password.
func newPassword(o options, out io.Writer) error {
	if err := becomeOwner(o.state); err != nil {
		return err
	}
	return account.NewPassword(o.state, o.newPassword, out)
}
