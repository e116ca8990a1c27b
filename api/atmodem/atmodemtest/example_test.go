package atmodemtest_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/api/atmodem"
	"github.com/fieldgate/fieldgate/api/atmodem/atmodemtest"
)

// What a provider tells is what the modem is in.
func Example() {
	fake := atmodemtest.NewModem()
	modem := atmodem.New(fake.Open, atmodem.Options{})
	defer func() { _ = modem.Close() }()
	info, err := modem.ModemInfo(context.Background())
	fmt.Println(info.Operator, err)
	fmt.Println(fake.Info().Operator == info.Operator)
	// Output:
	// Test Network <nil>
	// true
}
