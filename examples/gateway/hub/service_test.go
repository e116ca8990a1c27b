package hub_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/examples/gateway/hub"
	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/internal/memnet"
)

var _ api.Points = (*hub.Service)(nil)

// configuration reads YAML.
func configuration(t testing.TB, text string) hubconfig.Config {
	t.Helper()
	c, report, err := hubconfig.Import([]byte(text))
	require.NoError(t, err, report.String())
	return c
}

const plant = `
devices:
  - {device_alias: A, name: First, protocol: modbus tcp, host: a.example, slave_id: 7, timeout_ms: 500}
  - {device_alias: B, protocol: modbus tcp, host: b.example}
  - {device_alias: V, protocol: virtual device}
signals:
  - {device_alias: A, signal_alias: P, signal_name: Power, job_todo: 3;0;1, number_type: unsigned16}
  - {device_alias: A, signal_alias: Q, job_todo: 3;1;1, number_type: signed16, multiply: 0.5, add: 10}
  - {device_alias: A, signal_alias: F, job_todo: 4;10;2, number_type: float}
  - {device_alias: A, signal_alias: S, job_todo: 1;5;1}
  - {device_alias: B, signal_alias: X, job_todo: 3;0;1, number_type: unsigned16}
  - {device_alias: V, signal_alias: C, source_device_alias: A, source_signal_alias: Q, multiply: 2}
`

// network resolves the names of the plant.
func network(n *memnet.Network) hub.Options { return hub.Options{Dial: n.Dial} }

func start(t *testing.T, c hubconfig.Config, o hub.Options) *hub.Service {
	t.Helper()
	s, err := hub.New(c, o)
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	return s
}

// shown returns value, seconds since the start of the bubble and flags.
func shown(t *testing.T, points api.Points, device, signal string, since time.Time) string {
	t.Helper()
	v, err := points.Value(t.Context(), device, signal)
	require.NoError(t, err)
	age := "never"
	if !v.Time.IsZero() {
		age = v.Time.Sub(since).Truncate(time.Second).String()
	}
	return fmt.Sprintf("%s %s %s", v.Value, age, v.Flags)
}

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		n := new(memnet.Network)
		s, err := hub.New(configuration(t, plant), network(n))
		require.NoError(t, err)
		return lifecycletest.Subject{Service: s, Resources: n.Open}
	})
}

func TestValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(memnet.Network)
		a := newServer(t, n.Listen, "a.example:502")
		a.do(func() {
			a.registers[0], a.registers[1] = 42, 0xfffc
			a.registers[10], a.registers[11] = 0x40be, 0xb021 // 5.959 as a float
			a.bits[5] = true
		})
		begin := time.Now()
		s := start(t, configuration(t, plant), network(n))
		time.Sleep(500 * time.Millisecond)
		assert.Equal(t, "42 0s ", shown(t, s, "A", "P", begin))
		assert.Equal(t, "8 0s ", shown(t, s, "A", "Q", begin))
		assert.Equal(t, "5.959000110626221 0s ", shown(t, s, "A", "F", begin))
		assert.Equal(t, "1 0s ", shown(t, s, "A", "S", begin))
		assert.Equal(t, "16 0s ", shown(t, s, "V", "C", begin))
		assert.Equal(t, "nan never NT", shown(t, s, "B", "X", begin), "B is not there")
		assert.Equal(t, [][3]int{{1, 5, 1}, {3, 0, 2}, {4, 10, 2}}, a.taken(), "neighbours are joined")

		a.do(func() { a.registers[0], a.registers[11] = 43, 0; a.registers[10] = 0x7f80 })
		time.Sleep(time.Second)
		assert.Equal(t, "43 1s ", shown(t, s, "A", "P", begin))
		assert.Equal(t, "nan 1s OV", shown(t, s, "A", "F", begin), "infinite")
		a.do(func() { a.registers[10] = 0x7fc0 })
		time.Sleep(time.Second)
		assert.Equal(t, "nan 2s IV", shown(t, s, "A", "F", begin), "not a number")
		assert.Equal(t, 1, a.connections())

		require.NoError(t, s.Stop(t.Context()))
		assert.Equal(t, "43 2s NT", shown(t, s, "A", "P", begin), "after Stop")
	})
}

func (s *server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// What a device does wrong shows in the flags; the last value keeps its time.
func TestFlags(t *testing.T) {
	const one = `
devices: [{device_alias: A, protocol: modbus tcp, host: a.example, timeout_ms: 500}]
signals:
  - {device_alias: A, signal_alias: P, job_todo: 3;0;1, number_type: unsigned16}
  - {device_alias: A, signal_alias: Q, job_todo: 3;100;1, number_type: unsigned16}
`
	for name, c := range map[string]struct {
		answer func(s *server, request []byte) []byte
		want   string // of P
		other  string // of Q
	}{
		"silence":          {func(*server, []byte) []byte { return nil }, "42 0s NT", "7 0s NT"},
		"exception":        {func(_ *server, r []byte) []byte { return exception(r, 4) }, "42 0s IV", "7 0s IV"},
		"one exception":    {firstOnly(func(_ *server, r []byte) []byte { return exception(r, 2) }), "42 0s IV", "7 3s "},
		"length too long":  {func(_ *server, r []byte) []byte { return append(r[:4:4], 0, 200, 1, 3, 2, 0, 9) }, "42 0s NT", "7 0s NT"},
		"length of 64k":    {func(_ *server, r []byte) []byte { return append(r[:4:4], 255, 255, 1, 3, 2, 0, 9) }, "42 0s IV", "7 0s IV"},
		"length 0":         {func(_ *server, r []byte) []byte { return append(r[:4:4], 0, 0, 1, 3, 2, 0, 9) }, "42 0s IV", "7 0s IV"},
		"length too short": {firstOnly(func(_ *server, r []byte) []byte { return append(r[:4:4], 0, 4, 1, 3, 2, 0, 9) }), "42 0s IV", "7 3s "},
		"count too high":   {func(_ *server, r []byte) []byte { return frame(r, []byte{3, 4, 0, 9}) }, "42 0s IV", "7 0s IV"},
		"count too low":    {func(_ *server, r []byte) []byte { return frame(r, []byte{3, 0, 0, 9}) }, "42 0s IV", "7 0s IV"},
		"more registers":   {func(_ *server, r []byte) []byte { return frame(r, []byte{3, 4, 0, 9, 0, 9}) }, "42 0s IV", "7 0s IV"},
		"other function":   {func(_ *server, r []byte) []byte { return frame(r, []byte{4, 2, 0, 9}) }, "42 0s IV", "7 0s IV"},
		"write confirmed":  {func(_ *server, r []byte) []byte { return frame(r, []byte{6, 0, 0, 0, 9}) }, "42 0s IV", "7 0s IV"},
		"other exception":  {func(_ *server, r []byte) []byte { return frame(r, []byte{0x84, 2}) }, "42 0s IV", "7 0s IV"},
		"no PDU":           {func(_ *server, r []byte) []byte { return append(r[:4:4], 0, 1, 1) }, "42 0s IV", "7 0s IV"},
		"no data":          {func(_ *server, r []byte) []byte { return append(r[:4:4], 0, 2, 1, 3) }, "42 0s IV", "7 0s IV"},
		"other protocol":   {func(s *server, r []byte) []byte { a := s.usual(r); a[2] = 1; return a }, "42 0s IV", "7 0s IV"},
		"other unit":       {func(s *server, r []byte) []byte { a := s.usual(r); a[6]++; return a }, "42 0s IV", "7 0s IV"},
		"other request":    {func(s *server, r []byte) []byte { a := s.usual(r); a[1]++; return a }, "42 0s IV", "7 0s IV"},
		"HTTP":             {func(*server, []byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }, "42 0s IV", "7 0s IV"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := new(memnet.Network)
				a := newServer(t, n.Listen, "a.example:502")
				a.do(func() { a.registers[0], a.registers[100] = 42, 7 })
				begin := time.Now()
				s := start(t, configuration(t, one), network(n))
				time.Sleep(500 * time.Millisecond)
				require.Equal(t, "42 0s ", shown(t, s, "A", "P", begin))
				a.do(func() { a.answer = func(r []byte) []byte { return c.answer(a, r) } })
				time.Sleep(3 * time.Second)
				assert.Equal(t, c.want, shown(t, s, "A", "P", begin))
				assert.Equal(t, c.other, shown(t, s, "A", "Q", begin))

				a.do(func() { a.answer = a.usual; a.registers[0] = 44 })
				time.Sleep(31 * time.Second) // the longest pause, and a round
				v, err := s.Value(t.Context(), "A", "P")
				require.NoError(t, err)
				assert.Equal(t, "44", v.Value.String())
				assert.Zero(t, v.Flags, "it has healed")
			})
		})
	}
}

// firstOnly gives a bad answer to requests of register 0 only.
func firstOnly(bad func(*server, []byte) []byte) func(*server, []byte) []byte {
	return func(s *server, r []byte) []byte {
		if r[8] == 0 && r[9] == 0 {
			return bad(s, r)
		}
		return s.usual(r)
	}
}

// A server that ends idle connections does not cost a value.
func TestConnectionEndedBetweenRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(memnet.Network)
		a := newServer(t, n.Listen, "a.example:502")
		begin := time.Now()
		s := start(t, configuration(t, plant), network(n))
		for round := range 3 {
			time.Sleep(500 * time.Millisecond)
			assert.Equal(t, fmt.Sprintf("0 %ds ", round), shown(t, s, "A", "P", begin))
			a.hangUp()
			time.Sleep(500 * time.Millisecond)
		}
		synctest.Wait()
		assert.GreaterOrEqual(t, a.connections(), 3)
		assert.Zero(t, s.Status()[0].Silences)
	})
}

// A device that refuses joined requests is asked as its rows say.
func TestJoinedRequestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(memnet.Network)
		a := newServer(t, n.Listen, "a.example:502")
		a.do(func() {
			a.registers[0], a.registers[1] = 1, 2
			a.answer = func(r []byte) []byte {
				if r[7] == 3 && r[11] > 1 {
					return exception(r, 2)
				}
				return a.usual(r)
			}
		})
		begin := time.Now()
		s := start(t, configuration(t, plant), network(n))
		time.Sleep(500 * time.Millisecond)
		assert.Equal(t, "1 0s ", shown(t, s, "A", "P", begin))
		assert.Equal(t, "11 0s ", shown(t, s, "A", "Q", begin))
		assert.Contains(t, a.taken(), [3]int{3, 0, 2})
		time.Sleep(time.Second)
		assert.Equal(t, [][3]int{{1, 5, 1}, {3, 0, 1}, {3, 1, 1}, {4, 10, 2}}, a.taken())
	})
}

func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(memnet.Network)
		newServer(t, n.Listen, "a.example:502")
		var log lockedBuffer
		o := network(n)
		o.Logger = log.logger()
		s, err := hub.New(configuration(t, plant), o)
		require.NoError(t, err)
		assert.Equal(t, hub.StateWaiting, s.Status()[0].State)
		require.NoError(t, s.Start(t.Context()))
		defer func() { assert.NoError(t, s.Stop(t.Context())) }()
		time.Sleep(4500 * time.Millisecond)
		status := s.Status()
		require.Len(t, status, 2, "a virtual device is not read")
		assert.Equal(t, hub.DeviceStatus{Alias: "A", State: hub.StateAnswering, Answers: 15}, without(status[0]))
		assert.Equal(t, hub.StateSilent, status[1].State)
		assert.Contains(t, status[1].Problem, "connection refused")
		assert.Positive(t, status[1].Silences)
		assert.Equal(t, 1, bytes.Count(log.bytes(), []byte("does not answer")), "a change is logged once: %s", log.bytes())
	})
}

func without(d hub.DeviceStatus) hub.DeviceStatus { d.LastScan = 0; return d }

// Apply leaves alone what has not changed.
func TestApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(memnet.Network)
		a := newServer(t, n.Listen, "a.example:502")
		b := newServer(t, n.Listen, "b.example:502")
		c := configuration(t, plant)
		s := start(t, c, network(n))
		time.Sleep(1500 * time.Millisecond)

		c.Signals[4].Name = "changed" // of B
		require.NoError(t, s.Apply(t.Context(), c))
		time.Sleep(1500 * time.Millisecond)
		assert.Equal(t, 1, a.connections(), "A has not changed")
		assert.Equal(t, 2, b.connections())
		v, err := s.Value(t.Context(), "B", "X")
		require.NoError(t, err)
		assert.Equal(t, "changed", v.Name)

		c.Devices[0].Disabled, c.Devices[2].Disabled = true, true
		require.ErrorContains(t, s.Apply(t.Context(), hubconfig.Config{Signals: c.Signals}), "signals[0].device_alias")
		_, err = s.Device(t.Context(), "A")
		require.NoError(t, err, "a refused configuration changes nothing")
		require.NoError(t, s.Apply(t.Context(), c))
		synctest.Wait()
		_, err = s.Device(t.Context(), "A")
		require.ErrorIs(t, err, api.ErrUnknownDevice)
		assert.Equal(t, 4, n.Open(), "two listeners, and both ends of B's connection")
		assert.Len(t, s.Status(), 1)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, s.Apply(ctx, hubconfig.Config{}), context.Canceled)
		require.NoError(t, s.Stop(t.Context()))
		require.ErrorIs(t, s.Apply(t.Context(), c), hub.ErrStopped)
	})
}

func TestNewRefuses(t *testing.T) {
	_, err := hub.New(hubconfig.Config{Devices: []hubconfig.Device{{}}}, hub.Options{})
	var faults hubconfig.ConfigError
	require.ErrorAs(t, err, &faults)
	_, err = hub.NewFake(hubconfig.Config{Devices: []hubconfig.Device{{}}})
	require.ErrorAs(t, err, &faults)
}

// The conformance suite, over real connections.
func TestPoints(t *testing.T) {
	suite.TestPoints(t, func(t *testing.T) suite.PointsRig {
		server := newServer(t, new(net.ListenConfig).Listen, "127.0.0.1:0")
		_, port, err := net.SplitHostPort(server.listener.Addr().String())
		require.NoError(t, err)
		c := configuration(t, `
devices:
  - {device_alias: A, name: First, protocol: modbus tcp, host: 127.0.0.1, port: `+port+`, scan_rate_ms: 10, timeout_ms: 30000}
  - {device_alias: SILENT, protocol: modbus rtu, device: /dev/none}
signals:
  - {device_alias: A, signal_alias: P, signal_name: Power, job_todo: 3;0;1, number_type: unsigned16}
  - {device_alias: A, signal_alias: Q, job_todo: 3;1;1, number_type: unsigned16}
  - {device_alias: SILENT, signal_alias: X, job_todo: 3;0;1, number_type: unsigned16}
`)
		s := start(t, c, hub.Options{})
		register := map[string]int{"P": 0, "Q": 1}
		tag := func(device, signal, name string) api.Tag {
			topic := "tag/" + device + "/" + signal
			return api.Tag{DeviceAlias: device, SignalAlias: signal, Name: name, InputTopic: topic + "/rin", OutputTopic: topic + "/out"}
		}
		return suite.PointsRig{
			Points: s,
			Devices: []api.Device{
				{Alias: "A", Name: "First", Protocol: "modbus tcp"}, {Alias: "SILENT", Name: "SILENT", Protocol: "modbus rtu"},
			},
			Tags: []api.Tag{tag("A", "P", "Power"), tag("A", "Q", "Q"), tag("SILENT", "X", "X")},
			Set: func(t *testing.T, _, signal string, n int) {
				server.do(func() { server.registers[register[signal]] = uint16(n) })
				eventually(t, func() bool {
					v, err := s.Value(t.Context(), "A", signal)
					return err == nil && v.Value.String() == strconv.Itoa(n)
				}, "the value of "+signal)
			},
		}
	})
}

// The fake has the tags of its configuration, which change.
func TestFake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := hub.NewFake(configuration(t, plant))
		require.NoError(t, err)
		tags, err := f.Tags(t.Context(), "")
		require.NoError(t, err)
		require.Len(t, tags, 6)
		seen := make(map[string]map[string]bool)
		for range 60 {
			for _, tag := range tags {
				v, err := f.Value(t.Context(), tag.DeviceAlias, tag.SignalAlias)
				require.NoError(t, err)
				assert.Zero(t, v.Flags)
				assert.Equal(t, time.Now(), v.Time)
				if seen[tag.SignalAlias] == nil {
					seen[tag.SignalAlias] = make(map[string]bool)
				}
				seen[tag.SignalAlias][v.Value.String()] = true
			}
			source, err := f.Value(t.Context(), "A", "Q")
			require.NoError(t, err)
			copied, err := f.Value(t.Context(), "V", "C")
			require.NoError(t, err)
			x, err := strconv.ParseFloat(source.Value.String(), 64)
			require.NoError(t, err)
			assert.Equal(t, strconv.FormatFloat(2*x, 'g', -1, 64), copied.Value.String())
			time.Sleep(time.Second)
		}
		assert.Len(t, seen["S"], 2, "a bit")
		for _, signal := range []string{"P", "Q", "F", "X", "C"} {
			assert.Greater(t, len(seen[signal]), 10, signal)
		}
		require.NoError(t, f.Apply(t.Context(), hubconfig.Config{}))
		tags, err = f.Tags(t.Context(), "")
		require.NoError(t, err)
		assert.Empty(t, tags)
	})
}
