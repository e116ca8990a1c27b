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
	"path/filepath"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/api/devicelog"
	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
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
	doc, err := o.read()
	if errors.Is(err, fs.ErrNotExist) && o.config == "" {
		_, _ = fmt.Fprintln(errOut, o.configPath()+": no configuration yet, the first start writes it")
		return exitFailed
	}
	if err != nil {
		return report(errOut, err)
	}
	for _, w := range doc.Warnings() {
		_, _ = fmt.Fprintln(out, "warning:", w)
	}
	_, _ = fmt.Fprintln(out, o.configPath()+": valid")
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

	state, store, err := prepare(o, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.close()) }()
	ownLog := devicelog.NewRing(ownLogBytes)
	log := slog.New(slog.NewMultiHandler(slog.NewTextHandler(errOut, nil), ownLog.Handler(nil)))
	g, err := newGateway(state, log, ownLog, o)
	if err != nil {
		return err
	}
	g.control = control.New(store, engine{g}, log)
	defer g.control.Close()
	log.Info("starting", "version", version(), "config", o.configPath(), "simulate", o.simulate)
	go giveBackMemory(ctx)
	err = g.start(ctx, g.control.Boot())
	for err == nil && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-hangUp:
			g.reload(ctx, o, store)
		}
	}
	if ctx.Err() != nil {
		log.Info("asked to end", "reason", context.Cause(ctx))
		err = nil
	}
	return errors.Join(err, g.stop())
}

func newGateway(state *stateDir, log *slog.Logger, ownLog *devicelog.Ring, o options) (*gateway, error) {
	runDir, err := filepath.Abs(filepath.Join(state.path, "run"))
	if err != nil {
		return nil, err
	}
	g := &gateway{state: state, log: log, ownLog: ownLog, simulated: o.simulate, listen: o.listen, runDir: runDir, units: newSupervisor(log)}
	if !o.simulate {
		g.points, g.backends = newPoints(state.path), g.realBackends
		return g, nil
	}
	// What is sent to a simulated device is not for the real one.
	folder, err := state.folder("simulated")
	g.points, g.backends = newPoints(folder), g.simulatedBackends()
	return g, err
}

// prepare takes the state folder and opens the configuration. A wrong file
// that -config names leaves no trace.
func prepare(o options, out io.Writer) (state *stateDir, store *confstore.Store, err error) {
	if o.config != "" {
		if _, err = o.read(); err != nil {
			return nil, nil, err
		}
	}
	if state, err = openState(o.state); err != nil {
		return nil, nil, err
	}
	if o.config == "" {
		err = ensureConfig(state, out)
	}
	if err == nil {
		_, err = o.read()
	}
	if err == nil {
		store, err = confstore.Open(o.folder(), confstore.Options{})
	}
	if err != nil {
		return nil, nil, errors.Join(o.named(err), state.close())
	}
	return state, store, nil
}

// start starts the device; the end of ctx breaks it off.
func (g *gateway) start(ctx context.Context, doc document.Document) error {
	g.warn(doc)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return g.units.start(ctx, g.plan(doc))
}

// reload reads the configuration again. A wrong one changes nothing.
func (g *gateway) reload(ctx context.Context, o options, store *confstore.Store) {
	if _, err := store.Reload(); err != nil {
		g.log.Error("the configuration is not taken over, everything goes on as before", "error", o.named(err))
		return
	}
	if _, err := g.control.Apply(ctx, "SIGHUP", 0); err != nil {
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

// folder is where the configuration is kept.
func (o options) folder() storeFolder {
	return storeFolder{Disk: confstore.Disk(o.state), config: o.configPath()}
}

// read reads the configuration, with what the command line overrides, and
// changes nothing.
func (o options) read() (document.Document, error) {
	doc, err := confstore.Check(o.folder())
	if err != nil {
		return doc, o.named(err)
	}
	if o.listen == "" {
		return doc, nil
	}
	doc.Web.Listen = o.listen
	if faults := doc.Faults(); len(faults) > 0 { // the file has none by itself
		return doc, &document.Error{File: "-listen", Faults: []document.PlacedFault{{Fault: faults[0]}}}
	}
	return doc, nil
}

// named returns err with the path of the configuration where it tells of its
// faults.
func (o options) named(err error) error {
	var invalid *document.Error
	switch {
	case errors.As(err, &invalid):
		if invalid.File == configName {
			invalid.File = o.configPath()
		}
		return err
	case o.config != "" && errors.Is(err, fs.ErrNotExist):
		return &document.Error{File: o.config, Faults: []document.PlacedFault{{Fault: document.Fault{
			Problem: "there is no such file (gateway without -config writes one at its first start)",
		}}}}
	}
	return err
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
