package procsource_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/procsource"
)

// A device as a folder. A program leaves Root out.
func Example() {
	source := procsource.New(procsource.Options{
		Root: "../../internal/hostfacts/testdata/root", Firmware: "2.1.0",
		IPsec: func(context.Context) (telemetry.Tunnels, error) {
			return telemetry.Tunnels{Up: telemetry.Known(uint64(1))}, nil
		},
	})
	sample, _ := source.Sample(context.Background()) // an error names what could not be read
	fmt.Println(sample.Host.Value, sample.Firmware.Value, sample.IPsec.Up.Value)
	// Output: fieldgate-7 2.1.0 1
}
