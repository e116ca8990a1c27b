package hub

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/hubconfig"
)

// plant is the devices and tags of one configuration, which may be replaced
// by another at any time. It is an [api.Points].
type plant struct{ now atomic.Pointer[table] }

var _ api.Points = (*plant)(nil)

// table is one configuration. It does not change; its sources do.
type table struct {
	devices []api.Device
	tags    []api.Tag
	byAlias map[string]*entry
}

type entry struct {
	device api.Device
	tags   []api.Tag
	points map[string]*tagPoint
}

type tagPoint struct {
	name   string
	source source
}

// source knows the reading of a tag.
type source interface{ reading() reading }

// copied is the reading of another tag.
type copied struct {
	from  *tagPoint
	scale scale
}

func (c *copied) reading() reading {
	r := c.from.source.reading()
	n, flags := c.scale.apply(r.number)
	r.number, r.flags = n, r.flags|flags
	return r
}

// newTable returns the table of a valid configuration without what is
// disabled. of returns the source of a signal that is no copy, by its alias
// and its index among those of its device.
func newTable(c hubconfig.Config, of func(device string, index int, s hubconfig.Signal) source) *table {
	t := &table{byAlias: make(map[string]*entry, len(c.Devices))}
	for _, d := range c.Devices {
		device := api.Device{Alias: d.Alias, Name: d.DisplayName(), Protocol: string(d.Protocol)}
		t.devices = append(t.devices, device)
		t.byAlias[d.Alias] = &entry{device: device, points: make(map[string]*tagPoint)}
	}
	for _, s := range c.Signals {
		e := t.byAlias[s.DeviceAlias]
		p := &tagPoint{name: s.DisplayName()}
		if !s.IsCopy() {
			p.source = of(s.DeviceAlias, len(e.tags), s)
		}
		topic := "tag/" + s.DeviceAlias + "/" + s.Alias + "/"
		tag := api.Tag{
			DeviceAlias: s.DeviceAlias, SignalAlias: s.Alias, Name: p.name, SourceDeviceAlias: s.SourceDevice,
			InputTopic: topic + "rin", OutputTopic: topic + "out",
		}
		t.tags, e.tags = append(t.tags, tag), append(e.tags, tag)
		e.points[s.Alias] = p
	}
	for _, s := range c.Signals {
		if s.IsCopy() {
			from := t.byAlias[s.SourceDevice].points[s.SourceSignal]
			t.byAlias[s.DeviceAlias].points[s.Alias].source = &copied{from, scale{s.Scale(), s.Add}}
		}
	}
	return t
}

// ofDevices returns the signals of each device, in their order.
func ofDevices(c hubconfig.Config) map[string][]hubconfig.Signal {
	signals := make(map[string][]hubconfig.Signal, len(c.Devices))
	for _, s := range c.Signals {
		signals[s.DeviceAlias] = append(signals[s.DeviceAlias], s)
	}
	return signals
}

// Devices implements [api.Points].
func (p *plant) Devices(ctx context.Context) ([]api.Device, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	return slices.Clone(p.now.Load().devices), nil
}

// Device implements [api.Points].
func (p *plant) Device(ctx context.Context, alias string) (api.Device, error) {
	e, err := p.entry(ctx, alias)
	if err != nil {
		return api.Device{}, err
	}
	return e.device, nil
}

// Tags implements [api.Points].
func (p *plant) Tags(ctx context.Context, deviceAlias string) ([]api.Tag, error) {
	if deviceAlias == "" {
		if err := ended(ctx); err != nil {
			return nil, err
		}
		return slices.Clone(p.now.Load().tags), nil
	}
	e, err := p.entry(ctx, deviceAlias)
	if err != nil {
		return nil, err
	}
	return slices.Clone(e.tags), nil
}

// Value implements [api.Points]. It never waits for a device.
func (p *plant) Value(ctx context.Context, deviceAlias, signalAlias string) (api.TagValue, error) {
	e, err := p.entry(ctx, deviceAlias)
	if err != nil {
		return api.TagValue{}, err
	}
	t := e.points[signalAlias]
	if t == nil {
		return api.TagValue{}, fmt.Errorf("hub: %w %q", api.ErrUnknownTag, signalAlias)
	}
	r := t.source.reading()
	return api.TagValue{Name: t.name, Value: r.number.public(), Time: r.time(), Flags: r.flags}, nil
}

func (p *plant) entry(ctx context.Context, alias string) (*entry, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	e := p.now.Load().byAlias[alias]
	if e == nil {
		return nil, fmt.Errorf("hub: %w %q", api.ErrUnknownDevice, alias)
	}
	return e, nil
}

func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	return nil
}
