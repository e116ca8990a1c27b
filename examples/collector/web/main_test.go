package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/examples/collector/store"
	"github.com/fieldgate/fieldgate/examples/collector/web"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// began is when the reports of the tests begin to arrive.
var began = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

// counts is a receiver that has counted.
type counts map[string]receiver.DeviceStats

func (c counts) Device(serial string) (receiver.DeviceStats, bool) {
	s, ok := c[serial]
	return s, ok
}

func (c counts) Devices() iter.Seq[receiver.DeviceStats] {
	return func(yield func(receiver.DeviceStats) bool) {
		for _, serial := range slices.Sorted(func(yield func(string) bool) {
			for serial := range c {
				if !yield(serial) {
					return
				}
			}
		}) {
			if !yield(c[serial]) {
				return
			}
		}
	}
}

func (c counts) Forget(serial string) bool {
	_, known := c[serial]
	delete(c, serial)
	return known
}

func (c counts) Status() receiver.Status {
	return receiver.Status{Devices: len(c), Queued: 3, Stats: receiver.Stats{Received: 42, BadMAC: 7}}
}

// site is a collector whose clock stands at now.
type site struct {
	handler http.Handler
	store   *store.Store
	counts  counts
	now     time.Time
}

func newSite(t testing.TB, change func(*web.Options)) *site {
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	site := &site{store: s, counts: counts{}, now: began}
	o := web.Options{Table: s.Table(), Receiver: site.counts, Log: s, Now: func() time.Time { return site.now }}
	if change != nil {
		change(&o)
	}
	site.handler = web.NewHandler(o)
	return site
}

// report stores what a device reports at minute seq.
func (s *site) report(t testing.TB, serial string, seq uint64, change func(*telemetry.Message)) {
	m := &telemetry.Message{Version: telemetry.Version, Serial: serial, Boot: telemetry.Known(uint32(7)), Seq: seq, Period: 60}
	m.Host = telemetry.Known("host of " + serial)
	m.Load.One = telemetry.Known(150 + seq)
	m.Memory = telemetry.Memory{Total: telemetry.Known(uint64(61044)), Available: telemetry.Known(20_000 + seq)}
	m.Disks = []telemetry.Disk{{Mount: "/mnt/a.b", Used: telemetry.Known(seq)}}
	m.Modem = telemetry.Modem{SignalDBm: telemetry.Known(int64(-90)), Technology: telemetry.Known(telemetry.TechLTE)}
	if change != nil {
		change(m)
	}
	raw, err := telemetry.AppendMessage(nil, m)
	require.NoError(t, err)
	require.NoError(t, s.store.Write(context.Background(), []receiver.Record{{
		Received: began.Add(time.Duration(seq) * time.Minute), Source: netip.MustParseAddrPort("192.0.2.7:40112"),
		Device: serial, Raw: raw, Message: m,
	}}))
	s.counts[serial] = receiver.DeviceStats{Device: serial, Received: seq + 1, Lost: seq % 2}
}

// get asks, and checks what every answer must have.
func (s *site) get(t testing.TB, path string, status int) string {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	require.Equal(t, status, w.Code, "%s: %s", path, w.Body)
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	return w.Body.String()
}

// ask gets JSON.
func (s *site) ask(t testing.TB, path string, status int) map[string]any {
	var v map[string]any
	text := s.get(t, path, status)
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

func serial(i int) string { return fmt.Sprintf("GK%04d", i) }
