// Package receiver is the server's end of telemetry: it takes the datagrams
// of a fleet from UDP sockets, proves who sent each, refuses what was sent
// before, counts what is missing, and hands the messages to a [Sink] in
// batches.
package receiver
