package telemetry_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// An agent reports to a server on the same machine. A device takes the
// Source of telemetry/procsource, or its own.
func Example() {
	server := telemetrytest.NewCollector()
	defer server.Close()

	agent, err := telemetry.New(telemetry.Config{
		Enabled:      true,
		Destinations: []telemetry.Destination{server.Destination()},
		Period:       telemetry.Duration(time.Second),
	}, telemetry.Options{
		Source: telemetrytest.NewSource(),
		Serial: "GK0123456789",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := agent.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	message, err := server.Next(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(message.Serial, "runs firmware", message.Firmware.Value)
	if err := agent.Stop(ctx); err != nil {
		fmt.Println(err)
	}
	// Output: GK0123456789 runs firmware 1.0.0-simulated
}

// Every fault of a Config is reported at once, with its place.
func ExampleConfig_Validate() {
	err := telemetry.Config{
		Enabled:      true,
		Destinations: []telemetry.Destination{{Host: "tele.example.net", Port: 70000}, {Port: 5150}},
	}.Validate()
	fmt.Println(err)
	// Output:
	// destinations[0].port: 70000 is out of range, allowed is 1 to 65535
	// destinations[1].host: required: a host name or an IP address
	// period: 0s is out of range, allowed is 1s to 24h
}

func ExampleDecode() {
	datagram, _ := hex.DecodeString("a60001016647" + "4b303030310305" + "051903e8" + "08831896f609" + "12183c")
	message, err := telemetry.Decode(datagram)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := json.Marshal(message)
	fmt.Println(string(text), err)
	// Output:
	// {"v":1,"serial":"GK0001","seq":5,"uptime":1000,"load":{"1m":150,"15m":9},"period":60} <nil>
}
