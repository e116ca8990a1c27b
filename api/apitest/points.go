package apitest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/api"
)

// Points is an [api.Points] in memory. The zero value has no device; one from
// [NewPoints] is a small plant whose values live. Its methods are safe for
// concurrent use.
type Points struct {
	control
	devices []api.Device
	tags    []api.Tag
	byAlias map[string]*points
	born    time.Time // of a living plant
}

// points is one device of the fake.
type points struct {
	device  api.Device
	tags    []api.Tag
	byAlias map[string]*point
}

// point is one tag with its value.
type point struct {
	name  string
	value api.TagValue // as it was set
	swing swing        // of a living tag, without amplitude for any other
}

// swing is a value that moves with time, as a sine.
type swing struct {
	middle, amplitude float64
	period            time.Duration
}

func (s swing) at(age time.Duration) api.Number {
	v := s.middle + s.amplitude*math.Sin(2*math.Pi*age.Seconds()/s.period.Seconds())
	return api.Float(math.Round(v*100) / 100)
}

// NewPoints returns a plant of two inverters and a meter, whose values change
// each second.
func NewPoints() *Points {
	p := &Points{}
	p.Configure(
		[]api.Device{
			{Alias: "INV1", Name: "Inverter 1", Protocol: "modbus tcp"},
			{Alias: "INV2", Name: "Inverter 2", Protocol: "modbus tcp"},
			{Alias: "METER", Name: "Grid meter", Protocol: "modbus rtu"},
		},
		[]api.Tag{
			Tag("INV1", "P", "Active power"), Tag("INV1", "U", "Voltage"),
			Tag("INV2", "P", "Active power"), Tag("INV2", "U", "Voltage"),
			Tag("METER", "P", "Active power"), Tag("METER", "F", "Frequency"),
		},
	)
	p.born = time.Now()
	for _, live := range []struct {
		device, signal string
		swing          swing
	}{
		{"INV1", "P", swing{5.5, 1.5, time.Minute}}, {"INV1", "U", swing{231, 2, 90 * time.Second}},
		{"INV2", "P", swing{4.8, 1.2, 70 * time.Second}}, {"INV2", "U", swing{230, 2, 80 * time.Second}},
		{"METER", "P", swing{-10.2, 2.5, 2 * time.Minute}}, {"METER", "F", swing{50, 0.05, 45 * time.Second}},
	} {
		p.byAlias[live.device].byAlias[live.signal].swing = live.swing
	}
	return p
}

// Tag returns a tag with the topics that it has on the tag bus.
func Tag(deviceAlias, signalAlias, name string) api.Tag {
	topic := "tag/" + deviceAlias + "/" + signalAlias + "/"
	return api.Tag{
		DeviceAlias: deviceAlias, SignalAlias: signalAlias, Name: name,
		InputTopic: topic + "rin", OutputTopic: topic + "out",
	}
}

// Configure makes these the devices and tags, none of them with a value yet.
// A tag of a device that is not there is left out.
func (p *Points) Configure(devices []api.Device, tags []api.Tag) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.born = time.Time{}
	p.devices, p.tags = slices.Clone(devices), nil
	p.byAlias = make(map[string]*points, len(devices))
	for _, d := range devices {
		p.byAlias[d.Alias] = &points{device: d, byAlias: make(map[string]*point)}
	}
	for _, t := range tags {
		d := p.byAlias[t.DeviceAlias]
		if d == nil {
			continue
		}
		p.tags, d.tags = append(p.tags, t), append(d.tags, t)
		d.byAlias[t.SignalAlias] = &point{name: t.Name, value: api.TagValue{Flags: api.FlagNonTopical}}
	}
}

// SetValue gives a tag its value; the name in v is of no account. It reports
// whether there is such a tag.
func (p *Points) SetValue(deviceAlias, signalAlias string, v api.TagValue) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.byAlias[deviceAlias]
	if d == nil || d.byAlias[signalAlias] == nil {
		return false
	}
	t := d.byAlias[signalAlias]
	t.value, t.swing = v, swing{}
	return true
}

// Devices implements [api.Points].
func (p *Points) Devices(ctx context.Context) ([]api.Device, error) {
	if err := p.enter(ctx, "points"); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.devices), nil
}

// Device implements [api.Points].
func (p *Points) Device(ctx context.Context, alias string) (api.Device, error) {
	if err := p.enter(ctx, "points"); err != nil {
		return api.Device{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.byAlias[alias]
	if d == nil {
		return api.Device{}, fmt.Errorf("apitest: points: %w %q", api.ErrUnknownDevice, alias)
	}
	return d.device, nil
}

// Tags implements [api.Points].
func (p *Points) Tags(ctx context.Context, deviceAlias string) ([]api.Tag, error) {
	if err := p.enter(ctx, "points"); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if deviceAlias == "" {
		return slices.Clone(p.tags), nil
	}
	d := p.byAlias[deviceAlias]
	if d == nil {
		return nil, fmt.Errorf("apitest: points: %w %q", api.ErrUnknownDevice, deviceAlias)
	}
	return slices.Clone(d.tags), nil
}

// Value implements [api.Points].
func (p *Points) Value(ctx context.Context, deviceAlias, signalAlias string) (api.TagValue, error) {
	if err := p.enter(ctx, "points"); err != nil {
		return api.TagValue{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.byAlias[deviceAlias]
	if d == nil {
		return api.TagValue{}, fmt.Errorf("apitest: points: %w %q", api.ErrUnknownDevice, deviceAlias)
	}
	t := d.byAlias[signalAlias]
	if t == nil {
		return api.TagValue{}, fmt.Errorf("apitest: points: %w %q", api.ErrUnknownTag, signalAlias)
	}
	return p.now(t), nil
}

// now returns the value of t at this moment; mu is held.
func (p *Points) now(t *point) api.TagValue {
	v := t.value
	if t.swing.amplitude != 0 {
		age := time.Since(p.born).Truncate(time.Second) // polled each second
		v = api.TagValue{Value: t.swing.at(age), Time: p.born.Add(age)}
	}
	v.Name = t.name
	return v
}

// String shows the state: one line per device and tag, then the faults.
func (p *Points) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, device := range p.devices {
		fmt.Fprintf(&b, "%s: %s (%s)\n", device.Alias, device.Name, device.Protocol)
		d := p.byAlias[device.Alias]
		for _, tag := range d.tags {
			v := p.now(d.byAlias[tag.SignalAlias])
			fmt.Fprintf(&b, "  %s: %s = %s", tag.SignalAlias, v.Name, v.Value)
			if !v.Time.IsZero() {
				b.WriteString(" at " + v.Time.UTC().Format(time.RFC3339))
			}
			if v.Flags != 0 {
				b.WriteString(" " + v.Flags.String())
			}
			b.WriteByte('\n')
		}
	}
	p.faults(&b)
	return b.String()
}
