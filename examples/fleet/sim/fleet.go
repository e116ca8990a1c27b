package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// Config says what the fleet is and what happens to it.
type Config struct {
	Devices int            // 1 to 99,999,999
	Prefix  string         // serials are Prefix and 8 digits
	Seed    uint64         // everything follows from it
	Boot    uint32         // boot counter of all devices at the beginning
	Period  time.Duration  // between two reports of a device; messages carry it in whole seconds, at least 1
	Master  *telemetry.Key // seals messages with keys derived from it; nil = bare messages
	Rates
}

// Rates are shares of all reports, from 0 to 1. What they cause is drawn for
// each report and each fault apart.
type Rates struct {
	Loss      float64 // never arrives
	Reorder   float64 // arrives 1 to 3 periods late, behind later ones
	Duplicate float64 // arrives twice, the second time at once or with the next report
	Reboot    float64 // the device boots after it: boot one higher, seq, uptime and counters from 0
	Clock     float64 // carries no time, one of 1970, or one that is wrong by up to a year
	Forge     float64 // an attacker sends something of his own before it, see [Forgery]
}

// Validate returns an error when a rate is not within 0 and 1.
func (r Rates) Validate() error {
	for _, one := range []struct {
		name string
		rate float64
	}{
		{"loss", r.Loss}, {"reordering", r.Reorder}, {"duplication", r.Duplicate},
		{"reboots", r.Reboot}, {"clock faults", r.Clock}, {"forgery", r.Forge},
	} {
		if !(one.rate >= 0 && one.rate <= 1) { // not a number is neither
			return fmt.Errorf("the rate of %s is %v, allowed is 0 to 1", one.name, one.rate)
		}
	}
	return nil
}

// Fleet is the simulation. It is not for concurrent use.
type Fleet struct {
	config  Config
	devices []device
	serials []string
	hosts   []string
	imeis   []string
	keys    []telemetry.Key // of each device; empty without Master

	message telemetry.Message // used for every report
	buf     []byte
	total   Total
}

// device is what changes of one device.
type device struct {
	boot    uint32
	seq     uint64 // of its next report
	age     uint64 // seconds it has been up at its report 0
	rng     rand.PCG
	held    []held // datagrams that are late
	caught  held   // a datagram that an attacker has kept
	account account
}

// held is a datagram that arrives after wait more reports of its device.
type held struct {
	wait     int
	boot     uint32
	seq      uint64
	datagram []byte
}

// Send sends a datagram, which it must not keep. False means that it was not
// sent, which counts as lost.
type Send func(datagram []byte) bool

// Network is where datagrams are sent: those of devices, and those of the
// attacker. A server may limit what comes from an address that sends
// forgeries, so the attacker should have one of his own.
type Network struct {
	Send   Send
	Attack Send
}

// New returns a fleet of which no device has yet reported.
func New(c Config) (*Fleet, error) {
	if c.Devices < 1 {
		return nil, errors.New("sim: a fleet has at least one device")
	}
	if err := c.Rates.Validate(); err != nil {
		return nil, fmt.Errorf("sim: %w", err)
	}
	f := &Fleet{
		config:  c,
		devices: make([]device, c.Devices),
		serials: make([]string, c.Devices),
		hosts:   make([]string, c.Devices),
		imeis:   make([]string, c.Devices),
		buf:     make([]byte, 0, telemetry.MaxDatagram),
	}
	f.names()
	if c.Master != nil {
		f.keys = make([]telemetry.Key, c.Devices)
		for i := range f.keys {
			f.keys[i] = telemetry.DeriveKey(*c.Master, f.serials[i])
		}
	}
	for i := range f.devices {
		d := &f.devices[i]
		d.rng.Seed(c.Seed+1, uint64(i))
		d.boot = c.Boot
		d.age = d.rng.Uint64() % (14 * 24 * 3600) // up for some days before the agent's first report
	}
	return f, nil
}

// Len returns the number of devices.
func (f *Fleet) Len() int { return len(f.devices) }

// Boot returns the boot counter of device index.
func (f *Fleet) Boot(index int) uint32 { return f.devices[index].boot }

// Met says that the server knows an earlier boot of device index.
func (f *Fleet) Met(index int) { f.devices[index].account.met = true }

// Serial returns the serial of device index.
func (f *Fleet) Serial(index int) string { return f.serials[index] }

// Report makes the next report of device index and sends what arrives of it
// and around it. now is the time on the device's clock while that is right.
func (f *Fleet) Report(index int, now time.Time, n Network) error {
	d := &f.devices[index]
	datagram, err := f.datagram(index, now)
	if err != nil {
		return err
	}
	if d.happens(f.config.Forge) {
		f.forge(index, d, datagram, n.Attack)
	}
	boot, seq := d.boot, d.seq
	d.account.sent(boot)
	f.total.Reports++
	d.seq++

	due := d.due()
	switch {
	case d.happens(f.config.Loss):
		f.total.Lost++
	case d.happens(f.config.Reorder):
		f.total.Held++
		d.hold(1+int(d.rng.Uint64()%3), boot, seq, datagram)
	default:
		f.arrive(d, boot, seq, datagram, n.Send)
		f.duplicate(d, boot, seq, datagram, n.Send)
	}
	for _, h := range due {
		f.arrive(d, h.boot, h.seq, h.datagram, n.Send)
	}
	if d.happens(f.config.Reboot) {
		f.total.Reboots++
		d.boot, d.seq, d.age = d.boot+1, 0, 0
	}
	return nil
}

// Flush sends what is still late of device index, and returns how many
// datagrams that were.
func (f *Fleet) Flush(index int, n Network) int {
	d := &f.devices[index]
	held := d.held
	d.held = nil
	for _, h := range held {
		f.arrive(d, h.boot, h.seq, h.datagram, n.Send)
	}
	return len(held)
}

// arrive sends a datagram that the server must count.
func (f *Fleet) arrive(d *device, boot uint32, seq uint64, datagram []byte, send Send) {
	if !send(datagram) {
		f.total.Unsent++
		return
	}
	f.total.Datagrams++
	d.account.arrives(boot, seq)
	if f.config.Forge > 0 {
		f.catch(d, boot, seq, datagram)
	}
}

func (f *Fleet) duplicate(d *device, boot uint32, seq uint64, datagram []byte, send Send) {
	if !d.happens(f.config.Duplicate) {
		return
	}
	f.total.Duplicates++
	if d.rng.Uint64()%2 == 0 {
		f.arrive(d, boot, seq, datagram, send)
	} else {
		d.hold(1, boot, seq, datagram)
	}
}

// datagram returns the next report of device index, in f.buf.
func (f *Fleet) datagram(index int, now time.Time) ([]byte, error) {
	d, m := &f.devices[index], &f.message
	m.Version = telemetry.Version
	m.Serial = f.serials[index]
	m.Boot, m.Seq = telemetry.Known(d.boot), d.seq
	m.Time = f.clock(d, now)
	m.Period = f.config.seconds()
	m.Stats = telemetry.Stats{SendErrors: telemetry.Known(uint64(0)), Dropped: telemetry.Known(uint64(0)), CollectMS: telemetry.Known(3 + d.seq%20)}
	f.snapshot(&m.Sample, index, d.age, d.seq)
	var err error
	if f.keys == nil {
		f.buf, err = telemetry.AppendMessage(f.buf[:0], m)
	} else {
		f.buf, err = telemetry.AppendSealed(f.buf[:0], m, f.keys[index])
	}
	return f.buf, err
}

// clock is what the device takes for the time.
func (f *Fleet) clock(d *device, now time.Time) telemetry.Maybe[uint64] {
	t := uint64(now.Unix())
	if !d.happens(f.config.Clock) {
		return telemetry.Known(t)
	}
	f.total.ClockFaults++
	const year = 365 * 24 * 3600
	switch d.rng.Uint64() % 3 {
	case 0:
		return telemetry.Maybe[uint64]{}
	case 1:
		return telemetry.Known(d.age + d.seq*f.config.seconds()) // counted since 1970
	default:
		return telemetry.Known(t - year + d.rng.Uint64()%(2*year))
	}
}

// happens draws whether something of that rate happens now. A rate of 0 takes
// no draw.
func (d *device) happens(rate float64) bool {
	return rate > 0 && float64(d.rng.Uint64()>>11)/(1<<53) < rate
}

func (d *device) hold(wait int, boot uint32, seq uint64, datagram []byte) {
	d.held = append(d.held, held{wait, boot, seq, append([]byte(nil), datagram...)})
}

// due takes out what has waited long enough, oldest first.
func (d *device) due() []held {
	var due []held
	rest := d.held[:0]
	for _, h := range d.held {
		if h.wait--; h.wait == 0 {
			due = append(due, h)
		} else {
			rest = append(rest, h)
		}
	}
	clear(d.held[len(rest):])
	d.held = rest
	return due
}

func (c *Config) seconds() uint64 { return max(1, uint64(c.Period/time.Second)) }
