//go:build !no_points

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/api/redispoints"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/hub"
	"github.com/fieldgate/fieldgate/ser2net"
)

const withPoints = true

// pointsUnit is the source of tags.
func pointsUnit(doc document.Document, b backends) unit {
	return unit{
		name:    "points",
		enabled: doc.Points.Source != document.SourceNone,
		config:  doc.Points,
		build:   func(context.Context) (service, error) { return b.points() },
		detail:  pointsDetail,
	}
}

// points is the [api.Points] and the [api.Sync] of the API: the source of
// tags whose unit has started last. It outlives the units.
type points struct {
	slot  slot[tagSource]
	store *hubconfig.Store

	mu     sync.Mutex
	latest *hubconfig.Config // that was put in force, on its way to the file; nil: the file has it
	synced bool              // one was put in force since the start of the gateway
}

// tagSource is a source of tags.
type tagSource struct {
	api.Points
	hub applier // nil: the tags are configured elsewhere
}

// applier takes a configuration, as hub.Service and hub.Fake do.
type applier interface {
	Apply(ctx context.Context, c hubconfig.Config) error
}

// newPoints keeps the configuration of the hub in folder.
func newPoints(folder string) *points {
	p := new(points)
	p.store = hubconfig.NewStore(folder, p.apply)
	return p
}

// apply puts a configuration in force, for the store.
func (p *points) apply(c hubconfig.Config) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	source := p.slot.now.Load()
	if source == nil || source.hub == nil {
		return errNoHub()
	}
	err := source.hub.Apply(context.Background(), c)
	if errors.Is(err, hub.ErrStopped) { // a reload is under way
		return fmt.Errorf("%w: %w", api.ErrNotReady, err)
	}
	if err == nil {
		p.latest, p.synced = &c, true
	}
	return err
}

// configuration returns what a hub starts with. The one in force counts more
// than the file: another one may be on its way there.
func (p *points) configuration() (hubconfig.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.latest != nil {
		return *p.latest, nil
	}
	return p.store.Load()
}

func errNoPoints() error {
	return notReady("points", "there is no source of tags now, points.source in the configuration of the gateway says which one there is")
}

func errNoHub() error {
	return notReady("sync", "the hub of the gateway does not run now, points.source in its configuration says whether it does")
}

// Sync implements [api.Sync].
func (p *points) Sync(ctx context.Context, file io.Reader) (report string, err error) {
	if source := p.slot.now.Load(); source == nil || source.hub == nil {
		return "", errNoHub()
	}
	report, err = p.store.Sync(ctx, file)
	if !errors.Is(err, api.ErrBusy) {
		p.mu.Lock()
		p.latest = nil
		p.mu.Unlock()
	}
	return report, err
}

// Devices implements [api.Points].
func (p *points) Devices(ctx context.Context) ([]api.Device, error) {
	source := p.slot.now.Load()
	if source == nil {
		return nil, errNoPoints()
	}
	return source.Devices(ctx)
}

// Device implements [api.Points].
func (p *points) Device(ctx context.Context, alias string) (api.Device, error) {
	source := p.slot.now.Load()
	if source == nil {
		return api.Device{}, errNoPoints()
	}
	return source.Device(ctx, alias)
}

// Tags implements [api.Points].
func (p *points) Tags(ctx context.Context, deviceAlias string) ([]api.Tag, error) {
	source := p.slot.now.Load()
	if source == nil {
		return nil, errNoPoints()
	}
	return source.Tags(ctx, deviceAlias)
}

// Value implements [api.Points].
func (p *points) Value(ctx context.Context, deviceAlias, signalAlias string) (api.TagValue, error) {
	source := p.slot.now.Load()
	if source == nil {
		return api.TagValue{}, errNoPoints()
	}
	return source.Value(ctx, deviceAlias, signalAlias)
}

// real returns the unit of the devices or of the tag bus of this host.
func (p *points) real(c document.Points, serial ser2net.Opener, log *slog.Logger) (service, error) {
	newHub := func(c hubconfig.Config) (runningHub, error) {
		return hub.New(c, hub.Options{Opener: serial, Logger: log})
	}
	return p.service(c, newHub, redispoints.Options{Logger: log}, log)
}

// service returns the unit of a source of tags.
func (p *points) service(c document.Points, newHub hubFactory, bus redispoints.Options, log *slog.Logger) (service, error) {
	switch c.Source {
	case document.PointsRedis:
		s, err := redispoints.New(c.Redis, bus)
		if err != nil {
			return nil, err
		}
		return &pointsService{service: s, slot: &p.slot, source: &tagSource{Points: s}}, nil
	case document.PointsHub:
		return p.hubService(newHub, log)
	}
	return &pointsService{slot: &p.slot, service: provider("points", func() (func() error, error) {
		p.slot.put(nil)
		return nil, errDisabled
	})}, nil
}

// hubFactory makes a hub, a real one or a fake.
type hubFactory func(hubconfig.Config) (runningHub, error)

type runningHub interface {
	service
	api.Points
	applier
}

// hubService returns the hub with the configuration that is in force. A file
// that cannot be used leaves a hub without devices, which the next sync
// fills: the rest of the gateway is not to suffer.
func (p *points) hubService(newHub hubFactory, log *slog.Logger) (service, error) {
	c, problem := p.configuration()
	if problem != nil {
		log.Error("the stored configuration of the hub cannot be used, it starts without devices", "error", problem)
		c = hubconfig.Config{}
	}
	s, err := newHub(c)
	if err != nil {
		return nil, err
	}
	return &pointsService{service: s, slot: &p.slot, source: &tagSource{Points: s, hub: s}, problem: problem, points: p}, nil
}

// pointsService puts its source into the slot once it has started, and never
// out: what has stopped goes on to tell its last values, as old ones, until
// the next has started.
type pointsService struct {
	service
	slot    *slot[tagSource]
	source  *tagSource
	points  *points // of a hub
	problem error   // of the stored configuration of a hub
}

// Start implements service.
func (s *pointsService) Start(ctx context.Context) error {
	err := s.service.Start(ctx)
	if err == nil {
		s.slot.put(s.source)
	}
	return err
}

// maxSilent is how many devices that do not answer the page lists.
const maxSilent = 3

// pointsDetail says whether the devices, or the bus, are there.
func pointsDetail(s service) string {
	unit, ok := s.(*pointsService)
	if !ok {
		return ""
	}
	switch source := unit.service.(type) {
	case *redispoints.Service:
		return busDetail(source.Status())
	case interface{ Status() []hub.DeviceStatus }:
		return unit.damaged() + hubDetail(source.Status())
	}
	return ""
}

// damaged tells of a stored configuration that cannot be used, until another
// one is in force.
func (s *pointsService) damaged() string {
	s.points.mu.Lock()
	defer s.points.mu.Unlock()
	if s.problem == nil || s.points.synced {
		return ""
	}
	return fmt.Sprintf("the stored configuration cannot be used: %v; ", s.problem)
}

func hubDetail(devices []hub.DeviceStatus) string {
	answering, silent := 0, []string(nil)
	for _, d := range devices {
		switch d.State {
		case hub.StateAnswering:
			answering++
		case hub.StateSilent:
			silent = append(silent, d.Alias+": "+d.Problem)
		}
	}
	text := fmt.Sprintf("%d of %d devices answer", answering, len(devices))
	more := len(silent) - maxSilent
	if more > 0 {
		silent = silent[:maxSilent]
	}
	if len(silent) > 0 {
		text += "; silent: " + strings.Join(silent, "; ")
	}
	if more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

func busDetail(s redispoints.Status) string {
	text := fmt.Sprintf("%d values from the tag bus", s.Messages)
	switch {
	case s.Connected:
		text += ", connected since " + s.Since.Format(time.DateTime)
	case s.LastError != "":
		text += ", not connected: " + s.LastError
	default:
		text += ", not connected yet"
	}
	return text
}
