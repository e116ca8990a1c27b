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

	"github.com/fieldgate/fieldgate/internal/daemon"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tlsport"
)

const (
	startTimeout = 15 * time.Second
	stopTimeout  = 4 * time.Second
)

// errSignal ends the daemon by order.
var errSignal = errors.New("asked to end")

// tools are what serve works with.
type tools struct {
	in      io.Reader
	out     io.Writer
	signals <-chan os.Signal
	opener  ser2net.Opener
	// background is called once the ports listen.
	background func() error
}

// serve runs the daemon until a signal ends it.
func serve(o options, log *slog.Logger, t tools) error {
	from := &source{options: o, in: t.in}
	cfg, err := from.load(log)
	if err != nil {
		return err
	}
	left := make(chan struct{}, 1) // a client has left
	d := &server{log: log, running: cfg}
	service, err := ser2net.New(cfg, ser2net.Options{Opener: t.opener, Listen: d.doors.listen, TLS: tlsport.Load, Logger: log, OnEvent: func(e ser2net.Event) {
		if e.Kind == ser2net.EventDisconnected {
			select {
			case left <- struct{}{}:
			default:
			}
		}
	}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := service.Start(ctx); err != nil {
		return err
	}
	if o.pidFile != "" {
		remove, err := daemon.WritePID(o.pidFile)
		if err != nil { // as in C, it is no reason not to serve
			log.Error("there is no pid file", "error", err)
		} else {
			defer func() { _ = remove() }() // whoever removed it before wanted so
		}
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		if e := service.Stop(ctx); e != nil {
			log.Warn("not everything ended in time", "error", e)
		}
	}()
	if o.ready {
		if _, err := fmt.Fprintln(t.out, "Ready"); err != nil {
			return err
		}
	}
	if err := t.background(); err != nil {
		return err
	}
	d.service = service
	for {
		select {
		case s := <-t.signals:
			if s != syscall.SIGHUP {
				log.Info("asked to end", "signal", s.String())
				return errSignal
			}
			d.reload(from)
		case <-left:
			d.settle()
		case <-service.Done():
			return service.Err()
		}
	}
}
