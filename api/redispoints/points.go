package redispoints

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/api"
)

// Guard: it is a provider.
var _ api.Points = (*Service)(nil)

// device is a device with its tags.
type device struct {
	device api.Device
	tags   []api.Tag
	slots  map[string]*slot // by signal alias
}

// slot is the last value of a tag. mu of the service guards all but its name.
type slot struct {
	name    string
	last    message
	arrived time.Time
	session uint64 // in which it came; 0 = never
}

// index makes the tables that the Config asks for.
func (s *Service) index() {
	s.byDevice = make(map[string]*device, len(s.config.Devices))
	s.byTopic = make(map[string]*slot)
	for _, d := range s.config.Devices {
		known := &device{
			device: api.Device{Alias: d.Alias, Name: orAlias(d.Name, d.Alias), Protocol: d.Protocol},
			slots:  make(map[string]*slot, len(d.Tags)),
		}
		for _, tag := range d.Tags {
			topic := "tag/" + d.Alias + "/" + tag.Alias + "/"
			one := &slot{name: orAlias(tag.Name, tag.Alias)}
			known.slots[tag.Alias] = one
			s.byTopic[topic+string(s.config.ValueTopic)] = one
			known.tags = append(known.tags, api.Tag{
				DeviceAlias: d.Alias, SignalAlias: tag.Alias, Name: one.name,
				SourceDeviceAlias: tag.SourceDeviceAlias,
				InputTopic:        topic + string(TopicIn), OutputTopic: topic + string(TopicOut),
			})
		}
		s.devices = append(s.devices, known.device)
		s.tags = append(s.tags, known.tags...)
		s.byDevice[d.Alias] = known
	}
}

func orAlias(name, alias string) string {
	if name == "" {
		return alias
	}
	return name
}

// Devices implements [api.Points].
func (s *Service) Devices(ctx context.Context) ([]api.Device, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	return slices.Clip(s.devices), nil
}

// Device implements [api.Points].
func (s *Service) Device(ctx context.Context, alias string) (api.Device, error) {
	d, err := s.device(ctx, alias)
	if err != nil {
		return api.Device{}, err
	}
	return d.device, nil
}

// Tags implements [api.Points].
func (s *Service) Tags(ctx context.Context, deviceAlias string) ([]api.Tag, error) {
	if deviceAlias == "" {
		if err := ended(ctx); err != nil {
			return nil, err
		}
		return slices.Clip(s.tags), nil
	}
	d, err := s.device(ctx, deviceAlias)
	if err != nil {
		return nil, err
	}
	return slices.Clip(d.tags), nil
}

// Value implements [api.Points]. It never waits for the bus.
func (s *Service) Value(ctx context.Context, deviceAlias, signalAlias string) (api.TagValue, error) {
	d, err := s.device(ctx, deviceAlias)
	if err != nil {
		return api.TagValue{}, err
	}
	one := d.slots[signalAlias]
	if one == nil {
		return api.TagValue{}, fmt.Errorf("redispoints: %w %q", api.ErrUnknownTag, signalAlias)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := api.TagValue{Name: one.name, Value: one.last.value, Time: one.last.time, Flags: one.last.flags}
	if s.old(one) {
		v.Flags |= api.FlagNonTopical
	}
	return v, nil
}

// old reports whether the bus may tell another value by now; mu is held.
func (s *Service) old(one *slot) bool {
	maxAge := s.config.MaxAge.Std()
	return !s.status.Connected || one.session != s.session || maxAge != 0 && time.Since(one.arrived) > maxAge
}

func (s *Service) device(ctx context.Context, alias string) (*device, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	d := s.byDevice[alias]
	if d == nil {
		return nil, fmt.Errorf("redispoints: %w %q", api.ErrUnknownDevice, alias)
	}
	return d, nil
}

func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("redispoints: %w", err)
	}
	return nil
}
