package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
)

// patience bounds start, apply and end.
const patience = 30 * time.Second

// daemon is the program while it runs.
type daemon struct {
	file    string
	backend ipsec.Backend
	log     *slog.Logger
	out     io.Writer
	signals <-chan os.Signal
}

// serve runs until a signal ends it.
func (d *daemon) serve() (err error) {
	cfg, err := d.load()
	if err != nil {
		return err
	}
	service, err := ipsec.New(cfg, ipsec.Options{Backend: d.backend, Logger: d.log, OnChange: d.tell})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := service.Start(ctx); err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = errors.Join(err, service.Stop(ctx))
	}()
	for {
		select {
		case s := <-d.signals:
			switch s {
			case syscall.SIGHUP:
				d.reload(service)
			case syscall.SIGUSR1:
				if err := printStatus(d.out, service.Status(), time.Now()); err != nil {
					return err
				}
			default:
				return nil
			}
		case <-service.Done():
			return service.Err()
		}
	}
}

// reload applies the file as it is now. One that is wrong changes nothing.
func (d *daemon) reload(service *ipsec.Service) {
	cfg, err := d.load()
	var out ipsec.Outcome
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		out, err = service.Apply(ctx, cfg)
	}
	if err != nil {
		d.log.Error("the configuration was not applied", "error", err)
		return
	}
	for name, err := range out.Refused {
		d.log.Error("a connection was refused", "connection", name, "error", err)
	}
	d.log.Info("the configuration is applied", "added", len(out.Added), "changed", len(out.Changed),
		"removed", len(out.Removed), "unchanged", len(out.Unchanged))
}

// load reads the file, and logs what an operator should know of it.
func (d *daemon) load() (ipsec.Config, error) {
	text, err := os.ReadFile(d.file)
	if err != nil {
		return ipsec.Config{}, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	cfg, err := parse(text)
	if err != nil {
		return ipsec.Config{}, fmt.Errorf("%s: %w", d.file, err)
	}
	for _, w := range cfg.Warnings() {
		d.log.Warn("configuration: " + w.String())
	}
	return cfg, nil
}

// tell logs a change of a connection.
func (d *daemon) tell(c ipsec.ConnectionStatus) {
	args := []any{"connection", c.Name, "state", string(c.State)}
	if c.LastError != nil && c.State == ipsec.StateFailed {
		args = append(args, "cause", string(c.LastError.Cause), "detail", c.LastError.Detail)
	}
	d.log.Info("state", args...)
}
