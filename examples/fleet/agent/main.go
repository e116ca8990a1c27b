// Command agent is one real device for the collector: it reports the facts
// of this host, and does nothing else, until it is told to end:
//
//	go run ./examples/fleet/agent -host 127.0.0.1 -port 5150 -serial GK0001 -boot boot
//
// It is the smallest program with package telemetry that a gateway can use;
// make bench-telemetry measures its size.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/bootcount"
	"github.com/fieldgate/fieldgate/telemetry/procsource"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	host := flag.String("host", "127.0.0.1", "`name` or address of the server")
	port := flag.Int("port", 5150, "UDP `port` of the server")
	period := flag.Duration("period", time.Minute, "`time` between reports")
	serial := flag.String("serial", "", "serial `number` of this device")
	key := flag.String("key", "", "`file` with the key of this device; none = bare messages")
	boot := flag.String("boot", "boot", "`file` that counts the starts of this device")
	flag.Parse()

	agent, err := telemetry.New(telemetry.Config{
		Enabled:      true,
		Destinations: []telemetry.Destination{{Host: *host, Port: *port}},
		Period:       telemetry.Duration(*period),
		KeyFile:      *key,
	}, telemetry.Options{
		Source:   procsource.New(procsource.Options{}),
		Serial:   *serial,
		NextBoot: func(context.Context) (uint32, error) { return bootcount.Next(*boot) },
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := agent.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return agent.Stop(context.Background())
}
