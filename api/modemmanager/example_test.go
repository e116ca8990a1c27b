package modemmanager_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/modemmanager"
)

// The modem of this host. Without ModemManager an answer is an error, and the
// endpoint tells it.
func Example() {
	modem := modemmanager.New(modemmanager.Options{Address: "unix:path=/no/such/bus"}) // leave it out for the system bus
	defer func() { _ = modem.Close() }()
	providers := api.Providers{Modem: modem}
	_, err := providers.Modem.ModemInfo(context.Background())
	fmt.Println(err != nil)
	// Output: true
}
