package dtls_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/dtls"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// An agent that may use DTLS: a destination with the transport dtls is taken.
func Example() {
	config := telemetry.DefaultConfig()
	config.Enabled = true
	config.Destinations = []telemetry.Destination{{
		Host: "tele.example.net", Port: 5684, Transport: telemetry.TransportDTLS, Identity: "GK0001", PSKFile: "no/such/psk",
	}}
	_, err := telemetry.New(config, telemetry.Options{
		Source: telemetrytest.NewSource(), Serial: "GK0001",
		Dialers: map[telemetry.Transport]telemetry.DialFunc{telemetry.TransportDTLS: dtls.Dial},
	})
	fmt.Println(err)
	_, err = dtls.Dial(context.Background(), config.Destinations[0])
	fmt.Println("without its key:", err != nil)
	// Output:
	// <nil>
	// without its key: true
}
