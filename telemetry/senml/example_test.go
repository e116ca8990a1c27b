package senml_test

import (
	"fmt"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/senml"
)

func ExampleEncoder_Encode() {
	m := &telemetry.Message{Version: telemetry.Version, Serial: "GK0001", Seq: 5}
	m.Uptime = telemetry.Known(uint64(1000))
	packs, err := senml.Encoder{}.Encode(m, telemetry.MaxDatagram)
	fmt.Printf("%s %v\n", packs[0], err)
	// Output:
	// [{"bn":"GK0001:","n":"seq","u":"count","v":5},{"n":"uptime","u":"s","v":1000}] <nil>
}
