// Command collector receives the telemetry of fieldgate devices over UDP and
// prints each message as one line of JSON on standard output:
//
//	go run ./examples/collector [-listen 127.0.0.1:5150]
//
//	{"received":"2026-11-22T20:56:48.123456789Z","source":"192.0.2.7:40112","message":{"v":1,"serial":"GK0001",...}}
//
// Datagrams that are no messages are counted, and reported with their source
// on standard error, at most once a second. SIGINT and SIGTERM end it with a
// summary and exit code 0; it exits with 1 when it cannot listen or print, and
// with 2 on wrong flags.
//
// The source of a datagram proves nothing, and bare messages are not
// authenticated: do not listen on an open network.
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
