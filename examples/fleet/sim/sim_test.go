package sim_test

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
	"github.com/fieldgate/fieldgate/telemetry"
)

// master is a key that protects nothing.
const master = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func masterKey(t testing.TB) *telemetry.Key {
	key, err := telemetry.ParseKey(master)
	require.NoError(t, err)
	return &key
}

// everything goes wrong at once.
func everything(t testing.TB) sim.Config {
	return sim.Config{
		Devices: 50, Prefix: "SIM", Seed: 7, Boot: 3, Period: time.Minute, Master: masterKey(t),
		Rates: sim.Rates{Loss: 0.2, Reorder: 0.1, Duplicate: 0.1, Reboot: 0.02, Clock: 0.1, Forge: 0.2},
	}
}

// play makes rounds reports of each device.
func play(t testing.TB, c sim.Config, rounds int, send sim.Send) *sim.Fleet {
	return playOn(t, c, rounds, sim.Network{Send: send, Attack: send})
}

func playOn(t testing.TB, c sim.Config, rounds int, n sim.Network) *sim.Fleet {
	f, err := sim.New(c)
	require.NoError(t, err)
	now := time.Date(2026, 11, 18, 9, 16, 48, 0, time.UTC)
	for range rounds {
		for i := range c.Devices {
			require.NoError(t, f.Report(i, now, n))
		}
		now = now.Add(c.Period)
	}
	for i := range c.Devices {
		f.Flush(i, n)
	}
	return f
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*sim.Config){
		"no devices":     func(c *sim.Config) { c.Devices = 0 },
		"negative":       func(c *sim.Config) { c.Loss = -0.1 },
		"above 1":        func(c *sim.Config) { c.Duplicate = 1.1 },
		"not a number":   func(c *sim.Config) { c.Forge = math.NaN() },
		"negative clock": func(c *sim.Config) { c.Clock = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := everything(t)
			change(&c)
			_, err := sim.New(c)
			assert.ErrorContains(t, err, "sim: ")
		})
	}
}

func TestSameSeedSameDatagrams(t *testing.T) {
	record := func(seed uint64) []byte {
		var all bytes.Buffer
		c := everything(t)
		c.Seed = seed
		play(t, c, 40, func(b []byte) bool { all.Write(b); return true })
		return all.Bytes()
	}
	first := record(7)
	assert.NotEmpty(t, first)
	assert.True(t, bytes.Equal(first, record(7)), "the same seed")
	assert.False(t, bytes.Equal(first, record(8)), "another seed")
}

// A fleet without faults is plain to check: each report arrives once, in
// order, readable, with the counters growing.
func TestReports(t *testing.T) {
	for name, key := range map[string]*telemetry.Key{"bare": nil, "sealed": masterKey(t)} {
		t.Run(name, func(t *testing.T) {
			c := everything(t)
			c.Master, c.Rates = key, sim.Rates{}
			last := make(map[string]*telemetry.Message)
			play(t, c, 60, func(b []byte) bool {
				m := open(t, key, b)
				if key == nil {
					assert.LessOrEqual(t, len(b), 320)
				} else {
					assert.LessOrEqual(t, len(b), 350)
				}
				before := last[m.Serial]
				last[m.Serial] = m
				assert.Equal(t, uint64(60), m.Period)
				if before == nil {
					assert.Zero(t, m.Seq)
					return true
				}
				assert.Equal(t, before.Seq+1, m.Seq)
				assert.Equal(t, before.Time.Value+60, m.Time.Value)
				for i, v := range growing(m) {
					assert.GreaterOrEqual(t, v, growing(before)[i], "counter %d", i)
				}
				assert.Greater(t, m.Interfaces[0].RxBytes.Value, before.Interfaces[0].RxBytes.Value)
				return true
			})
			assert.Len(t, last, c.Devices)
		})
	}
}

// open reads a datagram as a server would.
func open(t testing.TB, master *telemetry.Key, b []byte) *telemetry.Message {
	if master == nil {
		m, err := telemetry.Decode(b)
		require.NoError(t, err)
		return m
	}
	e, err := telemetry.ParseEnvelope(b)
	require.NoError(t, err)
	key := telemetry.DeriveKey(*master, e.Serial)
	require.True(t, e.Verify(key))
	m, err := e.Decode()
	require.NoError(t, err)
	return m
}

// growing returns the cumulative values of m.
func growing(m *telemetry.Message) []uint64 {
	all := []uint64{m.Uptime.Value, m.CPU.User.Value, m.CPU.System.Value, m.CPU.Idle.Value, m.CPU.IRQ.Value}
	for _, i := range m.Interfaces {
		all = append(all, i.RxBytes.Value, i.TxBytes.Value, i.RxPackets.Value, i.TxPackets.Value,
			i.RxErrors.Value, i.TxErrors.Value, i.RxDropped.Value, i.TxDropped.Value)
	}
	return all
}

func TestRebootResets(t *testing.T) {
	c := everything(t)
	c.Devices, c.Master, c.Rates = 1, nil, sim.Rates{Reboot: 1}
	boot := c.Boot
	play(t, c, 5, func(b []byte) bool {
		m := open(t, nil, b)
		assert.Equal(t, telemetry.Known(boot), m.Boot)
		assert.Zero(t, m.Seq)
		if boot > c.Boot {
			assert.Equal(t, telemetry.Known(uint64(0)), m.Uptime)
			assert.Less(t, m.Interfaces[0].RxBytes.Value, uint64(3000*60*2))
		}
		boot++
		return true
	})
	assert.Equal(t, c.Boot+5, boot)
}

func TestClockFaults(t *testing.T) {
	c := everything(t)
	c.Devices, c.Master, c.Rates = 100, nil, sim.Rates{Clock: 1}
	var none, old, wrong int
	f := play(t, c, 10, func(b []byte) bool {
		switch m := open(t, nil, b); {
		case !m.Time.Known:
			none++
		case m.Time.Value < 365*24*3600:
			old++
		default:
			wrong++
		}
		return true
	})
	assert.Equal(t, uint64(1000), f.Total().ClockFaults)
	for kind, n := range map[string]int{"none": none, "1970": old, "wrong": wrong} {
		assert.InDelta(t, 333, n, 60, kind)
	}
}

func TestRatesAreKept(t *testing.T) {
	c := everything(t)
	c.Devices = 500
	f := play(t, c, 40, func([]byte) bool { return true })
	total := f.Total()
	n := float64(c.Devices * 40)
	assert.Equal(t, uint64(n), total.Reports)
	near := func(name string, want float64, got uint64) {
		assert.InDelta(t, want, float64(got), 4*math.Sqrt(want)+1, name)
	}
	near("loss", n*c.Loss, total.Lost)
	near("reorder", n*(1-c.Loss)*c.Reorder, total.Held)
	near("duplicate", n*(1-c.Loss)*(1-c.Reorder)*c.Duplicate, total.Duplicates)
	near("reboot", n*c.Reboot, total.Reboots)
	near("clock", n*c.Clock, total.ClockFaults)
	for kind, got := range total.Forged {
		near(sim.Forgery(kind).String(), n*c.Forge/float64(len(total.Forged)), got)
	}
	assert.Equal(t, total.Reports-total.Lost+total.Duplicates, total.Datagrams)
}

// What the attacker sends is what its name says: nothing of it passes for
// genuine, and only replays are readable with the device's key.
func TestForgeries(t *testing.T) {
	c := everything(t)
	c.Rates = sim.Rates{Forge: 1}
	genuine := make(map[string]bool)
	var replayed, malformed, unauthentic int
	f := play(t, c, 40, func(b []byte) bool {
		e, err := telemetry.ParseEnvelope(b)
		if err != nil {
			malformed++
			return true
		}
		key := telemetry.DeriveKey(*c.Master, e.Serial)
		switch {
		case !e.Verify(key):
			unauthentic++
		case genuine[string(b)]:
			replayed++
		default:
			genuine[string(b)] = true
		}
		return true
	})
	forged := f.Total().Forged
	assert.Equal(t, c.Devices*40, len(genuine))
	assert.Equal(t, int(forged[sim.Replay]), replayed)
	assert.Equal(t, int(forged[sim.Truncated]+forged[sim.Junk]), malformed)
	assert.Equal(t, int(forged[sim.Tampered]+forged[sim.WrongKey]+forged[sim.Stranger]), unauthentic)
	assert.NotContains(t, forged[:], uint64(0), "a kind that never happens proves nothing")
}

func TestForgeriesOfABareFleet(t *testing.T) {
	c := everything(t)
	c.Master, c.Rates = nil, sim.Rates{Forge: 1}
	f := play(t, c, 40, func([]byte) bool { return true })
	for kind, n := range f.Total().Forged {
		if sim.Forgery(kind) <= sim.Junk {
			assert.NotZero(t, n, sim.Forgery(kind))
		} else {
			assert.Zero(t, n, sim.Forgery(kind))
		}
	}
}

func TestUnsentCountsAsLost(t *testing.T) {
	c := everything(t)
	c.Devices, c.Rates = 1, sim.Rates{}
	n := 0
	f := play(t, c, 10, func([]byte) bool { n++; return n != 4 && n < 9 })
	e := f.Expected(0)
	assert.Equal(t, uint64(3), f.Total().Unsent)
	assert.Equal(t, sim.Expected{Boot: c.Boot, Top: 7, Received: 7, Lost: 1, Sent: 10, Silent: 2, Heard: true}, e)
}
