package api_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testKey = "correct horse battery"

// allOn is every endpoint behind testKey.
func allOn(t testing.TB) api.Config {
	t.Helper()
	hash, err := api.HashKey(testKey)
	require.NoError(t, err)
	c := api.DefaultConfig()
	c.Enabled = true
	c.Listen = "127.0.0.1:0"
	c.Keys = []api.Key{{Name: "test", Hash: hash}}
	c.Endpoints = allEndpoints()
	return c
}

func allEndpoints() api.Endpoints {
	return api.Endpoints{
		Version: true, Actions: true, SyncVersion: true, Sync: true, Syslog: true, SystemInfo: true, GSMInfo: true,
		Devices: true, DeviceInfo: true, DeviceTags: true, DeviceTagValue: true, Tags: true, Sysupgrade: true,
	}
}

// device is the fakes and the log of one test.
type device struct {
	system  apitest.System
	syslog  apitest.Syslog
	modem   apitest.Modem
	points  apitest.Points
	sync    apitest.Sync
	upgrade apitest.Upgrade
	log     syncbuf.Buffer
}

// fill gives the providers known facts.
func (d *device) fill() {
	d.system.Set(knownInfo)
	d.syslog.Set("first <line>", "second & last")
	d.modem.Set(api.ModemInfo{
		Manufacturer: "Quectel", Operator: "Bitė", Registration: "home", Technology: "LTE", SignalDBm: new(-71),
		IMEI: "004999010640000", IMSI: "001010123456789", ICCID: "8988211000000000001", IPAddress: "10.64.0.7",
	})
	d.points.Configure(
		[]api.Device{{Alias: "INV1", Name: "INV1", Protocol: "modbus rtu"}, {Alias: "M-2_x", Name: "Meter <2>", Protocol: "modbus tcp"}},
		[]api.Tag{
			apitest.Tag("INV1", "P", "Active power"), apitest.Tag("INV1", "U", "Voltage"),
			{DeviceAlias: "M-2_x", SignalAlias: "P", Name: "Copy", SourceDeviceAlias: "INV1", InputTopic: "tag/M-2_x/P/rin", OutputTopic: "tag/M-2_x/P/out"},
		},
	)
	d.points.SetValue("INV1", "P", api.TagValue{Value: api.Float(5.959), Time: time.UnixMilli(1708000203824)})
	d.points.SetValue("INV1", "U", api.TagValue{Value: api.Int(231), Time: time.UnixMilli(1708000203000), Flags: api.FlagNonTopical | api.FlagOverflow})
}

func (d *device) options() api.Options {
	return api.Options{
		Providers: api.Providers{
			System: &d.system, Syslog: &d.syslog, Modem: &d.modem, Points: &d.points, Sync: &d.sync, Upgrade: &d.upgrade,
		},
		Versions: api.Versions{Sync: "lite1"},
		Logger:   slog.New(slog.NewTextHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// ask is a client of a handler that a real server serves.
type ask struct {
	t      *testing.T
	client apitest.Client
}

func serve(t *testing.T, c api.Config, o api.Options) ask {
	t.Helper()
	h, err := api.NewHandler(c, o)
	require.NoError(t, err)
	return serveHandler(t, h)
}

func serveHandler(t *testing.T, h http.Handler) ask {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return ask{t, apitest.Client{URL: server.URL, Key: testKey, HTTP: server.Client()}}
}

func (a ask) do(method, target, contentType, body string) apitest.Reply {
	a.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	reply, err := a.client.Do(a.t.Context(), method, target, contentType, r)
	require.NoError(a.t, err)
	return reply
}

func (a ask) get(target string) apitest.Reply {
	a.t.Helper()
	return a.do(http.MethodGet, target, "", "")
}

// syslogFunc is an api.Syslog.
type syslogFunc func(ctx context.Context, w io.Writer) error

func (f syslogFunc) WriteLog(ctx context.Context, w io.Writer) error { return f(ctx, w) }
