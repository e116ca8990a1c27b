package web_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/sink/fanout"
	"github.com/fieldgate/fieldgate/examples/collector/web"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestIndexPage(t *testing.T) {
	s := newSite(t, nil)
	assert.Contains(t, s.get(t, "/", http.StatusOK), "No device has reported")
	for i := range 130 {
		s.report(t, serial(i), uint64(i%2), nil)
	}
	s.report(t, `<script>"x"`, 3, func(m *telemetry.Message) { m.Host = telemetry.Known("<img src=x onerror=alert(1)>") })
	s.now = began.Add(3*time.Minute + 10*time.Second)
	page := s.get(t, "/", http.StatusOK)
	assert.NotContains(t, page, "<script")
	assert.NotContains(t, page, "<img")
	assert.Contains(t, page, "&lt;img src=x")
	assert.NotContains(t, page, "style=", "the policy would not let it through")
	assert.Contains(t, page, "131 devices. 42 messages received, 131 stored")
	assert.Equal(t, 100, strings.Count(page, `<th scope="row">`))
	assert.Contains(t, page, "3m ago, silent")
	assert.Contains(t, page, "1.50")
	more := regexp.MustCompile(`href="(\?[^"]+)">More`).FindStringSubmatch(page)
	require.NotNil(t, more)
	second := s.get(t, "/"+strings.ReplaceAll(more[1], "&amp;", "&"), http.StatusOK)
	assert.Equal(t, 31, strings.Count(second, `<th scope="row">`))
	assert.NotContains(t, second, "More devices")
	assert.Equal(t, 1, strings.Count(s.get(t, "/?filter=GK0099", http.StatusOK), `<th scope="row">`))
	assert.Contains(t, s.get(t, "/style.css", http.StatusOK), "font")
}

// The pages link to every device, whatever it is called.
func TestLinks(t *testing.T) {
	s := newSite(t, nil)
	follow := func(t *testing.T, page, text string) string {
		for _, found := range regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a>`).FindAllStringSubmatch(page, -1) {
			if html.UnescapeString(found[2]) == text {
				base := url.URL{Scheme: "http", Host: "collector", Path: "/"}
				to, err := base.Parse(html.UnescapeString(found[1])) // as a browser does
				require.NoError(t, err)
				return s.get(t, to.RequestURI(), http.StatusOK)
			}
		}
		require.Fail(t, "no link", "%s in %s", text, page)
		return ""
	}
	for _, serial := range []string{"GK0001", "a/b", "a?b=c", "a#b", "..", ".", "100%", "a+b c", "../..", "%2F", "ü", `"><b>`} {
		t.Run(serial, func(t *testing.T) {
			s.report(t, serial, 1, nil)
			page := follow(t, s.get(t, "/?filter="+url.QueryEscape(serial), http.StatusOK), serial)
			assert.Contains(t, html.UnescapeString(page), "<h1>"+serial+"</h1>")
			assert.Contains(t, html.UnescapeString(page), `<input type="hidden" name="serial" value="`+serial+`">`, "the form asks for the same device")
			var d struct{ Serial string }
			require.NoError(t, json.Unmarshal([]byte(follow(t, page, "As JSON")), &d))
			assert.Equal(t, serial, d.Serial)
		})
	}
}

func TestDevicePage(t *testing.T) {
	s := newSite(t, nil)
	name := `GK<0>/1`
	for seq := range uint64(60) {
		if seq < 20 || seq > 30 {
			s.report(t, name, seq, nil)
		}
	}
	s.now = began.Add(time.Hour)
	path := "/devices/" + url.PathEscape(name)
	page := s.get(t, path, http.StatusOK)
	assert.Contains(t, page, "GK&lt;0&gt;/1")
	assert.NotContains(t, page, "GK<0>")
	assert.Equal(t, 2, strings.Count(page, "<polyline"), "the line is interrupted where reports are missing")
	assert.Contains(t, page, "mem.avail: 49 values from 20000 to 20059")
	assert.Contains(t, page, "<option>disks./mnt/a.b.used</option>")
	assert.Contains(t, page, "not authenticated")
	assert.NotContains(t, page, "style=")
	points := regexp.MustCompile(`points="([^"]+)"`).FindAllStringSubmatch(page, -1)
	first := strings.Fields(points[0][1])
	assert.Equal(t, "0,240.0", first[0], "the least is at the bottom left")
	last := strings.Fields(points[1][1])
	assert.Equal(t, "787,0.0", last[len(last)-1])

	assert.Contains(t, s.get(t, path+"?field=gsm.dbm", http.StatusOK), "gsm.dbm: 49 values from -90 to -90")
	assert.Contains(t, s.get(t, path+"?field=uptime", http.StatusOK), "No values of uptime")
	assert.Contains(t, s.get(t, path+"?field=host", http.StatusOK), "No values of host")
	assert.Contains(t, s.get(t, path+"?field="+url.QueryEscape("<b>"), http.StatusOK), "&lt;b&gt;")
	assert.Contains(t, s.get(t, path+"?hours=0", http.StatusOK), "out of range")
	s.get(t, "/devices/other", http.StatusNotFound)

	s.report(t, "alone", 59, nil)
	assert.Equal(t, 1, strings.Count(s.get(t, "/devices/alone", http.StatusOK), "<circle"))
}

// Many points become few, and the extremes stay.
func TestPlotOfManyPoints(t *testing.T) {
	s := newSite(t, nil)
	for seq := range uint64(6000) {
		s.report(t, "A", seq, func(m *telemetry.Message) {
			if seq == 4321 {
				m.Memory.Available = telemetry.Known(uint64(99_999))
			}
		})
	}
	s.now = began.Add(6000 * time.Minute)
	page := s.get(t, "/devices/A?hours=100", http.StatusOK)
	assert.Contains(t, page, "mem.avail: 6000 values from 20000 to 99999")
	assert.Contains(t, page, ",0.0 ", "the extreme is drawn")
	assert.Less(t, len(page), 30_000)
}

// A plot of long shows the newest, and says what it leaves out.
func TestPlotOfLong(t *testing.T) {
	const reports = 12_000
	s := newSite(t, nil)
	fill := func(serial string, period uint64) {
		batch := make([]receiver.Record, reports)
		for i := range batch {
			m := &telemetry.Message{Version: telemetry.Version, Serial: serial, Boot: telemetry.Known(uint32(7)), Seq: uint64(i), Period: period}
			m.Memory.Available = telemetry.Known(uint64(i))
			raw, err := telemetry.AppendMessage(nil, m)
			require.NoError(t, err)
			batch[i] = receiver.Record{Received: began.Add(time.Duration(i) * time.Minute), Device: serial, Raw: raw, Message: m}
		}
		require.NoError(t, s.store.Write(t.Context(), batch))
	}
	fill("minutely", 60)
	fill("secondly", 1)
	s.now = began.Add(reports * time.Minute)
	page := s.get(t, "/devices/minutely?hours=744", http.StatusOK)
	assert.Contains(t, page, "mem.avail: 12000 values from 0 to 11999")
	assert.NotContains(t, page, "not those before")
	page = s.get(t, "/devices/secondly?hours=744", http.StatusOK)
	assert.Regexp(t, `mem.avail: \d+ values from \d+ to 11999`, page)
	assert.Contains(t, page, "The latest 100000 reports are drawn, not those before.")
}

// The format knows three escapes, and no others.
func TestMetricLabels(t *testing.T) {
	s := newSite(t, func(o *web.Options) {
		o.Sinks = func() fanout.Status {
			return fanout.Status{Others: map[string]fanout.SinkStatus{"tab\tü\u2028\"quoted\"\\\n\xff": {Dropped: 9}}}
		}
	})
	assert.Contains(t, s.get(t, "/metrics", http.StatusOK), "sink_dropped_total{sink=\"tab\tü\u2028\\\"quoted\\\"\\\\\\n\uFFFD\"} 9\n")
}

func TestMetrics(t *testing.T) {
	s := newSite(t, func(o *web.Options) {
		o.Sinks = func() fanout.Status {
			return fanout.Status{Others: map[string]fanout.SinkStatus{"nats": {Dropped: 9, Failing: true}}}
		}
	})
	s.report(t, "A", 1, nil)
	s.report(t, "B", 9, nil)
	s.now = began.Add(10 * time.Minute)
	text := s.get(t, "/metrics", http.StatusOK)
	sample := regexp.MustCompile(`^([a-z_]+)(\{sink="[a-z]+"\})? \d+$`)
	kind := regexp.MustCompile(`^# TYPE ([a-z_]+) (counter|gauge)$`)
	typed := make(map[string]bool)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := kind.FindStringSubmatch(line); m != nil {
			assert.False(t, typed[m[1]], "samples of a name follow each other: %s", line)
			typed[m[1]] = true
		} else if m := sample.FindStringSubmatch(line); assert.NotNil(t, m, line) {
			assert.True(t, typed[m[1]], line)
		}
	}
	for _, want := range []string{
		"fieldgate_collector_receiver_received_total 42", "fieldgate_collector_receiver_bad_mac_total 7",
		"fieldgate_collector_devices 2", "fieldgate_collector_devices_silent 1", "fieldgate_collector_reports_lost 2",
		"fieldgate_collector_store_stored_total 2", `fieldgate_collector_sink_dropped_total{sink="nats"} 9`,
		`fieldgate_collector_sink_failing{sink="nats"} 1`, `fieldgate_collector_sink_failing{sink="primary"} 0`,
	} {
		assert.Contains(t, text, want+"\n")
	}
}
