package lineprotocol_test

import (
	"fmt"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/lineprotocol"
)

// What a collector writes to a database.
func ExampleAppendLines() {
	m := &telemetry.Message{Version: telemetry.Version, Serial: "GK0001", Seq: 5}
	m.IPsec = telemetry.Tunnels{Up: telemetry.Known(uint64(2)), Down: telemetry.Known(uint64(1))}
	fmt.Printf("%s", lineprotocol.AppendLines(nil, m, time.Unix(1_800_000_000, 0)))
	// Output:
	// fieldgate_agent,serial=GK0001 seq=5i 1800000000000000000
	// fieldgate_ipsec,serial=GK0001 up=2i,down=1i 1800000000000000000
}
