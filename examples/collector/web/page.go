package web

import (
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// Of the pages.
const (
	defaultField = "mem.avail"
	defaultHours = 1
	maxHours     = 24 * 31
	maxPlotted   = 100_000 // values that are read for a plot
)

var (
	//go:embed index.html
	indexHTML string
	//go:embed device.html
	deviceHTML string
	//go:embed style.css
	styleCSS []byte

	indexTemplate  = template.Must(template.New("index").Funcs(functions()).Parse(indexHTML))
	deviceTemplate = template.Must(template.New("device").Funcs(functions()).Parse(deviceHTML))
)

// functions are what the templates call.
func functions() template.FuncMap {
	return template.FuncMap{"age": age, "hundredths": hundredths, "known": known, "link": link}
}

// link is what follows /devices/ for a device. A serial number of dots has no
// place in a path: browsers take it for a folder.
func link(serial string) string {
	if serial == "." || serial == ".." {
		return "?serial=" + serial
	}
	return url.PathEscape(serial)
}

// serialOf is the serial number that link has put into the address.
func serialOf(r *http.Request) string {
	if serial := r.PathValue("serial"); serial != "" {
		return serial
	}
	return r.URL.Query().Get("serial")
}

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(styleCSS)
}

// age writes seconds for people.
func age(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < 48*time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

func hundredths(v telemetry.Maybe[uint64]) string {
	if !v.Known {
		return "–"
	}
	return strconv.FormatFloat(float64(v.Value)/100, 'f', 2, 64)
}

func known(v telemetry.Maybe[uint64]) string {
	if !v.Known {
		return "–"
	}
	return strconv.FormatUint(v.Value, 10)
}

// row is a device in the table of the page.
type row struct {
	summary
	Message *telemetry.Message
	Loss    receiver.DeviceStats
}

func (h *handler) indexPage(w http.ResponseWriter, r *http.Request) {
	values, now := r.URL.Query(), h.Now()
	filter := values.Get("filter")
	page := h.list(values.Get("after"), defaultDevices, now, contains(filter))
	data := struct {
		Now    time.Time
		Filter string
		Total  int
		Rows   []row
		Next   string
		Status receiver.Status
		Log    any
	}{Now: now.UTC(), Filter: filter, Total: page.Total, Status: h.Receiver.Status()}
	for _, s := range page.Devices {
		row := row{summary: s, Message: &telemetry.Message{}}
		if state, err := h.state(s.Serial, now); err == nil && state != nil && state.Message != nil {
			row.Message = state.Message
			if state.Loss != nil {
				row.Loss = *state.Loss
			}
		}
		data.Rows = append(data.Rows, row)
	}
	if page.Next != "" {
		data.Next = "?" + url.Values{"filter": {filter}, "after": {page.Next}}.Encode()
	}
	if h.Log != nil {
		data.Log = h.Log.Stats()
	}
	h.render(w, indexTemplate, data)
}

func (h *handler) devicePage(w http.ResponseWriter, r *http.Request) {
	now := h.Now()
	s, err := h.state(serialOf(r), now)
	if s == nil || err != nil || s.Message == nil {
		http.Error(w, "No such device has reported.", http.StatusNotFound)
		return
	}
	q := query{values: r.URL.Query()}
	data := struct {
		*state
		Now    time.Time
		Facts  []fact
		Fields []string
		Field  string
		Hours  int
		Log    bool
		Fault  string
		Left   string // what the plot leaves out
		Plot   plot
	}{state: s, Now: now.UTC(), Facts: facts(s.Message), Fields: numbers(s.Message), Field: q.values.Get("field"), Log: h.Log != nil}
	data.Hours = q.number("hours", defaultHours, maxHours)
	if data.Field == "" {
		data.Field = defaultField
	}
	if !slices.Contains(data.Fields, data.Field) {
		data.Fields = append(data.Fields, data.Field)
	}
	if h.Log != nil && q.err == nil {
		from := now.Add(-time.Duration(data.Hours) * time.Hour)
		period := time.Duration(s.Period * float64(time.Second))
		if most := now.Add(-maxPlotted * period); period > 0 && from.Before(most) {
			from, data.Left = most, fmt.Sprintf("The latest %d reports are drawn, not those before.", maxPlotted)
		}
		var f field
		if f, q.err = parseField(data.Field); q.err == nil {
			var points []point
			var next time.Time
			points, next, q.err = h.points(r.Context(), s.Serial, f, from, now, maxPlotted)
			if !next.IsZero() { // it reports more often than it says
				data.Left = fmt.Sprintf("Of more than %d values those after %s UTC are not drawn.", maxPlotted, next.UTC().Format("2006-01-02 15:04"))
			}
			data.Plot = newPlot(points, from, now, 3*period)
		}
	}
	if q.err != nil {
		data.Fault = q.err.Error()
	}
	h.render(w, deviceTemplate, data)
}

// fact is a value of the last state.
type fact struct {
	Name  string
	Value any
}

func facts(m *telemetry.Message) []fact {
	list := []fact{{"host", m.Host.Value}, {"fw", m.Firmware.Value}}
	for _, name := range numbers(m) {
		if f, err := parseField(name); err == nil {
			list = append(list, fact{name, f(m)})
		}
	}
	return list
}

func (h *handler) render(w http.ResponseWriter, t *template.Template, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := t.Execute(w, data); err != nil && h.Logger != nil {
		h.Logger.Debug("web: page not sent", "error", err)
	}
}
