package serialport_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/fieldgate/fieldgate/api/atmodem"
	"github.com/fieldgate/fieldgate/api/atmodem/serialport"
)

// The command port of a modem by its lasting name.
func Example() {
	port := serialport.Port{Device: "/dev/serial/by-id/a-modem-that-is-not-plugged-in"}
	modem := atmodem.New(port.Open, atmodem.Options{})
	defer func() { _ = modem.Close() }()
	_, err := modem.ModemInfo(context.Background())
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output: true
}
