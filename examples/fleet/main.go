// Command fleet plays many telemetry devices at once, with a bad network
// and an attacker between them and their server, and checks that the server
// counted exactly what was lost:
//
//	go run ./examples/fleet -devices 1000 -rate 5000 -duration 10s -loss 0.2 -check http://127.0.0.1:5151
//
// Each device reports the 65 values of a gateway with counters that grow. The
// flags -loss, -reorder, -dup, -reboot, -clock and -forge are shares of all
// reports, from 0 to 1. With -master FILE, which holds 64 hexadecimal digits,
// messages are sealed with keys derived from that master, otherwise bare.
// -seed repeats a run. A server refuses the devices of an earlier run as
// replays, unless -boot is higher than at its end; with -check that is so by
// itself. -prefix gives other devices.
//
// With -check URL it asks the collector at the end for the loss of each
// device, prints what differs, and exits with 1 if anything does. What follows
// the last report that arrived of a boot cannot be known by the server; it is
// told apart, as silent. With -path-loss the way to the server may lose
// datagrams of its own: then received, lost and silent reports of each device
// must add up to those it made.
//
// The receiver stops listening to whoever sends more than 100 forgeries a
// second in the name of devices that it does not know yet. The attacker has
// an address of his own on the loopback interface only: elsewhere, or with more
// than that, some replays and new devices are refused uncounted, and differ.
//
// It exits with 2 on wrong flags. It never sends for longer than -duration.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
