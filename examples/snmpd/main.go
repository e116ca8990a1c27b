// Command snmpd is an SNMP agent in the place of net-snmp's snmpd: it takes
// its flags and reads its configuration, see README.md beside this file.
//
// This file is the wiring; each other file is one part of it:
//
//	flags.go    the command line of snmpd
//	load.go     the configuration files, and what they come to
//	system.go   what managers set of the system group, and where it is kept
//	daemon.go   start, signals, end
//	log.go      the log, in the lines of snmpd
//	proc.go     the directive proc
//	extend.go   the directive extend
//	conf/       snmpd.conf
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/fieldgate/fieldgate/internal/daemon"
)

// Exit statuses, as snmpd has them.
const (
	exitOK     = 0
	exitFailed = 1
)

// version is the one of net-snmp whose flags and directives are taken, in the
// words that programs look for.
const version = "NET-SNMP version 5.9 (fieldgate)"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program. It returns the exit status.
func run(args []string, out, errOut io.Writer) int {
	o, err := parseFlags(args)
	switch {
	case errors.Is(err, errHelp):
		_, _ = fmt.Fprint(out, usage)
		return exitOK
	case err != nil:
		return fail(errOut, err)
	case o.version:
		_, _ = fmt.Fprintln(out, version)
		return exitOK
	}
	parent, child := daemon.Inherited()
	if !o.foreground && !child {
		if err := daemon.Detach(args); err != nil {
			return fail(errOut, err)
		}
		return exitOK
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	l, err := openLog(o, out, errOut)
	if err != nil {
		return fail(errOut, err)
	}
	defer l.close()
	d := &program{options: o, log: l, signals: signals, ready: parent.Leave}
	if err := d.serve(); err != nil {
		l.line(err.Error())
		return fail(errOut, err)
	}
	return exitOK
}

func fail(errOut io.Writer, err error) int {
	_, _ = fmt.Fprintln(errOut, "snmpd:", err)
	return exitFailed
}
