package atmodem_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/api/atmodem"
	"github.com/fieldgate/fieldgate/api/atmodem/atmodemtest"
)

// On a device, Open is that of a serialport.Port.
func Example() {
	modem := atmodem.New(atmodemtest.NewModem().Open, atmodem.Options{})
	defer func() { _ = modem.Close() }()
	info, err := modem.ModemInfo(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s, %s, %s, %d dBm\n", info.Operator, info.Registration, info.Technology, *info.SignalDBm)
	// Output: Test Network, home, LTE, -71 dBm
}
