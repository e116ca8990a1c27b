package receiver_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// printer is a sink that keeps nothing.
type printer struct{ printed chan bool }

func (p printer) Write(_ context.Context, records []receiver.Record) error {
	for _, r := range records {
		fmt.Printf("%s, boot %d, report %d: load %.2f\n", r.Device, r.Message.Boot.Value, r.Message.Seq,
			float64(r.Message.Load.One.Value)/100)
		p.printed <- true
	}
	return nil
}

// A server that prints what its devices report.
func Example() {
	key := telemetry.NewKey() // of the one device; a real server has them in a file, see OpenKeyFile
	keys := func(_ context.Context, serial string) (telemetry.Key, bool, error) {
		return key, serial == "GK0001", nil
	}
	config := receiver.DefaultConfig()
	config.Enabled = true
	config.Listen = []string{"127.0.0.1:0"}
	sink := printer{make(chan bool, 1)}
	server, err := receiver.New(config, receiver.Options{Sink: sink, Keys: receiver.KeyFunc(keys)})
	if err != nil {
		log.Fatal(err)
	}
	if err := server.Start(context.Background()); err != nil {
		log.Fatal(err)
	}
	send(server.Addrs()[0].String(), key) // what a device does
	<-sink.printed
	if err := server.Stop(context.Background()); err != nil {
		log.Fatal(err)
	}
	device, _ := server.Device("GK0001")
	fmt.Println("lost:", device.Lost)
	// Output:
	// GK0001, boot 3, report 0: load 0.42
	// lost: 0
}

func send(addr string, key telemetry.Key) {
	m := &telemetry.Message{Version: telemetry.Version, Serial: "GK0001", Boot: telemetry.Known(uint32(3))}
	m.Load.One = telemetry.Known(uint64(42))
	b, err := telemetry.AppendSealed(nil, m, key)
	if err != nil {
		log.Fatal(err)
	}
	conn, err := net.Dial("udp", addr)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write(b); err != nil {
		log.Fatal(err)
	}
}
