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

// What a server does with a sealed message: look up the key of whoever claims
// to have sent it, verify, and only then decode.
func ExampleParseEnvelope() {
	keys := make(map[string]telemetry.Key)
	keys["GK0001"], _ = telemetry.ParseKey("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	datagram, _ := hex.DecodeString("d18443a10104a10446474b3030303152a500010218610305041a6afd6d00051903e8483b9ddc0bdeb52a68")

	envelope, err := telemetry.ParseEnvelope(datagram)
	if err != nil {
		fmt.Println(err)
		return
	}
	key, known := keys[envelope.Serial]
	if !known || !envelope.Verify(key) {
		fmt.Println("forged")
		return
	}
	message, err := envelope.Decode()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(message.Serial, message.Boot.Value, message.Seq, "up for", message.Uptime.Value, "s")
	// Output: GK0001 97 5 up for 1000 s
}
