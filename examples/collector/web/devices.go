package web

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// summary is a device in a list.
type summary struct {
	Serial string                  `json:"serial"`
	Seen   time.Time               `json:"seen"`  // last arrival
	Age    float64                 `json:"age_s"` // seconds since then
	Silent bool                    `json:"silent"`
	Source netip.AddrPort          `json:"source"`
	Boot   telemetry.Maybe[uint32] `json:"boot,omitzero"`
	Seq    uint64                  `json:"seq"`
	Period float64                 `json:"period_s,omitzero"`
}

func (h *handler) summary(s *latest.Summary, now time.Time) summary {
	return summary{
		Serial: s.Serial, Seen: s.Seen, Age: now.Sub(s.Seen).Round(time.Millisecond).Seconds(),
		Silent: s.Silent(now, silentPeriods, fallbackPeriod), Source: s.Source, Boot: s.Boot, Seq: s.Seq, Period: s.Period.Seconds(),
	}
}

// list is a page of devices.
type list struct {
	Total   int       `json:"total"` // known devices, filtered or not
	Devices []summary `json:"devices"`
	Next    string    `json:"next,omitempty"`
}

func (h *handler) list(after string, limit int, now time.Time, keep func(*latest.Summary) bool) list {
	page, more := h.Table.Page(after, limit, keep)
	l := list{Total: h.Table.Len(), Devices: make([]summary, len(page))}
	for i := range page {
		l.Devices[i] = h.summary(&page[i], now)
	}
	if more {
		l.Next = page[len(page)-1].Serial
	}
	return l
}

func contains(text string) func(*latest.Summary) bool {
	if text == "" {
		return nil
	}
	return func(s *latest.Summary) bool { return strings.Contains(s.Serial, text) }
}

func (h *handler) devices(w http.ResponseWriter, r *http.Request) {
	q := query{values: r.URL.Query()}
	limit := q.number("limit", defaultDevices, maxDevices)
	if q.err != nil {
		refuse(w, http.StatusBadRequest, q.err.Error())
		return
	}
	reply(w, http.StatusOK, h.list(q.values.Get("after"), limit, h.Now(), contains(q.values.Get("filter"))))
}

func (h *handler) silent(w http.ResponseWriter, r *http.Request) {
	q := query{values: r.URL.Query()}
	limit := q.number("limit", defaultDevices, maxDevices)
	periods := q.number("periods", silentPeriods, maxPeriods)
	if q.err != nil {
		refuse(w, http.StatusBadRequest, q.err.Error())
		return
	}
	now := h.Now()
	l := h.list(q.values.Get("after"), limit, now, func(s *latest.Summary) bool {
		return s.Silent(now, float64(periods), fallbackPeriod)
	})
	for i := range l.Devices {
		l.Devices[i].Silent = true // by the measure that was asked for
	}
	reply(w, http.StatusOK, l)
}

// state is the last state of a device.
type state struct {
	summary
	Sealed   bool                  `json:"sealed"`
	Received time.Time             `json:"received"` // the newest report
	Message  *telemetry.Message    `json:"message"`
	Parts    []part                `json:"parts,omitempty"`
	Loss     *receiver.DeviceStats `json:"loss,omitempty"`
}

// part tells how new a part of a split report is.
type part struct {
	telemetry.Part
	Seq      uint64    `json:"seq"`
	Received time.Time `json:"received"`
}

func (h *handler) state(serial string, now time.Time) (*state, error) {
	held, ok := h.Table.Get(serial)
	if !ok {
		return nil, nil
	}
	s := &state{summary: h.summary(&held.Summary, now)}
	for _, r := range held.Reports {
		received := time.Unix(0, r.Received).UTC()
		if r.Boot == held.Boot && r.Seq == held.Seq && received.After(s.Received) {
			s.Received, s.Sealed = received, r.Sealed
		}
		if r.Part.Index > 0 {
			s.Parts = append(s.Parts, part{r.Part, r.Seq, received})
		}
	}
	if stats, ok := h.Receiver.Device(serial); ok {
		s.Loss = &stats
	}
	var err error
	s.Message, err = held.Message()
	return s, err
}

func (h *handler) device(w http.ResponseWriter, r *http.Request) {
	s, err := h.state(serialOf(r), h.Now())
	switch {
	case err != nil: // it was decoded once, when it arrived
		refuse(w, http.StatusInternalServerError, "the stored datagram cannot be decoded: "+err.Error())
	case s == nil:
		refuse(w, http.StatusNotFound, "no such device has reported")
	default:
		reply(w, http.StatusOK, s)
	}
}

// loss streams the counters of every device: for a large fleet they do not fit
// into memory at once.
func (h *handler) loss(w http.ResponseWriter, r *http.Request) {
	onlyLossy := r.URL.Query().Has("lossy")
	w.Header().Set("Content-Type", "application/json")
	before := "["
	for stats := range h.Receiver.Devices() {
		if onlyLossy && stats.Lost == 0 && stats.LostParts == 0 {
			continue
		}
		b, err := json.Marshal(stats)
		if err == nil {
			_, err = w.Write(append([]byte(before), b...))
		}
		if err != nil {
			return // who asked is gone
		}
		before = ",\n"
	}
	if before == "[" {
		_, _ = w.Write([]byte("["))
	}
	_, _ = w.Write([]byte("]\n"))
}
