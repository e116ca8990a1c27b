package main

import (
	"context"
	"errors"
	"os"
	"reflect"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/examples/snmpd/conf"
	"github.com/fieldgate/fieldgate/internal/daemon"
	"github.com/fieldgate/fieldgate/snmp"
)

const (
	startTimeout = 15 * time.Second
	stopTimeout  = 4 * time.Second
)

// program is the daemon.
type program struct {
	options options
	log     *logger
	signals <-chan os.Signal
	ready   func() error // called once the sockets are open
}

// serve runs the daemon until a signal ends it.
func (p *program) serve() (err error) {
	for _, note := range p.options.notes {
		p.log.line("Warning: " + note)
	}
	file, service, err := p.load()
	if err != nil {
		return err
	}
	if err := start(service); err != nil {
		return err
	}
	defer func() { p.stop(service) }()
	if p.options.pidFile != "" {
		remove, err := daemon.WritePID(p.options.pidFile)
		if err != nil {
			return err
		}
		if !p.options.leavePID {
			defer func() { err = errors.Join(err, remove()) }()
		}
	}
	p.started(service, "")
	if err := p.ready(); err != nil {
		return err
	}
	for {
		select {
		case s := <-p.signals:
			if s != syscall.SIGHUP {
				p.log.line("Received TERM or STOP signal...  shutting down...")
				return nil
			}
			if file, service, err = p.reload(file, service); err != nil {
				return err
			}
		case <-service.Done():
			return service.Err()
		}
	}
}

// load reads the configuration and makes the agent of it.
func (p *program) load() (*conf.File, *snmp.Service, error) {
	file, err := p.read()
	if err != nil {
		return nil, nil, err
	}
	service, err := p.agent(file)
	return file, service, err
}

// reload puts an agent of the configuration as it is now in the place of the
// one that runs, which stays when nothing has changed, or nothing can be made
// of the new one. Its sysUpTime and boots begin anew.
func (p *program) reload(file *conf.File, running *snmp.Service) (*conf.File, *snmp.Service, error) {
	p.log.line("Reconfiguring daemon")
	p.log.reopen()
	next, err := p.read()
	if err == nil && reflect.DeepEqual(next, file) {
		p.log.line("the configuration is the same, nothing was changed")
		return file, running, nil
	}
	var service *snmp.Service
	if err == nil {
		service, err = p.agent(next)
	}
	if err != nil {
		p.log.line("the configuration was not changed: " + err.Error())
		return file, running, nil
	}
	p.stop(running)
	if err := start(service); err == nil {
		p.started(service, " restarted")
		return next, service, nil
	} else {
		p.log.line("the configuration was not changed: " + err.Error())
	}
	if running, err = p.agent(file); err != nil {
		return file, running, err
	}
	return file, running, start(running)
}

// started tells that the agent answers, how being "" or " restarted".
func (p *program) started(s *snmp.Service, how string) {
	for _, addr := range s.Status().Listening {
		p.log.line("Listening on udp:" + addr)
	}
	if text := s.Status().V3Error; text != "" {
		p.log.line("Error: SNMPv3 is off: " + text)
	}
	p.log.line(version + how)
}

func start(s *snmp.Service) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	return s.Start(ctx)
}

func (p *program) stop(s *snmp.Service) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		p.log.Warn("not everything ended in time", "error", err)
	}
}
