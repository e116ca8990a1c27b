// Command gateway is a complete device daemon made of the fieldgate
// services. Without flags, root or a configuration it starts a device: see
// README.md beside this file.
//
// This file is the wiring; each other file is one part of it:
//
//	document/      the configuration: document, validation, YAML with line and column for every fault
//	options.go     the command line
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
//	supervise.go   ordered start, restart of what dies, reverse stop
//	reload.go      what changes when another configuration comes into force
//	child.go       one service after the other under supervision
//	instances.go, tunnels.go, links.go, ports.go, agent.go, mib.go  OpenVPN, IPsec, L2TP, ser2net, SNMP
//	built.go       what build tags leave out; X_without.go stands in for X.go
//	leftovers.go   what a gateway before this one has left running
//	owner.go       the identity of commands that root gives
//	authority.go   the certificate authority and its revocation list
//	missing.go     what the host lacks
//	doctor.go      what is wrong, for -doctor and the page
//	engine.go, live.go  what the pages see of all this
//	site.go, web.go, cleartext.go  the pages behind their login, the server, http to https
//	apimount.go    the API below /api/ of the web server
//	systemd.go     readiness, watchdog and socket of systemd
package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/fieldgate/fieldgate/api/devicelog"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
)

// Exit statuses.
const (
	exitOK      = 0
	exitFailed  = 1 // could not start, or did not stop in time
	exitInvalid = 2 // the flags or the configuration are wrong; nothing was started
)

const (
	startTimeout = 15 * time.Second
	stopTimeout  = 40 * time.Second // of all; usually it takes less than a second
	ownLogBytes  = 64 << 10
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program. It returns the exit status.
func run(args []string, out, errOut io.Writer) int {
	o, err := parseFlags(args, errOut)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitInvalid
	case o.version:
		_, _ = fmt.Fprint(out, thisBuild())
		return exitOK
	case o.schema:
		return report(errOut, printSchema(out))
	case o.newKey != "":
		return report(errOut, printNewKey(out, o.newKey))
	case o.newPassword != "":
		return report(errOut, newPassword(o, out))
	case o.doctor:
		return examine(o, out, errOut)
	case o.check:
		return check(o, out, errOut)
	}
	return report(errOut, serveDevice(o, out, errOut))
}

// check says what is wrong with the configuration and changes nothing.
func check(o options, out, errOut io.Writer) int {
	if err := becomeOwner(o.state); err != nil {
		return report(errOut, err)
	}
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
	for _, m := range missingParts(doc) {
		_, _ = fmt.Fprintln(out, "warning:", m.What)
	}
	_, _ = fmt.Fprintln(out, o.configPath()+": valid")
	return exitOK
}

// printSchema prints the schema of the configuration.
func printSchema(out io.Writer) error {
	schema, err := document.Schema()
	if err == nil {
		_, err = out.Write(schema)
	}
	return err
}

// serveDevice runs the device until SIGTERM or SIGINT, which end what it runs
// too, or SIGUSR2, which leaves tunnels to the next gateway. A second one of
// them ends the process at once.
func serveDevice(o options, out, errOut io.Writer) (err error) {
	if o.quiet {
		out = io.Discard
	}
	ctx, release := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer release()
	context.AfterFunc(ctx, release)
	handOver := make(chan os.Signal, 1)
	signal.Notify(handOver, syscall.SIGUSR2)
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)

	if o.simulate {
		if o.device, err = simulate.New(); err != nil {
			return err
		}
	}
	tuneMemory() // before the configuration is read, which may be large
	state, store, unread, err := prepare(o, out)
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
	leaveRun, err := takeRun(g.runDir)
	if err != nil {
		return err
	}
	defer leaveRun()
	g.life = ctx
	g.control = control.New(store, engine{g}, log)
	defer g.control.Close()
	log.Info("starting", "version", version(), "config", o.configPath(), "simulate", o.simulate)
	g.tellUnread(o, unread)
	g.openAccounts(out)
	err = g.start(ctx, g.control.Boot())

	turn := make(chan struct{}) // whoever sends knows that the loop below goes round
	beside, end := context.WithCancel(ctx)
	var wg sync.WaitGroup
	if err == nil {
		tell(daemon.SdNotifyReady, log)
		wg.Go(func() { giveBackMemory(beside) })
		wg.Go(func() { g.keepAuthority(beside) })
		wg.Go(func() { g.answerDoctor(beside) })
		if g.device != nil {
			wg.Go(func() { g.device.Play(beside) })
		}
		wg.Go(func() {
			feedWatchdog(beside, log, func() {
				select {
				case turn <- struct{}{}:
				case <-beside.Done():
				}
				g.units.turn()
			})
		})
	}
	leave := false
	for err == nil && ctx.Err() == nil && !leave {
		select {
		case <-ctx.Done():
		case <-turn:
		case <-handOver:
			log.Info("asked to hand over: tunnels go on")
			leave = true
		case <-hangUp:
			g.reload(ctx, o, store)
		}
	}
	if ctx.Err() != nil {
		log.Info("asked to end", "reason", context.Cause(ctx))
		err = nil
	}
	tell(daemon.SdNotifyStopping, log)
	end()
	wg.Wait()
	g.control.Close() // nothing is taken back while everything ends
	return errors.Join(err, g.stop(leave))
}

// tellUnread tells that gateway.yaml is not what runs.
func (g *gateway) tellUnread(o options, unread error) {
	if unread == nil {
		return
	}
	unread = o.named(unread)
	_, newest := g.control.Saved()
	g.log.Error("the configuration cannot be read, an older one is in force", "error", unread, "revision", uint64(newest))
	g.standIn = newest
	g.unread = control.Missing{
		Service: "configuration",
		What:    "the file cannot be read, so that an older revision is in force (see Configuration); it is kept as " + confstore.UnreadFile + ": " + unread.Error(),
	}
}

// openAccounts opens the users; there is a first one at the first start.
func (g *gateway) openAccounts(out io.Writer) {
	err := account.Ensure(g.state.path, out)
	if err != nil {
		g.log.Error("there is no first user", "error", err)
	}
	accounts, err := account.Open(account.Options{Folder: g.state.path, Log: g.log.With("service", "web")})
	if err != nil {
		g.log.Error("nobody can log in", "error", err)
		return
	}
	g.accounts = accounts
}

func newGateway(state *stateDir, log *slog.Logger, ownLog *devicelog.Ring, o options) (*gateway, error) {
	runDir, err := runFolder(o.run, state.path)
	if err != nil {
		return nil, err
	}
	g := &gateway{
		state: state, log: log, ownLog: ownLog, simulated: o.simulate, listen: o.listen, runDir: runDir,
		programs: o.programs, activated: activatedSocket(), units: newSupervisor(log), own: state.path,
	}
	g.channel.units = g.units
	// Who may reach the pages decides about TLS: where they are, not where the
	// configuration would have them.
	g.listen = cmp.Or(addressOf(g.activated), g.listen)
	if !o.simulate {
		g.points, g.backends = newPoints(state.path), g.realBackends
		return g, nil
	}
	// What is sent to a simulated device is not for the real one.
	g.own, err = state.folder("simulated")
	g.device, g.points = o.device, newPoints(g.own)
	g.backends = g.simulatedBackends()
	return g, err
}

// maxRunFolder is the longest path for what runs: there are sockets below it,
// whose paths the kernel bounds.
const maxRunFolder = 59

// runFolder returns the folder for what runs: the asked one, or run in the
// state folder, or, where that is too deep, one in /run that is named after it.
func runFolder(asked, state string) (string, error) {
	if asked != "" {
		return filepath.Abs(asked)
	}
	path, err := filepath.Abs(filepath.Join(state, "run"))
	if err == nil && len(path) > maxRunFolder {
		sum := sha256.Sum256([]byte(path))
		path = "/run/fieldgate-" + hex.EncodeToString(sum[:8])
	}
	return path, err
}

// prepare takes the state folder and opens the configuration. A wrong file
// that -config names leaves no trace where no gateway has run before. unread
// is why an older configuration is opened instead of the newest.
func prepare(o options, out io.Writer) (state *stateDir, store *confstore.Store, unread, err error) {
	_, ran := os.Stat(filepath.Join(o.state, confstore.HistoryFolder))
	if o.config != "" && ran != nil {
		if _, err = o.read(); err != nil {
			return nil, nil, nil, err
		}
	}
	if state, err = openState(o.state); err != nil {
		return nil, nil, nil, err
	}
	if o.config == "" && ran != nil {
		err = ensureConfig(state, o.device, out)
	}
	if err == nil {
		store, unread, err = confstore.OpenReadable(o.folder(), confstore.Options{})
	}
	if err == nil {
		doc, _ := store.Newest()
		_, err = o.override(doc)
	}
	if err != nil {
		return nil, nil, nil, errors.Join(o.named(err), state.close())
	}
	return state, store, unread, nil
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
	_, err := g.control.Apply(ctx, "SIGHUP", 0)
	switch {
	case errors.Is(err, control.ErrUnconfirmed):
		g.log.Warn("the configuration is saved and not applied", "error", err)
		return
	case err != nil && ctx.Err() != nil:
		g.log.Info("the configuration is saved, and in force after the next start", "error", err)
		return
	case err != nil:
		g.log.Error("the configuration is taken over in part only", "error", err)
		return
	}
	g.log.Info("the configuration is taken over")
}

func (g *gateway) stop(release bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return g.units.stop(ctx, release)
}

func (g *gateway) warn(doc document.Document) {
	for _, w := range doc.Warnings() {
		g.log.Warn("weak configuration", "warning", w)
	}
	for _, m := range missingParts(doc) {
		g.log.Error("the configuration asks for too much", "service", m.Service, "error", m.What)
	}
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
