package web

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/examples/collector/sink/fanout"
)

// metrics writes the Prometheus text format 0.0.4. The counters of the
// receiver bear the names of [receiver.Stats].
func (h *handler) metrics(w http.ResponseWriter, _ *http.Request) {
	var m exposition
	status := h.Receiver.Status()
	stats := reflect.ValueOf(status.Stats)
	for i := range stats.NumField() {
		m.add("receiver_"+jsonName(stats.Type().Field(i))+"_total", "counter", float64(stats.Field(i).Uint()))
	}
	m.add("receiver_queue", "gauge", float64(status.Queued))
	m.add("receiver_devices", "gauge", float64(status.Devices))

	now, silent := h.Now(), 0
	for s := range h.Table.Each {
		if s.Silent(now, silentPeriods, fallbackPeriod) {
			silent++
		}
	}
	m.add("devices", "gauge", float64(h.Table.Len()))
	m.add("devices_silent", "gauge", float64(silent))
	lost := uint64(0)
	for d := range h.Receiver.Devices() {
		lost += d.Lost
	}
	m.add("reports_lost", "gauge", float64(lost)) // what arrives late takes itself off
	if h.Log != nil {
		m.store(h.Log)
	}
	if h.Sinks != nil {
		m.sinks(h.Sinks())
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(m.b.Bytes())
}

// labelEscapes are all that the format knows; other characters stand for
// themselves.
var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// exposition is the text of metrics.
type exposition struct {
	b    bytes.Buffer
	last string
}

// add writes a sample; labels are pairs of name and value. Samples of one
// name follow each other.
func (m *exposition) add(name, kind string, value float64, labels ...string) {
	name = "fieldgate_collector_" + name
	if name != m.last {
		fmt.Fprintf(&m.b, "# TYPE %s %s\n", name, kind)
		m.last = name
	}
	m.b.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		fmt.Fprintf(&m.b, `%s%s="%s"`, separator, labels[i], labelEscapes.Replace(strings.ToValidUTF8(labels[i+1], "\uFFFD")))
	}
	if len(labels) > 0 {
		m.b.WriteByte('}')
	}
	fmt.Fprintf(&m.b, " %s\n", strconv.FormatFloat(value, 'f', -1, 64))
}

func (m *exposition) store(log Log) {
	s := log.Stats()
	m.add("store_stored_total", "counter", float64(s.Stored))
	m.add("store_unstored_total", "counter", float64(s.Unstored))
	m.add("store_unindexed_total", "counter", float64(s.Unindexed))
	m.add("store_removed_total", "counter", float64(s.Removed))
	m.add("store_damaged_total", "counter", float64(s.Damaged))
	m.add("store_checkpoint_errors_total", "counter", float64(s.CheckpointErrors))
	m.add("store_records", "gauge", float64(s.Records))
	m.add("store_bytes", "gauge", float64(s.Bytes))
	m.add("store_segments", "gauge", float64(s.Segments))
	m.add("store_failing", "gauge", flag(s.Failing))
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (m *exposition) sinks(status fanout.Status) {
	all := map[string]fanout.SinkStatus{fanout.Primary: status.Primary}
	for name, s := range status.Others {
		all[name] = s
	}
	for _, c := range []struct {
		name, kind string
		value      func(fanout.SinkStatus) float64
	}{
		{"sink_written_total", "counter", func(s fanout.SinkStatus) float64 { return float64(s.Written) }},
		{"sink_dropped_total", "counter", func(s fanout.SinkStatus) float64 { return float64(s.Dropped) }},
		{"sink_refused_total", "counter", func(s fanout.SinkStatus) float64 { return float64(s.Refused) }},
		{"sink_failures_total", "counter", func(s fanout.SinkStatus) float64 { return float64(s.Failures) }},
		{"sink_queue", "gauge", func(s fanout.SinkStatus) float64 { return float64(s.Depth) }},
		{"sink_failing", "gauge", func(s fanout.SinkStatus) float64 { return flag(s.Failing) }},
	} {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			m.add(c.name, c.kind, c.value(all[name]), "sink", name)
		}
	}
}
