package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/netip"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the whole program; it ends with ctx.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("collector", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:5150", "UDP `address` to receive on")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	if flags.NArg() > 0 {
		log.Error("collector: unknown argument, all settings are flags", "argument", flags.Arg(0))
		return exitUsage
	}
	addr, err := net.ResolveUDPAddr("udp", *listen)
	if err != nil {
		log.Error("collector: -listen is not of the form address:port", "error", err)
		return exitUsage
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		log.Error("collector: cannot listen; is another collector running?", "error", err)
		return exitFailed
	}
	log.Info("collector: receiving", "address", conn.LocalAddr().String())

	c := &collector{conn: conn, out: stdout, log: log}
	err = c.serve(ctx)
	log.Info("collector: ended", "messages", c.messages, "malformed", c.malformed)
	if err != nil {
		log.Error("collector: ended by a fault", "error", err)
		return exitFailed
	}
	return exitOK
}

// packetConn is what a collector needs of a *net.UDPConn.
type packetConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	Close() error
}
