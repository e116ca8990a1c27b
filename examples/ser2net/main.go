// Command ser2net gives serial ports to the network in the place of C
// ser2net: it takes its flags and reads its configuration, see README.md
// beside this file.
//
// This file is the wiring; each other file is one part of it:
//
//	flags.go    the command line of C ser2net
//	load.go     the configuration from file, standard input and -Y
//	daemon.go   start, signals, end
//	reload.go   what a new configuration changes at once, and what waits
//	doors.go    listeners that let nobody in while a change waits
//	log.go      syslog or standard output, with a limit
//	cconfig/    the three formats of C ser2net
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/fieldgate/fieldgate/internal/daemon"
	"github.com/fieldgate/fieldgate/ser2net/tty"
)

// Exit statuses, as C has them.
const (
	exitOK     = 0 // -v, -h, or a daemon that is in the background now
	exitFailed = 1 // bad flags or configuration, a port that cannot be listened on, or a signal to end
)

// version is the one of C ser2net whose flags and formats are taken.
const version = "4.6.7 (fieldgate)"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the program. It returns the exit status.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	o, err := parseFlags(args)
	switch {
	case errors.Is(err, errHelp):
		_, _ = fmt.Fprint(out, usage)
		return exitOK
	case err != nil:
		return fail(errOut, err)
	case o.version:
		_, _ = fmt.Fprintln(out, "ser2net version", version)
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
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	defer signal.Stop(signals)
	signal.Ignore(syscall.SIGPIPE) // who reads the log may leave, the daemon stays
	log, err := newLog(o, out, errOut)
	if err != nil {
		return fail(errOut, err)
	}
	return exitStatus(errOut, log, serve(o, log, tools{
		in: in, out: out, signals: signals, opener: &tty.Opener{},
		background: parent.Leave,
	}))
}

func fail(errOut io.Writer, err error) int {
	_, _ = fmt.Fprintln(errOut, "ser2net:", err)
	return exitFailed
}

// exitStatus reports why the daemon ended. A signal to end is status 1, as in C.
func exitStatus(errOut io.Writer, log *slog.Logger, err error) int {
	if !errors.Is(err, errSignal) {
		log.Error("cannot go on", "error", err)
		return fail(errOut, err)
	}
	return exitFailed
}
