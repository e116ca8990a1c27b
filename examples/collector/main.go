// Command collector receives the telemetry of fieldgate devices over UDP,
// keeps it, and answers questions about the fleet. Without flags it prints
// each message as one line of JSON:
//
//	go run ./examples/collector
//
//	{"received":"2026-11-22T20:56:48.123456789Z","source":"192.0.2.7:40112","message":{"v":1,"serial":"GK0001",...}}
//
// With a folder it stores them, and with keys it proves who sent them:
//
//	collector -listen :5150 -data /var/lib/collector -keys /etc/collector/keys -acks
//
// Its flags, signals and exit codes are in README.md. The wiring is in
// run.go; the packages below this folder do the work: latest (last states),
// store (log on disk), sink (other engines) and web (answers).
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// gcPercent is how much garbage may pile up, in percent of what is alive: less
// than Go's default of 100, as the states of a large fleet live long.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, hangup)
	stop()
	os.Exit(code)
}
