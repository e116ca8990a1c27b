package apitest_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
)

func TestSystemConforms(t *testing.T) {
	suite.TestSystem(t, func(*testing.T) api.System { return apitest.NewSystem() })
}

func TestSyslogConforms(t *testing.T) {
	suite.TestSyslog(t, func(*testing.T) suite.SyslogRig {
		log := apitest.NewSyslog()
		return suite.SyslogRig{Syslog: log, Append: func(_ *testing.T, lines ...string) { log.Append(lines...) }}
	})
}

func TestSystemLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := apitest.NewSystem()
		for range 1000 {
			before, err := s.SystemInfo(t.Context())
			require.NoError(t, err)
			time.Sleep(7 * time.Second)
			after, err := s.SystemInfo(t.Context())
			require.NoError(t, err)
			require.Equal(t, 7*time.Second, after.Uptime-before.Uptime)
			require.True(t, after.Time.Equal(before.Time.Add(7*time.Second)))
			require.NotEqual(t, *before.Load, *after.Load)
			require.GreaterOrEqual(t, after.Load.One, 0.0)
			require.LessOrEqual(t, *after.MemoryAvailable, *after.MemoryTotal)
		}
	})
}

func TestSystemDoesAsTold(t *testing.T) {
	s := apitest.NewSystem()
	want := api.SystemInfo{Hostname: "set", Load: &api.Load{One: 1}, MemoryTotal: new(uint64(1024))}
	s.Set(want)
	got, err := s.SystemInfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, want, got, "nothing moves any more")

	s.Fail(errors.New("told to fail"))
	_, err = s.SystemInfo(t.Context())
	require.EqualError(t, err, "told to fail")
	assert.Equal(t, "hostname: set\nload: 1 0 0\nmemory total: 1024 bytes\nfails: told to fail\n", s.String())
	s.Fail(nil)
	_, err = s.SystemInfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, s.Calls())
}

func TestSyslogGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := apitest.NewSyslog()
		lines := func() int { return strings.Count(s.String(), "\n") }
		require.Equal(t, 2, lines())
		time.Sleep(35 * time.Second)
		assert.Equal(t, 5, lines())
		time.Sleep(5 * time.Second)
		assert.Equal(t, 6, lines())
		time.Sleep(365 * 24 * time.Hour)
		assert.Equal(t, 10_000, lines(), "bounded")
		newest := s.String()[strings.LastIndex(strings.TrimSpace(s.String()), "\n")+1:]
		assert.True(t, strings.HasPrefix(newest, time.Now().UTC().Format(time.RFC3339)), newest)
	})
}

func TestSyslogDoesAsTold(t *testing.T) {
	var s apitest.Syslog
	read := func() (string, error) {
		var b bytes.Buffer
		err := s.WriteLog(t.Context(), &b)
		return b.String(), err
	}
	s.Set("one", "two", "three")
	s.Cut(2, errors.New("told to break"))
	text, err := read()
	require.EqualError(t, err, "told to break")
	assert.Equal(t, "one\ntwo\n", text)
	assert.Equal(t, "one\ntwo\nthree\n(fails after 2 lines: told to break)\n", s.String())

	s.Fail(errors.New("told to fail"))
	text, err = read()
	require.EqualError(t, err, "told to fail")
	assert.Empty(t, text)

	s.Stall(1)
	assert.Contains(t, s.String(), "(stalls after 1 lines)\n")
	s.Fail(nil)
	text, err = read()
	require.NoError(t, err)
	assert.Equal(t, "one\ntwo\nthree\n", text)

	for i := range 10_001 {
		s.Append(fmt.Sprint(i))
	}
	text, err = read()
	require.NoError(t, err)
	assert.Equal(t, 10_000, strings.Count(text, "\n"))
	assert.True(t, strings.HasPrefix(text, "1\n"))
}

func TestModemConforms(t *testing.T) {
	suite.TestModem(t, func(*testing.T) api.Modem { return apitest.NewModem() })
	suite.TestNoModem(t, func(*testing.T) api.Modem {
		m := apitest.NewModem()
		m.Fail(fmt.Errorf("no modem: %w", api.ErrNotReady))
		return m
	})
}

func TestPointsConform(t *testing.T) {
	suite.TestPoints(t, func(*testing.T) suite.PointsRig {
		h := suite.PointsRig{
			Devices: []api.Device{{Alias: "INV1", Name: "Inverter", Protocol: "modbus rtu"}, {Alias: "M-2_x", Name: "Meter"}},
			Tags:    []api.Tag{apitest.Tag("INV1", "P", "Active power"), apitest.Tag("INV1", "U", "Voltage"), apitest.Tag("M-2_x", "P", "Power")},
		}
		p := new(apitest.Points)
		p.Configure(h.Devices, h.Tags)
		h.Points = p
		h.Set = func(t *testing.T, device, signal string, n int) {
			require.True(t, p.SetValue(device, signal, api.TagValue{Value: api.Int(int64(n)), Time: time.Now()}))
		}
		return h
	})
}

func TestSyncConforms(t *testing.T) {
	suite.TestSync(t, func(*testing.T) suite.SyncRig {
		s := new(apitest.Sync)
		return suite.SyncRig{
			Sync: s, First: []byte("one"), Second: bytes.Repeat([]byte("two"), 10_000), Refused: []byte("refuse: row 7 of sheet Signals\nmore"),
			InForce: func(*testing.T) string { return s.String() },
		}
	})
}

func TestUpgradeConforms(t *testing.T) {
	suite.TestUpgrade(t, func(*testing.T) suite.UpgradeRig {
		u := new(apitest.Upgrade)
		return suite.UpgradeRig{
			Upgrade: u, Good: bytes.Repeat([]byte("image"), 10_000), Refused: []byte("refuse:"),
			Applied: func(*testing.T) int { return u.Applied() },
		}
	})
}

func TestModemLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := apitest.NewModem()
		seen := make(map[int]bool)
		for range 120 {
			info, err := m.ModemInfo(t.Context())
			require.NoError(t, err)
			seen[*info.SignalDBm] = true
			time.Sleep(time.Second)
		}
		assert.Len(t, seen, 9, "-75 to -67 dBm")
	})
}

func TestModemDoesAsTold(t *testing.T) {
	m := apitest.NewModem()
	want := api.ModemInfo{Operator: "set", SignalDBm: new(-90)}
	m.Set(want)
	got, err := m.ModemInfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, want, got)
	m.Fail(errors.New("told to fail"))
	_, err = m.ModemInfo(t.Context())
	require.EqualError(t, err, "told to fail")
	assert.Equal(t, "operator: set\nsignal: -90 dBm\nfails: told to fail\n", m.String())
	assert.Equal(t, 2, m.Calls())
}

func TestPointsLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := apitest.NewPoints()
		seen := make(map[string]bool)
		for range 30 {
			v, err := p.Value(t.Context(), "INV1", "P")
			require.NoError(t, err)
			require.WithinDuration(t, time.Now(), v.Time, time.Second)
			require.Zero(t, v.Flags)
			seen[v.Value.String()] = true
			time.Sleep(time.Second)
		}
		assert.Greater(t, len(seen), 10)
	})
}

func TestPointsDoAsTold(t *testing.T) {
	var p apitest.Points
	p.Configure([]api.Device{{Alias: "A", Name: "Pump", Protocol: "modbus tcp"}},
		[]api.Tag{apitest.Tag("A", "x", "Flow"), apitest.Tag("A", "y", "Level"), apitest.Tag("B", "z", "lost")})
	require.True(t, p.SetValue("A", "x", api.TagValue{Value: api.Float(1.5), Time: time.UnixMilli(0), Flags: api.FlagInvalid | api.FlagOverflow}))
	require.False(t, p.SetValue("A", "z", api.TagValue{}))
	require.False(t, p.SetValue("B", "z", api.TagValue{}))
	p.Fail(errors.New("told to fail"))
	p.Stall(true)
	assert.Equal(t, "A: Pump (modbus tcp)\n"+
		"  x: Flow = 1.5 at 1970-01-01T00:00:00Z IV OV\n"+
		"  y: Level = nan NT\n"+
		"fails: told to fail\nstalls: yes\n", p.String())
	p.Stall(false)
	_, err := p.Value(t.Context(), "A", "x")
	require.EqualError(t, err, "told to fail")
}

func TestFilesAreKeptBySize(t *testing.T) {
	var s apitest.Sync
	var u apitest.Upgrade
	assert.Equal(t, "configuration: none\n", s.String())
	assert.Equal(t, "firmware: as delivered\n", u.String())

	report, err := s.Sync(t.Context(), strings.NewReader("abc"))
	require.NoError(t, err)
	assert.Equal(t, "Took a configuration of 3 bytes.\n", report)
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // of sha256sum
	assert.Equal(t, "configuration: 3 bytes, "+sum+"\n", s.String())
	report, err = s.Sync(t.Context(), strings.NewReader("refuse: row 7 is empty\nmore"))
	require.ErrorIs(t, err, api.ErrRefused)
	assert.Equal(t, "row 7 is empty\n", report)

	apply, err := u.Receive(t.Context(), strings.NewReader("abc"))
	require.NoError(t, err)
	u.FailApply(errors.New("no room"))
	require.EqualError(t, apply(), "no room")
	assert.Equal(t, "firmware: as delivered\napply fails: no room\n", u.String())
	u.FailApply(nil)
	require.Error(t, apply(), "once only")
	apply, err = u.Receive(t.Context(), strings.NewReader("abc"))
	require.NoError(t, err)
	require.NoError(t, apply())
	assert.Equal(t, "firmware: 3 bytes, "+sum+"\n", u.String())
}
