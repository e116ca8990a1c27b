package telemetrytest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// A source whose facts cannot be read for a while.
func ExampleSource() {
	source := telemetrytest.NewSource()
	source.Fail(errors.New("the sensor does not answer"))
	_, err := source.Sample(context.Background())
	fmt.Println(err)
	source.Fail(nil)
	sample, err := source.Sample(context.Background())
	fmt.Println(sample.Firmware.Value, err, source.Calls())
	// Output:
	// the sensor does not answer
	// 1.0.0-simulated <nil> 2
}
