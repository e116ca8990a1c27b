package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/store"
	"github.com/fieldgate/fieldgate/examples/collector/web"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestDevices(t *testing.T) {
	s := newSite(t, nil)
	assert.JSONEq(t, `{"total":0,"devices":[]}`, s.get(t, "/v1/devices", http.StatusOK))
	for i := range 250 {
		s.report(t, serial(i), uint64(i%10), nil)
	}
	s.now = began.Add(8*time.Minute + time.Second)
	var serials []string
	next := ""
	for {
		page := s.ask(t, "/v1/devices?limit=60&after="+next, http.StatusOK)
		for _, d := range page["devices"].([]any) {
			serials = append(serials, d.(map[string]any)["serial"].(string))
		}
		if page["next"] == nil {
			break
		}
		next = page["next"].(string)
	}
	assert.Len(t, serials, 250)
	assert.IsIncreasing(t, serials)
	page := s.ask(t, "/v1/devices?filter=0123", http.StatusOK)
	assert.Equal(t, []any{map[string]any{
		"serial": "GK0123", "seen": "2026-11-22T20:03:00Z", "age_s": 301.0, "silent": true, "source": "192.0.2.7:40112",
		"boot": 7.0, "seq": 3.0, "period_s": 60.0,
	}}, page["devices"])
	assert.Equal(t, 250.0, page["total"])
}

func TestDevice(t *testing.T) {
	s := newSite(t, nil)
	s.report(t, "a/b <&>", 5, nil)
	s.now = began.Add(5*time.Minute + 1500*time.Millisecond)
	d := s.ask(t, "/v1/devices/"+url.PathEscape("a/b <&>"), http.StatusOK)
	assert.Equal(t, "2026-11-22T20:05:00Z", d["received"])
	assert.Equal(t, 1.5, d["age_s"])
	assert.Equal(t, false, d["silent"])
	assert.Equal(t, false, d["sealed"])
	assert.Equal(t, 20005.0, d["message"].(map[string]any)["mem"].(map[string]any)["avail"])
	assert.Equal(t, 1.0, d["loss"].(map[string]any)["lost"])
	assert.Nil(t, d["parts"])
	assert.Equal(t, "no such device has reported", s.ask(t, "/v1/devices/other", http.StatusNotFound)["error"])

	for i := range uint64(2) {
		s.report(t, "split", 5+i, func(m *telemetry.Message) { m.Part = telemetry.Part{Index: i + 1, Count: 2} })
	}
	d = s.ask(t, "/v1/devices/split", http.StatusOK)
	assert.Len(t, d["parts"], 2, "it is told how new each part is")
}

func TestHistory(t *testing.T) {
	s := newSite(t, nil)
	for seq := range uint64(30) {
		s.report(t, "A", seq, func(m *telemetry.Message) {
			if seq == 10 {
				m.Memory = telemetry.Memory{}
			}
			m.Time, m.Late = telemetry.Known(1794993408+seq), seq == 3
		})
		s.report(t, "B", seq, nil)
	}
	s.now = began.Add(29 * time.Minute)
	values := func(path string) (values []any, next any) {
		h := s.ask(t, "/v1/devices/A/history"+path, http.StatusOK)
		for _, p := range h["points"].([]any) {
			values = append(values, p.(map[string]any)["value"])
		}
		return values, h["next"]
	}
	got, next := values("?field=mem.avail")
	assert.Len(t, got, 29, "unknown is not zero")
	assert.Nil(t, next)
	got, next = values("?field=mem.avail&from=2026-11-22T20:02:00Z&to=2026-11-22T20:05:00%2B00:00&limit=3")
	assert.Equal(t, []any{20002.0, 20003.0, 20004.0}, got)
	assert.Equal(t, "2026-11-22T20:05:00Z", next)
	got, _ = values(fmt.Sprintf("?field=disks./mnt/a.b.used&from=%d", began.Add(28*time.Minute).Unix()))
	assert.Equal(t, []any{28.0, 29.0}, got)
	got, _ = values("?field=gsm.tech&from=2026-11-22T20:29:00Z")
	assert.Equal(t, []any{"lte"}, got)
	got, _ = values("?field=host&from=2026-11-22T20:29:00Z")
	assert.Equal(t, []any{"host of A"}, got)
	got, _ = values("?field=disks.other.used")
	assert.Empty(t, got)
	points := s.ask(t, "/v1/devices/A/history?field=uptime", http.StatusOK)["points"]
	assert.Equal(t, []any{}, points)
	point := s.ask(t, "/v1/devices/A/history?field=seq&from=2026-11-22T20:03:00Z&limit=1", http.StatusOK)["points"].([]any)[0]
	assert.Equal(t, map[string]any{
		"received": "2026-11-22T20:03:00Z", "time": 1794993411.0, "boot": 7.0, "seq": 3.0, "late": true, "value": 3.0,
	}, point)
}

// Reports that were received in one go have one time. Pages end all the same,
// and together are the whole.
func TestHistoryOfOneTime(t *testing.T) {
	s := newSite(t, nil)
	var batch []receiver.Record
	for seq := range uint64(30) {
		m := &telemetry.Message{Version: telemetry.Version, Serial: "A", Boot: telemetry.Known(uint32(7)), Seq: seq}
		raw, err := telemetry.AppendMessage(nil, m)
		require.NoError(t, err)
		batch = append(batch, receiver.Record{
			Received: began.Add(time.Duration(seq/10) * 1500 * time.Microsecond), Device: "A", Raw: raw, Message: m,
		})
	}
	require.NoError(t, s.store.Write(t.Context(), batch))
	s.now = began.Add(time.Minute)
	var got []float64
	next := any(began.Format(time.RFC3339))
	for range 4 {
		if next == nil {
			break
		}
		page := s.ask(t, "/v1/devices/A/history?field=seq&limit=4&from="+next.(string), http.StatusOK)
		for _, p := range page["points"].([]any) {
			got = append(got, p.(map[string]any)["value"].(float64))
		}
		next = page["next"]
	}
	assert.Nil(t, next, "there is an end")
	require.Len(t, got, 30)
	assert.IsIncreasing(t, got)
}

func TestBadQuestions(t *testing.T) {
	s := newSite(t, nil)
	s.report(t, "A", 1, nil)
	for path, want := range map[string]string{
		"/v1/devices?limit=0":                                    "limit",
		"/v1/devices?limit=1001":                                 "allowed is 1 to 1000",
		"/v1/devices?limit=x":                                    "limit",
		"/v1/silent?periods=-1":                                  "periods",
		"/v1/devices/A/history":                                  "field",
		"/v1/devices/A/history?field=nope":                       `"nope" is no field`,
		"/v1/devices/A/history?field=mem":                        "one of total, avail",
		"/v1/devices/A/history?field=mem.nope":                   "one of total, avail",
		"/v1/devices/A/history?field=uptime.x":                   "single value",
		"/v1/devices/A/history?field=disks":                      "disks.NAME.FIELD",
		"/v1/devices/A/history?field=disks.used":                 "disks.NAME.FIELD",
		"/v1/devices/A/history?field=disks./.nope":               "no field of a row",
		"/v1/devices/A/history?field=extra.24.cbor":              "extra",
		"/v1/devices/A/history?field=seq&from=yesterday":         "from",
		"/v1/devices/A/history?field=seq&to=2026-13-01":          "to",
		"/v1/devices/A/history?field=seq&limit=10001":            "limit",
		"/v1/devices/A/history?field=" + strings.Repeat(".", 99): "field",
	} {
		assert.Contains(t, s.ask(t, path, http.StatusBadRequest)["error"], want, path)
	}
	s.get(t, "/v1/nothing", http.StatusNotFound)
	bare := newSite(t, func(o *web.Options) { o.Log = nil })
	bare.report(t, "A", 1, nil)
	assert.Contains(t, bare.ask(t, "/v1/devices/A/history?field=seq", http.StatusNotFound)["error"], "-data")
	assert.Contains(t, bare.get(t, "/devices/A", http.StatusOK), "no history")
}

func TestSilent(t *testing.T) {
	s := newSite(t, nil)
	s.report(t, "A", 0, nil)
	s.report(t, "B", 4, nil)
	s.report(t, "C", 0, func(m *telemetry.Message) { m.Period = 3600 })
	s.now = began.Add(6 * time.Minute)
	for query, want := range map[string][]string{"": {"A"}, "?periods=1": {"A", "B"}, "?periods=6": nil, "?periods=1&after=A": {"B"}} {
		var got []string
		for _, d := range s.ask(t, "/v1/silent"+query, http.StatusOK)["devices"].([]any) {
			got = append(got, d.(map[string]any)["serial"].(string))
		}
		assert.Equal(t, want, got, query)
	}
}

func TestLoss(t *testing.T) {
	s := newSite(t, nil)
	assert.JSONEq(t, `[]`, s.get(t, "/v1/loss", http.StatusOK))
	for i := range 5 {
		s.report(t, serial(i), uint64(i), nil)
	}
	var all []receiver.DeviceStats
	require.NoError(t, json.Unmarshal([]byte(s.get(t, "/v1/loss", http.StatusOK)), &all))
	require.Len(t, all, 5)
	for i, d := range all {
		assert.Equal(t, s.counts[serial(i)], d)
	}
	require.NoError(t, json.Unmarshal([]byte(s.get(t, "/v1/loss?lossy=1", http.StatusOK)), &all))
	assert.Len(t, all, 2)
}

// fullLog is a store that cannot store.
type fullLog struct{ web.Log }

func (fullLog) Stats() store.Stats {
	return store.Stats{Failing: true, LastError: "no space left on device", Unstored: 12}
}

func TestHealth(t *testing.T) {
	s := newSite(t, nil)
	assert.JSONEq(t, `{"status":"ok"}`, s.get(t, "/healthz", http.StatusOK))
	full := newSite(t, func(o *web.Options) { o.Log = fullLog{o.Log} })
	assert.Equal(t, "records cannot be stored: no space left on device", full.ask(t, "/healthz", http.StatusServiceUnavailable)["error"])
	page := full.get(t, "/", http.StatusOK)
	assert.Contains(t, page, "no space left on device")
	assert.Contains(t, page, "12 are not stored")
}
