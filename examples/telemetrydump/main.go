// Command telemetrydump shows telemetry datagrams as JSON with names, one a
// line:
//
//	go run ./examples/telemetrydump [-key FILE | -keys FILE] [HEX | FILE | -]...
//
//	telemetrydump a200010300
//	{"bytes":5,"form":"bare","message":{"v":1,"seq":0}}
//
// An argument is a datagram in hex, else the name of a file; "-" and no
// argument mean standard input. A file has datagrams in hex, one a line, or
// the bytes of a single one.
//
// form is bare, sealed or ack. With the key of the device, -key for its own
// key file and -keys for that of a collector, verified tells whether it
// sealed the datagram; without one it is left out, and nothing proves who has
// sent it. An ack is shown only with the key.
//
// What cannot be read is reported on standard error with its place. The exit
// code is 0 if everything was read and nothing is forged, 1 if not, and 2 for
// wrong flags.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
