package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/filestore"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

const (
	startTimeout = time.Minute
	stopTimeout  = 20 * time.Second
)

// serve runs the tunnels until a signal ends it.
func serve(o options, signals <-chan os.Signal, log *slog.Logger) error {
	config, err := load(o.config)
	if err != nil {
		return err
	}
	store, err := filestore.Open(o.state)
	if err != nil {
		return err
	}
	runner, err := process.New(process.Options{Folder: o.run, Program: o.program, Logger: log})
	if err != nil {
		return err
	}
	changed := make(chan struct{}, 1)
	service, err := openvpn.New(config, openvpn.Options{Runner: runner, Store: store, Logger: log,
		OnChange: func(openvpn.InstanceStatus) {
			select {
			case changed <- struct{}{}:
			default: // it is known already
			}
		}})
	if err != nil {
		return err
	}
	for _, w := range config.Warnings() {
		log.Warn("the configuration works, but", "warning", w)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := service.Start(ctx); err != nil {
		return err
	}
	for {
		if o.status != "" {
			if err := atomicfile.Write(o.status, []byte(table(service.Status()))); err != nil {
				log.Warn("the status cannot be written", "error", err)
			}
		}
		select {
		case s := <-signals:
			if s != syscall.SIGHUP {
				return end(service, o.keep)
			}
			if err := reload(service, o.config); err != nil {
				log.Error("the configuration stays as it was", "error", err)
			}
		case <-changed:
		case <-service.Done():
			return service.Err()
		}
	}
}

// end stops the service. With keep the tunnels stay up.
func end(service *openvpn.Service, keep bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if keep {
		return service.Release(ctx)
	}
	return service.Stop(ctx)
}

// reload takes the configuration over as it is now; tunnels whose part of it
// is as before stay up.
func reload(service *openvpn.Service, path string) error {
	config, err := load(path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	return service.Apply(ctx, config)
}

// load reads and checks the configuration; a word that it does not know is an
// error.
func load(path string) (openvpn.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return openvpn.Config{}, err
	}
	var config openvpn.Config
	err = yaml.Load(text, &config, yaml.WithKnownFields())
	if err == nil {
		err = config.Validate()
	}
	if err != nil {
		return config, fmt.Errorf("%s: %w", path, err)
	}
	if !config.Enabled {
		return config, errors.New(path + ": enabled is not true, so there is nothing to do")
	}
	return config, nil
}

// table shows the instances to people.
func table(s openvpn.Status) string {
	var b strings.Builder
	if s.Error != "" {
		fmt.Fprintf(&b, "openvpn: %s\n", s.Error)
	} else {
		fmt.Fprintf(&b, "openvpn %s\n", s.Version)
	}
	const form = "%-20s %-8s %-8s %-6s %-6s %-13s %-16s %s\n"
	fmt.Fprintf(&b, form, "INSTANCE", "ENABLED", "STARTED", "PORT", "PROTO", "STATE", "ADDRESS", "DETAIL")
	for _, i := range s.Instances {
		address := "-"
		if i.Tunnel.IsValid() {
			address = i.Tunnel.String()
		}
		fmt.Fprintf(&b, form, i.Name, yesNo(i.Enabled), yesNo(i.Started), fmt.Sprint(i.Port), i.Protocol, i.State, address,
			strings.TrimSpace(string(i.Cause)+" "+i.Detail))
	}
	return b.String()
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
