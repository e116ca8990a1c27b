package hub

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/hubconfig"
)

// Fake is a hub without devices: the tags of its configuration have values
// that change each second. Its methods are safe for concurrent use.
type Fake struct {
	plant
	born time.Time
}

var _ api.Points = (*Fake)(nil)

// NewFake returns a Fake of a configuration. The error is that of
// [hubconfig.Config.Validate].
func NewFake(c hubconfig.Config) (*Fake, error) {
	f := &Fake{born: time.Now()}
	if err := f.Apply(context.Background(), c); err != nil {
		return nil, err
	}
	return f, nil
}

// Apply takes another configuration, like that of [Service].
func (f *Fake) Apply(_ context.Context, c hubconfig.Config) error {
	if err := c.Validate(); err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	f.now.Store(newTable(c.Enabled(), func(device string, _ int, s hubconfig.Signal) source {
		kind, _ := s.Type.Split()
		return &wave{f.born, kind, phase(device + "/" + s.Alias), scale{s.Scale(), s.Add}}
	}))
	return nil
}

// phase makes tags differ, in the same way each time.
func phase(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum64()
}

// wave is a value that moves: numbers as a sine within -100 to 100, unsigned
// ones within 0 to 200, bits on and off.
type wave struct {
	born  time.Time
	kind  hubconfig.Kind
	phase uint64
	scale scale
}

func (w *wave) reading() reading {
	age := time.Since(w.born).Truncate(time.Second)
	period := float64(20 + w.phase%40) // seconds
	swing := 100 * math.Sin(2*math.Pi*(age.Seconds()/period+float64(w.phase>>8%100)/100))
	n := number{float, math.Float64bits(math.Round(swing*100) / 100)}
	switch w.kind {
	case hubconfig.Digital:
		n = number{unsigned, 0}
		if swing >= 0 {
			n.bits = 1
		}
	case hubconfig.Signed16, hubconfig.Signed32, hubconfig.Signed64:
		n = number{signed, uint64(int64(math.Round(swing)))}
	case hubconfig.Unsigned16, hubconfig.Unsigned32, hubconfig.Unsigned64:
		n = number{unsigned, uint64(int64(math.Round(100 + swing)))}
	}
	n, flags := w.scale.apply(n)
	return reading{n, flags, w.born.Add(age).UnixNano()}
}
