// Package sinktest makes the records that the tests of the sinks write.
package sinktest

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// Arrival is when the first of all records came.
const Arrival = 1794993408

// Records returns n records of the device serial, whole snapshots that are
// sealed, with boot 97 and ascending seq from first. Record i came i
// milliseconds after Arrival. The same call gives the same records. It panics
// when serial is too long for a message.
func Records(serial string, first uint64, n int) []receiver.Record {
	key, err := telemetry.ParseKey(fmt.Sprintf("%064x", 1))
	must(err)
	sample, err := telemetrytest.NewSource().Sample(context.Background())
	must(err)
	records := make([]receiver.Record, n)
	for i := range records {
		m := &telemetry.Message{
			Version: telemetry.Version,
			Serial:  serial,
			Boot:    telemetry.Known(uint32(97)),
			Seq:     first + uint64(i),
			Time:    telemetry.Known(Arrival + first + uint64(i)),
			Period:  60,
			Sample:  sample,
		}
		m.Uptime = telemetry.Known(first + uint64(i))
		raw, err := telemetry.AppendSealed(nil, m, key)
		must(err)
		records[i] = receiver.Record{
			Received: time.Unix(Arrival, 0).Add(time.Duration(i) * time.Millisecond),
			Source:   netip.MustParseAddrPort("192.0.2.7:40112"),
			Device:   serial,
			Sealed:   true,
			Raw:      raw,
			Message:  m,
		}
	}
	return records
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
