package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// master is a key that protects nothing.
const master = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func masterFile(t testing.TB, content string) string {
	path := filepath.Join(t.TempDir(), "master")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestParse(t *testing.T) {
	var stderr bytes.Buffer
	s, err := parse([]string{"-devices", "600", "-period", "30s", "-loss", "0.2", "-master", masterFile(t, master+"\n")}, &stderr)
	require.NoError(t, err, &stderr)
	key, err := telemetry.ParseKey(master)
	require.NoError(t, err)
	assert.True(t, key.Equal(*s.fleet.Master))
	assert.InDelta(t, 20, s.rate, 1e-9, "reports a second")
	assert.Equal(t, int64(200), s.reports(), "in 10 s")
	assert.Equal(t, 0.2, s.fleet.Loss)
}

func TestRunRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args string
		code int
		want string
	}{
		"help":          {"-h", exitOK, "share"},
		"unknown flag":  {"-speed 1", exitUsage, "not defined: -speed"},
		"argument":      {"fast", exitUsage, "all settings are flags"},
		"no devices":    {"-devices 0", exitUsage, "-devices 0 is out of range"},
		"many devices":  {"-devices 1000001", exitUsage, "-devices 1000001 is out of range"},
		"short period":  {"-period 10ms", exitUsage, "-period 10ms is out of range"},
		"rate":          {"-rate NaN", exitUsage, "-rate NaN is out of range"},
		"no duration":   {"-duration 0s", exitUsage, "-duration 0s is out of range"},
		"high boot":     {"-boot 4294967295", exitUsage, "-boot 4294967295 is out of range"},
		"long prefix":   {"-prefix " + strings.Repeat("A", 41), exitUsage, "-prefix is longer"},
		"check":         {"-check 127.0.0.1:8090", exitUsage, "not of the form http://host:port"},
		"share":         {"-loss 20", exitUsage, "the rate of loss is 20, allowed is 0 to 1"},
		"exclusive":     {"-path-loss -reboot 0.1", exitUsage, "exclude each other"},
		"no master":     {"-master " + filepath.Join(t.TempDir(), "none"), exitUsage, "-master: telemetry: key file"},
		"bad master":    {"-master " + masterFile(t, "00"), exitUsage, "64 hexadecimal digits"},
		"no collector":  {"-check http://127.0.0.1:1 -devices 1", exitFailed, "-check: Get"},
		"no such host":  {"-to 127.0.0.1:port -devices 1", exitFailed, "-to: lookup"},
		"absurd device": {"-devices many", exitUsage, "invalid value"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, c.code, run(t.Context(), strings.Fields(c.args), &stdout, &stderr))
			assert.Contains(t, stderr.String(), c.want)
			assert.Empty(t, stdout.String())
		})
	}
}

// The reports are spread evenly over the time, all devices in turn.
func TestDriveKeepsThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings{rate: 100, duration: 3 * time.Second}
		s.fleet = sim.Config{Devices: 50, Prefix: "SIM", Boot: 1, Period: time.Second}
		f, err := sim.New(s.fleet)
		require.NoError(t, err)
		begin := time.Now()
		n := 0
		require.NoError(t, drive(t.Context(), s, f, network(func(b []byte) bool {
			m, err := telemetry.Decode(b)
			require.NoError(t, err)
			assert.Equal(t, f.Serial(n%50), m.Serial)
			assert.Equal(t, time.Duration(n)*10*time.Millisecond, time.Since(begin))
			n++
			return true
		})))
		assert.Equal(t, 300, n)
	})
}

// A network that is slow is not sent a burst afterwards.
func TestDriveMakesNothingUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings{rate: 1000, duration: time.Second}
		s.fleet = sim.Config{Devices: 10, Prefix: "SIM", Boot: 1, Period: time.Second}
		f, err := sim.New(s.fleet)
		require.NoError(t, err)
		n, atOnce, last := 0, 0, time.Time{}
		require.NoError(t, drive(t.Context(), s, f, network(func([]byte) bool {
			if n++; n == 100 {
				time.Sleep(500 * time.Millisecond)
			}
			if n > 100 && time.Now().Equal(last) {
				atOnce++
			}
			last = time.Now()
			return true
		})))
		assert.Equal(t, 1000, n)
		assert.LessOrEqual(t, atOnce, 22)
	})
}

// What is late at the end is no burst either.
func TestDriveFlushesAtThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings{rate: 100, duration: time.Second}
		s.fleet = sim.Config{Devices: 100, Prefix: "SIM", Boot: 1, Period: time.Second, Rates: sim.Rates{Reorder: 1}}
		f, err := sim.New(s.fleet)
		require.NoError(t, err)
		begin, n := time.Now(), 0
		require.NoError(t, drive(t.Context(), s, f, network(func([]byte) bool {
			assert.Equal(t, time.Second+time.Duration(n)*10*time.Millisecond, time.Since(begin))
			n++
			return true
		})))
		assert.Equal(t, 100, n)
	})
}

func TestDriveEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings{rate: 1, duration: time.Hour}
		s.fleet = sim.Config{Devices: 1, Prefix: "SIM", Boot: 1, Period: time.Second}
		f, err := sim.New(s.fleet)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 89500*time.Millisecond)
		defer cancel()
		require.NoError(t, drive(ctx, s, f, network(sent)))
		assert.Equal(t, uint64(90), f.Total().Reports)
	})
}

// The kernel tells of a server that is not there by an error of the write
// after: that one is sent all the same.
func TestSendOnWithoutServer(t *testing.T) {
	conn, err := net.Dial("udp", "127.0.0.1:1")
	require.NoError(t, err)
	send := sendOn(conn)
	for range 10 {
		assert.True(t, send([]byte("x")))
	}
	require.NoError(t, conn.Close())
	assert.False(t, send([]byte("x")))
}

// collector answers like one that has received the whole fleet; change
// spoils an answer.
func collector(t *testing.T, answer func() []receiver.DeviceStats) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/v1/loss", r.URL.Path)
		assert.NoError(t, json.NewEncoder(w).Encode(answer()))
	}))
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return server.URL
}

// perfect is what an exact collector says of f.
func perfect(f *sim.Fleet) stats {
	said := make(stats)
	for i := range f.Len() {
		if e := f.Expected(i); e.Heard {
			said[f.Serial(i)] = receiver.DeviceStats{
				Device: f.Serial(i), Boot: telemetry.Known(e.Boot), Top: e.Top, Received: e.Received, Lost: e.Lost,
				Duplicate: e.Duplicate, Replayed: e.Replayed, Reordered: e.Reordered, Reboots: e.Reboots,
			}
		}
	}
	return said
}

// played is a fleet after some reports.
func played(t *testing.T, rates sim.Rates, send sim.Send) *sim.Fleet {
	f, err := sim.New(sim.Config{Devices: 20, Prefix: "SIM", Seed: 1, Boot: 4, Period: time.Minute, Rates: rates})
	require.NoError(t, err)
	for range 30 {
		for i := range f.Len() {
			require.NoError(t, f.Report(i, time.Now(), network(send)))
		}
	}
	for i := range f.Len() {
		f.Flush(i, network(send))
	}
	return f
}

func sent([]byte) bool { return true }

func network(send sim.Send) sim.Network { return sim.Network{Send: send, Attack: send} }

func TestJudgeFindsEachDifference(t *testing.T) {
	f := played(t, sim.Rates{Loss: 0.3, Reorder: 0.2, Duplicate: 0.2, Reboot: 0.05}, sent)
	v := judge(f, nil, perfect(f), false)
	assert.Empty(t, v.differences)
	assert.Equal(t, 20, v.heard)
	assert.Equal(t, v.sent, v.received+v.lost+v.early+v.silent)
	assert.NotZero(t, v.lost)
	assert.NotZero(t, v.silent)

	const serial = "SIM00000007"
	for name, change := range map[string]func(*receiver.DeviceStats){
		"boot 4":     func(d *receiver.DeviceStats) { d.Boot.Known = false },
		"top":        func(d *receiver.DeviceStats) { d.Top++ },
		"received":   func(d *receiver.DeviceStats) { d.Received++ },
		"lost":       func(d *receiver.DeviceStats) { d.Lost-- },
		"duplicate":  func(d *receiver.DeviceStats) { d.Duplicate++ },
		"replayed":   func(d *receiver.DeviceStats) { d.Replayed++ },
		"reordered":  func(d *receiver.DeviceStats) { d.Reordered++ },
		"reboots":    func(d *receiver.DeviceStats) { d.Reboots++ },
		"late":       func(d *receiver.DeviceStats) { d.Late++ },
		"lost parts": func(d *receiver.DeviceStats) { d.LostParts++ },
		"dropped":    func(d *receiver.DeviceStats) { d.Dropped++ },
	} {
		t.Run(name, func(t *testing.T) {
			said := perfect(f)
			d := said["SIM00000007"]
			change(&d)
			said["SIM00000007"] = d
			v := judge(f, nil, said, false)
			require.Len(t, v.differences, 1)
			assert.Contains(t, v.differences[0], serial+": "+strings.Fields(name)[0])
		})
	}
	t.Run("unheard", func(t *testing.T) {
		said := perfect(f)
		delete(said, serial)
		assert.NotEmpty(t, judge(f, nil, said, false).differences)
	})
	t.Run("stranger", func(t *testing.T) {
		said := perfect(f)
		said["X"+serial] = receiver.DeviceStats{}
		v := judge(f, nil, said, false)
		require.Len(t, v.differences, 1)
		assert.Contains(t, v.differences[0], "made up")
	})
}

// What was counted before the run does not count.
func TestJudgeTakesOffWhatWasBefore(t *testing.T) {
	f := played(t, sim.Rates{}, sent)
	before := stats{f.Serial(3): {Boot: telemetry.Known(uint32(3)), Top: 8, Received: 5, Lost: 4, Duplicate: 1}}
	f.Met(3)
	said := perfect(f)
	d := said[f.Serial(3)]
	d.Received, d.Lost, d.Duplicate, d.Reboots = 35, 4, 1, 1
	said[f.Serial(3)] = d
	assert.NotEmpty(t, judge(f, before, said, false).differences, "the first boot of a device that is known is a reboot")
	assert.Empty(t, judge(f, nil, perfect(f), false).differences)
}

// Of a path with losses of its own only sums are known.
func TestJudgeWithPathLoss(t *testing.T) {
	f := played(t, sim.Rates{}, sent) // 30 reports of each device
	boot := telemetry.Known(uint32(4))
	before := stats{f.Serial(1): {Boot: telemetry.Known(uint32(3)), Received: 1}}
	for name, c := range map[string]struct {
		device              int
		said                receiver.DeviceStats
		lost, early, silent uint64
		differs             bool
	}{
		"all arrived":          {0, receiver.DeviceStats{Boot: boot, Top: 29, Received: 30}, 0, 0, 0, false},
		"a tail":               {0, receiver.DeviceStats{Boot: boot, Top: 20, Received: 18, Lost: 3}, 3, 0, 9, false},
		"the beginning":        {0, receiver.DeviceStats{Boot: boot, Top: 29, Received: 25, Lost: 3}, 3, 2, 0, false},
		"nothing":              {0, receiver.DeviceStats{}, 0, 0, 30, false},
		"too many":             {0, receiver.DeviceStats{Boot: boot, Top: 29, Received: 30, Lost: 1}, 1, 0, 0, true},
		"never made":           {0, receiver.DeviceStats{Boot: boot, Top: 30, Received: 31}, 0, 0, 0, true},
		"known, all counted":   {1, receiver.DeviceStats{Boot: boot, Top: 29, Received: 26, Lost: 5, Reboots: 1}, 5, 0, 0, false},
		"known, one uncounted": {1, receiver.DeviceStats{Boot: boot, Top: 29, Received: 26, Lost: 4, Reboots: 1}, 4, 0, 0, true},
		"known, unheard":       {1, receiver.DeviceStats{Boot: telemetry.Known(uint32(3)), Received: 1}, 0, 0, 30, false},
		"known, made up":       {1, receiver.DeviceStats{Boot: telemetry.Known(uint32(3)), Received: 1, Lost: 1}, 1, 0, 30, true},
	} {
		t.Run(name, func(t *testing.T) {
			said := perfect(f)
			d := said[f.Serial(1)]
			d.Received++ // the one before
			said[f.Serial(1)] = d
			said[f.Serial(c.device)] = c.said
			v := judge(f, before, said, true)
			assert.Equal(t, c.differs, len(v.differences) > 0, "%v", v.differences)
			assert.Equal(t, []uint64{c.lost, c.early, c.silent}, []uint64{v.lost, v.early, v.silent})
			if !c.differs {
				assert.Equal(t, v.sent, v.received+v.lost+v.early+v.silent)
			}
		})
	}
}

func TestReadLoss(t *testing.T) {
	all := func(string) bool { return true }
	for name, text := range map[string]string{
		"empty":       ``,
		"object":      `{"devices":[]}`,
		"not devices": `["SIM1"]`,
		"cut":         `[{"device":"SIM1","received":3}`,
		"bad number":  `[{"device":"SIM1","received":-3}]`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readLoss(strings.NewReader(text), all)
			assert.ErrorContains(t, err, "the collector's answer")
		})
	}
	got, err := readLoss(strings.NewReader(`[{"device":"A","boot":7,"lost":2},{"device":"B"}]`), func(s string) bool { return s == "A" })
	require.NoError(t, err)
	assert.Equal(t, stats{"A": {Device: "A", Boot: telemetry.Known(uint32(7)), Lost: 2}}, got)
}

// The whole program against a server that keeps a perfect account, and
// against one whose account is short.
func TestRunChecks(t *testing.T) {
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	// The run is of one device and 20 reports without faults.
	answer := receiver.DeviceStats{Device: "SIM00000000", Boot: telemetry.Known(uint32(1)), Top: 19, Received: 20}
	var asked bool
	first := func() []receiver.DeviceStats {
		if !asked {
			asked = true
			return []receiver.DeviceStats{} // before the run
		}
		return []receiver.DeviceStats{answer}
	}
	args := []string{"-to", server.LocalAddr().String(), "-devices", "1", "-rate", "200", "-duration", "100ms", "-check", collector(t, first)}
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitOK, run(t.Context(), args, &stdout, &stderr), &stderr)
	assert.Contains(t, stdout.String(), "verdict: the collector's counters are exact")

	asked, answer.Received, answer.Lost = false, 19, 1
	stdout.Reset()
	assert.Equal(t, exitFailed, run(t.Context(), args, &stdout, &stderr), &stderr)
	assert.Contains(t, stdout.String(), "DIFFERS SIM00000000: received 20: collector says 19")
	assert.Contains(t, stdout.String(), "verdict: 2 differences")
}
