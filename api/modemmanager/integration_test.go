package modemmanager_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/modemmanager"
	"github.com/fieldgate/fieldgate/api/modemmanager/modemmanagertest"
)

// missing skips a test whose peer is not there, but not in CI.
func missing(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skipf("needs dbus-daemon and mmcli (apt: dbus, modemmanager): %v", err)
	}
	require.NoError(t, err)
}

func startBus(t *testing.T) *modemmanagertest.Bus {
	t.Helper()
	bus, err := modemmanagertest.StartBus()
	missing(t, err)
	t.Cleanup(func() { assert.NoError(t, bus.Close()) })
	return bus
}

func startManager(t *testing.T, bus *modemmanagertest.Bus, modems ...modemmanagertest.Modem) *modemmanagertest.Manager {
	t.Helper()
	manager, err := modemmanagertest.Start(bus.Address())
	require.NoError(t, err)
	t.Cleanup(func() { _ = manager.Close() })
	for _, modem := range modems {
		_, err := manager.Add(modem)
		require.NoError(t, err)
	}
	return manager
}

func open(t *testing.T, bus *modemmanagertest.Bus, o modemmanager.Options) *modemmanager.Modem {
	t.Helper()
	o.Address = bus.Address()
	m := modemmanager.New(o)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	return m
}

func TestIntegrationConforms(t *testing.T) {
	suite.TestModem(t, func(t *testing.T) api.Modem {
		bus := startBus(t)
		startManager(t, bus, modemmanagertest.NewModem())
		return open(t, bus, modemmanager.Options{})
	})
}

// variants are modems in the states that modems have.
func variants() map[string]modemmanagertest.Modem {
	with := func(change func(*modemmanagertest.Modem)) modemmanagertest.Modem {
		m := modemmanagertest.NewModem()
		change(&m)
		return m
	}
	return map[string]modemmanagertest.Modem{
		"lte":      modemmanagertest.NewModem(),
		"measured": with(func(m *modemmanagertest.Modem) { m.Measured, m.SignalDBm = true, new(-97) }),
		"umts":     with(func(m *modemmanagertest.Modem) { m.Technology, m.Registration = "UMTS", "roaming" }),
		"gsm":      with(func(m *modemmanagertest.Modem) { m.Technology, m.CellID = "EDGE", "1A2B" }),
		"nr":       with(func(m *modemmanagertest.Modem) { m.Technology = "LTE+NR" }),
		"ipv6":     with(func(m *modemmanagertest.Modem) { m.IPAddress = "2001:db8::1" }),
		"number":   with(func(m *modemmanagertest.Modem) { m.Operator = "26201" }),
		"offline":  with(func(m *modemmanagertest.Modem) { m.IPAddress = "" }),
		"searching": with(func(m *modemmanagertest.Modem) {
			m.Operator, m.Registration, m.Technology, m.SignalDBm = "", "searching", "", nil
			m.CellID, m.AreaCode, m.IPAddress = "", "", ""
		}),
		"no_sim": with(func(m *modemmanagertest.Modem) {
			*m = modemmanagertest.Modem{Failed: true, ModemInfo: api.ModemInfo{
				Manufacturer: m.Manufacturer, Model: m.Model, Revision: m.Revision, IMEI: m.IMEI, Registration: "unknown",
			}}
		}),
	}
}

func TestIntegrationAllFacts(t *testing.T) {
	bus := startBus(t)
	manager := startManager(t, bus)
	path, err := manager.Add(modemmanagertest.NewModem())
	require.NoError(t, err)
	m := open(t, bus, modemmanager.Options{})
	for name, modem := range variants() {
		t.Run(name, func(t *testing.T) {
			manager.Set(path, modem)
			info, err := m.ModemInfo(t.Context())
			require.NoError(t, err)
			assert.Equal(t, modem.ModemInfo, info)
		})
	}
}

// mmcli runs ModemManager's own client on a bus and returns its JSON.
func mmcli(t *testing.T, bus *modemmanagertest.Bus, args ...string) map[string]any {
	t.Helper()
	program, err := exec.LookPath("mmcli")
	missing(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, append([]string{"-J"}, args...)...)
	command.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+bus.Address())
	out, err := command.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		require.FailNow(t, "mmcli fails", "%v: %s", err, failed.Stderr)
	}
	require.NoError(t, err)
	var all map[string]any
	require.NoError(t, json.Unmarshal(out, &all), "%s", out)
	return all
}

// at returns the text at a place, "" for what mmcli has no value for.
func at(t *testing.T, all map[string]any, keys ...string) string {
	t.Helper()
	var v any = all
	for _, key := range keys {
		m, ok := v.(map[string]any)
		require.True(t, ok, "no %v in %v", keys, all)
		v = m[key]
	}
	text, ok := v.(string)
	require.True(t, ok, "no text at %v in %v", keys, all)
	if text == "--" {
		return ""
	}
	return text
}

// ModemManager's own client reads the same values.
func TestIntegrationAsMmcli(t *testing.T) {
	bus := startBus(t)
	manager := startManager(t, bus)
	path, err := manager.Add(modemmanagertest.NewModem())
	require.NoError(t, err)
	m := open(t, bus, modemmanager.Options{})
	words := map[string]string{"idle": "not registered", "": "unknown"} // other words are the same
	technologies := map[string]string{"LTE": "lte", "UMTS": "umts", "EDGE": "edge", "LTE+NR": "lte, 5gnr"}
	for name, modem := range variants() {
		t.Run(name, func(t *testing.T) {
			manager.Set(path, modem)
			info, err := m.ModemInfo(t.Context())
			require.NoError(t, err)

			theirs := mmcli(t, bus, "-m", "0")
			generic := func(key string) string { return at(t, theirs, "modem", "generic", key) }
			radio := func(key string) string { return at(t, theirs, "modem", "3gpp", key) }
			assert.Equal(t, generic("manufacturer"), info.Manufacturer)
			assert.Equal(t, generic("model"), info.Model)
			assert.Equal(t, generic("revision"), info.Revision)
			assert.Equal(t, radio("imei"), info.IMEI)
			state := radio("registration-state")
			if word, ok := words[state]; ok {
				state = word
			}
			assert.Equal(t, state, info.Registration)
			operator := radio("operator-name")
			if operator == "" {
				operator = radio("operator-code")
			}
			assert.Equal(t, operator, info.Operator)
			assertTechnology(t, theirs, technologies[info.Technology])
			percent, err := strconv.Atoi(at(t, theirs, "modem", "generic", "signal-quality", "value"))
			require.NoError(t, err)
			switch {
			case modem.Measured:
				measured, err := strconv.ParseFloat(at(t, mmcli(t, bus, "-m", "0", "--signal-get"), "modem", "signal", "lte", "rssi"), 64)
				require.NoError(t, err)
				assert.InDelta(t, measured, float64(*info.SignalDBm), 0)
			case percent == 0:
				assert.Nil(t, info.SignalDBm)
			default:
				assert.InDelta(t, -113+0.62*float64(percent), float64(*info.SignalDBm), 0.51)
			}
			assertSIM(t, bus, generic("sim"), info)
			assertPlace(t, bus, info)
			assertBearer(t, bus, theirs, info)
		})
	}
}

func assertTechnology(t *testing.T, theirs map[string]any, want string) {
	t.Helper()
	list, _ := theirs["modem"].(map[string]any)["generic"].(map[string]any)["access-technologies"].([]any)
	var text string
	for i, word := range list {
		if i > 0 {
			text += ", "
		}
		text += word.(string)
	}
	if text == "unknown" {
		text = ""
	}
	assert.Equal(t, want, text)
}

func assertSIM(t *testing.T, bus *modemmanagertest.Bus, sim string, info api.ModemInfo) {
	t.Helper()
	if sim == "" {
		assert.Empty(t, info.ICCID+info.IMSI)
		return
	}
	theirs := mmcli(t, bus, "-i", sim)
	assert.Equal(t, at(t, theirs, "sim", "properties", "iccid"), info.ICCID)
	assert.Equal(t, at(t, theirs, "sim", "properties", "imsi"), info.IMSI)
}

func assertPlace(t *testing.T, bus *modemmanagertest.Bus, info api.ModemInfo) {
	t.Helper()
	if info.CellID == "" {
		return // mmcli fails where it is not enabled
	}
	theirs := mmcli(t, bus, "-m", "0", "--location-get")
	hex := func(key string) uint64 {
		n, err := strconv.ParseUint("0"+at(t, theirs, "modem", "location", "3gpp", key), 16, 64)
		require.NoError(t, err)
		return n
	}
	ours := func(text string) uint64 {
		n, err := strconv.ParseUint(text, 16, 64)
		require.NoError(t, err)
		return n
	}
	assert.Equal(t, hex("cid"), ours(info.CellID))
	assert.Equal(t, max(hex("lac"), hex("tac")), ours(info.AreaCode))
}

func assertBearer(t *testing.T, bus *modemmanagertest.Bus, theirs map[string]any, info api.ModemInfo) {
	t.Helper()
	bearers, _ := theirs["modem"].(map[string]any)["generic"].(map[string]any)["bearers"].([]any)
	if len(bearers) == 0 {
		assert.Empty(t, info.IPAddress)
		return
	}
	bearer := mmcli(t, bus, "-b", bearers[0].(string))
	assert.Equal(t, at(t, bearer, "bearer", "ipv4-config", "address")+at(t, bearer, "bearer", "ipv6-config", "address"), info.IPAddress)
}

func TestIntegrationChosenModem(t *testing.T) {
	bus := startBus(t)
	modems := make([]modemmanagertest.Modem, 11)
	for i := range modems {
		modems[i] = modemmanagertest.NewModem()
		modems[i].IMEI = "0049990106400" + strconv.Itoa(10+i)
		modems[i].Failed = i < 2
	}
	manager := startManager(t, bus, modems...)
	model := func(which string) (string, error) {
		info, err := open(t, bus, modemmanager.Options{Modem: which}).ModemInfo(t.Context())
		return info.IMEI, err
	}
	for which, want := range map[string]int{
		"": 2, modems[10].IMEI: 10, modems[0].IMEI: 0, "/org/freedesktop/ModemManager1/Modem/9": 9,
	} {
		got, err := model(which)
		require.NoError(t, err)
		assert.Equal(t, modems[want].IMEI, got, which)
	}
	_, err := model("490154203237518")
	require.ErrorIs(t, err, api.ErrNotReady)
	require.ErrorContains(t, err, `ModemManager has no modem "490154203237518"; check`)

	for i := 2; i <= 10; i++ {
		manager.Remove("/org/freedesktop/ModemManager1/Modem/" + strconv.Itoa(i))
	}
	got, err := model("")
	require.NoError(t, err)
	assert.Equal(t, modems[0].IMEI, got, "even one that has failed tells what it is")
}

// What is missing is said, and is found again when it comes back.
func TestIntegrationComesAndGoes(t *testing.T) {
	bus := startBus(t)
	m := open(t, bus, modemmanager.Options{})
	fails := func(why string) {
		t.Helper()
		_, err := m.ModemInfo(t.Context())
		require.ErrorIs(t, err, api.ErrNotReady)
		require.ErrorContains(t, err, why)
	}
	works := func() {
		t.Helper()
		info, err := m.ModemInfo(t.Context())
		require.NoError(t, err)
		require.Equal(t, modemmanagertest.NewModem().ModemInfo, info)
	}
	bus.Stop()
	fails("no system bus at " + bus.Address() + "; start dbus")
	for range 2 {
		require.NoError(t, bus.Start())
		fails("ModemManager does not run; start it")
		manager := startManager(t, bus)
		fails("ModemManager has found no modem; check that it is plugged in")
		path, err := manager.Add(modemmanagertest.NewModem())
		require.NoError(t, err)
		works()
		manager.Remove(path)
		fails("no modem")
		manager.Set(path, modemmanagertest.NewModem())
		works()
		require.NoError(t, manager.Close())
		fails("ModemManager does not run")
		manager = startManager(t, bus, modemmanagertest.NewModem())
		works()
		bus.Stop()
		require.NoError(t, bus.Start()) // m notices at the next call
		_ = manager.Close()
		startManager(t, bus, modemmanagertest.NewModem())
		works()
		bus.Stop()
		fails("start dbus")
	}
}

func TestIntegrationFaults(t *testing.T) {
	bus := startBus(t)
	manager := startManager(t, bus, modemmanagertest.NewModem())
	m := open(t, bus, modemmanager.Options{})

	manager.Fail("org.freedesktop.DBus.Error.AccessDenied")
	_, err := m.ModemInfo(t.Context())
	require.ErrorContains(t, err, "allow it in ModemManager's D-Bus policy")
	require.NotErrorIs(t, err, api.ErrNotReady, "nobody heals it but the operator")
	manager.Fail("org.freedesktop.DBus.Error.UnknownMethod")
	_, err = m.ModemInfo(t.Context())
	require.ErrorIs(t, err, api.ErrNotReady)
	manager.Fail("org.example.Other")
	_, err = m.ModemInfo(t.Context())
	require.ErrorContains(t, err, "told to fail")
	require.NotErrorIs(t, err, api.ErrNotReady)
	manager.Fail("")

	manager.Stall(true)
	hasty := open(t, bus, modemmanager.Options{Timeout: 100 * time.Millisecond})
	_, err = hasty.ModemInfo(t.Context())
	require.ErrorIs(t, err, api.ErrNotReady)
	require.ErrorContains(t, err, "no answer within 100ms")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = m.ModemInfo(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, api.ErrNotReady)
	assert.Contains(t, manager.String(), "stalls\n")
	manager.Stall(false)

	_, err = m.ModemInfo(t.Context())
	require.NoError(t, err)
}

func TestIntegrationClose(t *testing.T) {
	bus := startBus(t)
	manager := startManager(t, bus, modemmanagertest.NewModem())
	m := open(t, bus, modemmanager.Options{Timeout: time.Hour})
	_, err := m.ModemInfo(t.Context())
	require.NoError(t, err)
	manager.Stall(true)
	failed := make(chan error, 1)
	go func() {
		_, err := m.ModemInfo(t.Context())
		failed <- err
	}()
	require.Eventually(t, func() bool { return manager.Calls() == 2 }, 30*time.Second, time.Millisecond)
	require.NoError(t, m.Close())
	require.ErrorIs(t, <-failed, fs.ErrClosed)
	_, err = m.ModemInfo(t.Context())
	require.ErrorIs(t, err, fs.ErrClosed)
	require.NoError(t, m.Close())
}

func TestNoBusConforms(t *testing.T) {
	address := "unix:path=" + filepath.Join(t.TempDir(), "none")
	suite.TestNoModem(t, func(t *testing.T) api.Modem {
		m := modemmanager.New(modemmanager.Options{Address: address})
		t.Cleanup(func() { assert.NoError(t, m.Close()) })
		return m
	})
}
