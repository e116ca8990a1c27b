package tty_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tty"
)

// One Opener for all users of the process: it knows which devices they hold.
func Example() {
	var devices tty.Opener
	_, err := devices.Open(context.Background(), "/dev/serial/by-id/not-plugged-in", ser2net.DefaultMode())
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output: true
}
