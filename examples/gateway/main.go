// Command gateway is a complete device daemon made of the fieldgate
// services. Without flags, root or a configuration it starts a device: see
// README.md beside this file.
//
// This file is the wiring; each other file is one part of it:
//
//	document/      the configuration: document, validation, YAML with line and column for every fault
//	firststart.go  the configuration and the API key of a first start
//	state.go       the state folder
//	build.go       services from a configuration, on real backends
//	simulate.go    the fakes of -simulate
//	slot.go        where the API finds what runs behind it
//	modem.go       the modem behind it
//	points.go      the devices and tags behind it: package hub, or a tag bus
//	upgrade.go     the firmware behind it
//	memory.go      memory that was needed for a while goes back to the system
//	names.go       the names in the certificate of the API
//	supervise.go   ordered start, restart of what dies, reverse stop, reload
//	child.go       one service after the other under supervision
//	web.go         the web server and the status page
//	apimount.go    the API below /api/ of the web server
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/api/devicelog"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// Exit statuses.
const (
	exitOK      = 0
	exitFailed  = 1 // could not start, or did not stop in time
	exitInvalid = 2 // the flags or the configuration are wrong; nothing was started
)

const (
	startTimeout = 15 * time.Second
	stopTimeout  = 5 * time.Second
	ownLogBytes  = 64 << 10
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options is the command line.
type options struct {
	config, state, listen, newKey string
	simulate, check, version      bool
}

func parseFlags(args []string, errOut io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("gateway", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.StringVar(&o.config, "config", "", "configuration `file` (default gateway.yaml in the state folder, written at the first start)")
	f.StringVar(&o.state, "state", "gateway-data", "state `folder`, made if needed")
	f.StringVar(&o.listen, "listen", "", "`address:port` of page and API, instead of web.listen")
	f.BoolVar(&o.simulate, "simulate", false, "play a whole device on fakes")
	f.BoolVar(&o.check, "check", false, "check the configuration and exit")
	f.StringVar(&o.newKey, "new-key", "", "make an API key called `name`, print what to store for it, and exit")
	f.BoolVar(&o.version, "version", false, "print the version and exit")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		err := fmt.Errorf("gateway: unexpected argument %q", f.Arg(0))
		_, _ = fmt.Fprintln(errOut, err)
		return o, err
	}
	return o, nil
}

// run is the program. It returns the exit status.
func run(args []string, out, errOut io.Writer) int {
	o, err := parseFlags(args, errOut)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitInvalid
	case o.version:
		_, _ = fmt.Fprintln(out, "fieldgate gateway", version())
		return exitOK
	case o.newKey != "":
		return report(errOut, printNewKey(out, o.newKey))
	case o.check:
		return check(o, out, errOut)
	}
	return report(errOut, serveDevice(o, out, errOut))
}

// check says what is wrong with the configuration and changes nothing.
func check(o options, out, errOut io.Writer) int {
	path := o.configPath()
	if _, err := os.Stat(path); o.config == "" && errors.Is(err, fs.ErrNotExist) {
		_, _ = fmt.Fprintln(errOut, path+": no configuration yet, the first start writes it")
		return exitFailed
	}
	doc, err := o.load(path)
	if err != nil {
		return report(errOut, err)
	}
	for _, w := range doc.Warnings() {
		_, _ = fmt.Fprintln(out, "warning:", w)
	}
	_, _ = fmt.Fprintln(out, path+": valid")
	return exitOK
}

// serveDevice runs the device until SIGTERM or SIGINT; a second one of them
// ends the process at once.
func serveDevice(o options, out, errOut io.Writer) (err error) {
	ctx, release := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer release()
	context.AfterFunc(ctx, release)
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)

	state, doc, err := prepare(o, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.close()) }()
	ownLog := devicelog.NewRing(ownLogBytes)
	log := slog.New(slog.NewMultiHandler(slog.NewTextHandler(errOut, nil), ownLog.Handler(nil)))
	g, err := newGateway(state, log, ownLog, o.simulate)
	if err != nil {
		return err
	}
	log.Info("starting", "version", version(), "config", o.configPath(), "simulate", o.simulate)
	go giveBackMemory(ctx)
	err = g.start(ctx, doc)
	for err == nil && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-hangUp:
			g.reload(ctx, o)
		}
	}
	if ctx.Err() != nil {
		log.Info("asked to end", "reason", context.Cause(ctx))
		err = nil
	}
	return errors.Join(err, g.stop())
}

func newGateway(state *stateDir, log *slog.Logger, ownLog *devicelog.Ring, simulate bool) (*gateway, error) {
	g := &gateway{state: state, log: log, ownLog: ownLog, simulated: simulate, units: newSupervisor(log)}
	if !simulate {
		g.points, g.backends = newPoints(state.path), g.realBackends
		return g, nil
	}
	// What is sent to a simulated device is not for the real one.
	folder, err := state.folder("simulated")
	g.points, g.backends = newPoints(folder), g.simulatedBackends()
	return g, err
}

// prepare takes the state folder and reads the configuration. A wrong file
// that -config names leaves no trace.
func prepare(o options, out io.Writer) (state *stateDir, doc document.Document, err error) {
	if o.config != "" {
		if doc, err = o.load(o.config); err != nil {
			return nil, doc, err
		}
	}
	if state, err = openState(o.state); err != nil {
		return nil, doc, err
	}
	if o.config == "" {
		if err = ensureConfig(state, out); err == nil {
			doc, err = o.load(state.configPath())
		}
	}
	if err != nil {
		return nil, doc, errors.Join(err, state.close())
	}
	return state, doc, nil
}

// start starts the device; the end of ctx breaks it off.
func (g *gateway) start(ctx context.Context, doc document.Document) error {
	g.warn(doc)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return g.units.start(ctx, g.plan(doc))
}

// reload reads the configuration again. A wrong one changes nothing.
func (g *gateway) reload(ctx context.Context, o options) {
	doc, err := o.load(o.configPath())
	if err != nil {
		g.log.Error("the configuration is not taken over, everything goes on as before", "error", err)
		return
	}
	g.warn(doc)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if _, err := g.units.reload(ctx, g.plan(doc)); err != nil {
		g.log.Error("the configuration is taken over in part only", "error", err)
		return
	}
	g.log.Info("the configuration is taken over")
}

func (g *gateway) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return g.units.stop(ctx)
}

func (g *gateway) warn(doc document.Document) {
	for _, w := range doc.Warnings() {
		g.log.Warn("weak configuration", "warning", w)
	}
}

func (o options) configPath() string {
	if o.config != "" {
		return o.config
	}
	return (&stateDir{path: o.state}).configPath()
}

// load reads the configuration and applies what the command line overrides.
func (o options) load(path string) (document.Document, error) {
	doc, err := document.Load(path)
	if err != nil {
		return document.Document{}, err
	}
	if o.listen != "" {
		doc.Web.Listen = o.listen
		if faults := doc.Faults(); len(faults) > 0 { // the file has none by itself
			return document.Document{}, &document.Error{File: "-listen", Faults: []document.PlacedFault{{Fault: faults[0]}}}
		}
	}
	return doc, nil
}

// report prints an error and returns the exit status for it.
func report(errOut io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintln(errOut, err)
	var invalid *document.Error
	if errors.As(err, &invalid) {
		return exitInvalid
	}
	return exitFailed
}
