package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/examples/collector/sink"
	"github.com/fieldgate/fieldgate/examples/collector/sink/fanout"
	"github.com/fieldgate/fieldgate/examples/collector/store"
	"github.com/fieldgate/fieldgate/examples/collector/web"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// stopTime is how long the end may take, flushTime how much of it the sinks
// have for what is queued.
const (
	stopTime  = 4 * time.Second
	flushTime = time.Second
)

// run is the whole program; it ends with ctx.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, hangup <-chan os.Signal) int {
	log := slog.New(slog.NewTextHandler(stderr, nil))
	s, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	case err != nil:
		log.Error("collector: " + err.Error())
		return exitUsage
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	c := collector{settings: s, log: log, stdout: guard{stdout, fail}}
	err = c.start(ctx)
	if err == nil {
		err = c.serve(ctx, hangup)
	}
	if stopped := c.stop(); stopped != nil {
		log.Error("collector: did not end cleanly", "error", stopped)
	}
	if err != nil {
		log.Error("collector: ended by a fault", "error", err)
		return exitFailed
	}
	return exitOK
}

// guard ends the program when standard output cannot be written: nobody would
// notice otherwise.
type guard struct {
	io.Writer
	fail context.CancelCauseFunc
}

func (g guard) Write(b []byte) (int, error) {
	n, err := g.Writer.Write(b)
	if err != nil {
		g.fail(fault{fmt.Errorf("print a message: %w", err)})
	}
	return n, err
}

// collector is the parts of the program, and how to stop those that run.
type collector struct {
	settings
	log    *slog.Logger
	stdout io.Writer

	keys     *receiver.KeyFile // nil = none
	store    *store.Store      // nil = none
	table    *latest.Table
	fanout   *fanout.Fanout
	receiver *receiver.Service
	web      *web.Server // nil = none
	stops    []func(context.Context) error
}

// start makes and starts all parts, in the order in which messages need them.
func (c *collector) start(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		c.openKeys, c.openStore, c.startFanout, c.startReceiver, c.startWeb,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	attrs := []any{"address", c.receiver.Addrs()[0].String()}
	if c.web != nil {
		attrs = append(attrs, "http", "http://"+c.web.Addr().String()+"/")
	}
	c.log.Info("collector: receiving", attrs...)
	return nil
}

// onStop notes what ends a part; the last one ends first.
func (c *collector) onStop(stop func(context.Context) error) { c.stops = append(c.stops, stop) }

func (c *collector) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var errs []error
	for i := len(c.stops) - 1; i >= 0; i-- {
		errs = append(errs, c.stops[i](ctx))
	}
	if c.receiver != nil && c.receiver.Addrs() != nil {
		stats := c.receiver.Stats()
		c.log.Info("collector: ended", append([]any{"messages", stats.Received}, troubles(stats, receiver.Stats{})...)...)
	}
	return errors.Join(errs...)
}

func closing(c io.Closer) func(context.Context) error {
	return func(context.Context) error { return c.Close() }
}

func (c *collector) openKeys(context.Context) (err error) {
	if c.settings.keys == "" {
		return nil
	}
	if c.keys, err = receiver.OpenKeyFile(c.settings.keys); err != nil {
		return err
	}
	c.log.Info("collector: keys are read", "keys", c.keys.String())
	return nil
}

func (c *collector) openStore(ctx context.Context) (err error) {
	if c.data == "" {
		c.table = latest.New(c.devices)
		c.onStop(func(context.Context) error { c.table.Close(); return nil })
		return nil
	}
	o := c.settings.store()
	o.Logger = c.log
	if c.store, err = store.Open(ctx, o); err != nil {
		return err
	}
	c.onStop(c.store.Close)
	c.table = c.store.Table()
	stats := c.store.Stats()
	c.log.Info("collector: the store is open", "records", stats.Records, "devices", stats.Devices, "bytes", stats.Bytes)
	return nil
}

func (c *collector) startFanout(ctx context.Context) (err error) {
	var primary receiver.Sink = memory{c.table, c.log, new(sync.Once)}
	if c.store != nil {
		primary = c.store
	}
	others := make(map[string]receiver.Sink)
	for _, spec := range c.sinks {
		s, err := spec.Open(sink.Options{Stdout: c.stdout, Logger: c.log})
		if err != nil {
			return err
		}
		c.onStop(closing(s))
		others[spec.Name] = s
	}
	if c.fanout, err = fanout.New(primary, others, fanout.Options{Flush: flushTime, Logger: c.log}); err != nil {
		return err
	}
	c.onStop(c.fanout.Stop)
	return c.fanout.Start(ctx)
}

func (c *collector) startReceiver(ctx context.Context) (err error) {
	config := c.settings.receiver()
	for _, w := range config.Warnings() {
		if c.data != "" || w.Path != "state_file" { // else nothing is meant to last
			c.log.Warn("collector: " + w.String())
		}
	}
	o := receiver.Options{Sink: c.fanout, Logger: c.log}
	if c.keys != nil {
		o.Keys = c.keys
	}
	if c.receiver, err = receiver.New(config, o); err != nil {
		return err
	}
	c.onStop(c.receiver.Stop)
	if err = c.receiver.Start(ctx); err != nil {
		return inUse(err)
	}
	return nil
}

// inUse adds to an error what is most likely behind it.
func inUse(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; is another collector running?", err)
	}
	return err
}

func (c *collector) startWeb(ctx context.Context) error {
	if c.http == "" {
		return nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.http)
	if err != nil {
		return fmt.Errorf("-http: %w", inUse(err))
	}
	o := web.Options{Table: c.table, Receiver: c.receiver, Sinks: c.fanout.Status, Logger: c.log}
	if c.store != nil {
		o.Log = c.store
	}
	c.web = web.New(listener, o)
	c.onStop(c.web.Stop)
	return c.web.Start(ctx)
}

// memory is the sink in the place of a store: the last states only. A device
// that has no place among them costs the others nothing.
type memory struct {
	table *latest.Table
	log   *slog.Logger
	full  *sync.Once // that it has been logged
}

func (m memory) Write(_ context.Context, records []receiver.Record) error {
	for i := range records {
		r := latest.ReportOf(&records[i])
		if err := m.table.Apply(&r); err != nil {
			m.full.Do(func() { m.log.Warn("collector: a report has no place among the last states", "error", err) })
		}
	}
	return nil
}
