package receivertest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
)

// A sink whose disk is full at first.
func ExampleMemory() {
	var sink receivertest.Memory
	record := receiver.Record{Device: "GK0001", Message: &telemetry.Message{Serial: "GK0001", Boot: telemetry.Known(uint32(3)), Seq: 7}}
	sink.Fail(errors.New("no space left on device"))
	fmt.Println(sink.Write(context.Background(), []receiver.Record{record}))
	sink.Fail(nil)
	for range 2 { // a record that comes again is stored once
		fmt.Println(sink.Write(context.Background(), []receiver.Record{record}))
	}
	stored := sink.Records()
	fmt.Println(len(stored), receivertest.IDOf(&stored[0]))
	// Output:
	// receivertest: write: no space left on device
	// <nil>
	// <nil>
	// 1 GK0001/3/7
}
