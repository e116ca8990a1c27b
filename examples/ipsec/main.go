// Command ipsec keeps IPsec tunnels up by the charon of strongSwan, from one
// configuration file:
//
//	ipsec [-socket PATH] [-owner NAME] FILE
//
// SIGHUP reads the file again and applies what has changed; SIGUSR1 prints the
// status of all connections; SIGTERM and SIGINT end them and the program.
// ipsec.yaml beside this file shows every setting in its place.
//
// This file is the wiring; each other file is one part of it:
//
//	load.go     the configuration file
//	daemon.go   start, signals, end
//	print.go    the status as a table
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/fieldgate/fieldgate/ipsec/strongswan"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program. It returns the exit status: 1 for what went wrong, 2 for
// a wrong command line.
func run(args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("ipsec", flag.ContinueOnError)
	flags.SetOutput(errOut)
	socket := flags.String("socket", strongswan.DefaultSocket, "charon's control socket, a `path`")
	owner := flags.String("owner", strongswan.DefaultOwner, "a `name` that begins the names of our connections in charon")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		_, _ = fmt.Fprintln(errOut, "ipsec: name one configuration file")
		return 2
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	log := slog.New(slog.NewTextHandler(errOut, nil))
	backend, err := strongswan.New(strongswan.Options{Socket: *socket, Owner: *owner, Logger: log})
	if err == nil {
		d := &daemon{file: flags.Arg(0), backend: backend, log: log, out: out, signals: signals}
		err = d.serve()
	}
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "ipsec:", err)
		return 1
	}
	return 0
}
