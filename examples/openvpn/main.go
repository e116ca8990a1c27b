// Command openvpn runs the tunnels of a YAML file, see README.md beside this
// file.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/fieldgate/fieldgate/openvpn/process"
)

// options is the command line.
type options struct {
	config, state, run, status string
	program                    string // of openvpn; empty = where it usually is
	keep                       bool
}

func main() {
	var o options
	flag.StringVar(&o.config, "config", "/etc/fieldgate/openvpn.yaml", "`file` with the instances")
	flag.StringVar(&o.state, "state", "/var/lib/fieldgate/openvpn", "`folder` for keys and certificates")
	flag.StringVar(&o.run, "run", process.DefaultFolder, "`folder` for what runs, emptied by a restart of the machine")
	flag.StringVar(&o.program, "program", "", "`path` of openvpn; default: where it usually is")
	flag.StringVar(&o.status, "status", "", "`file` for a table of the instances, written at each change")
	flag.BoolVar(&o.keep, "keep", false, "leave the tunnels up at the end, for the next start")
	flag.Parse()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	if err := serve(o, signals, slog.Default()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
