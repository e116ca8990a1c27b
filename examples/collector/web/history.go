package web

import (
	"context"
	"net/http"
	"time"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/telemetry"
)

// point is a value at a time.
type point struct {
	Received time.Time               `json:"received"`
	Time     telemetry.Maybe[uint64] `json:"time,omitzero"` // of the device, Unix seconds
	Boot     telemetry.Maybe[uint32] `json:"boot,omitzero"`
	Seq      uint64                  `json:"seq"`
	Late     bool                    `json:"late,omitzero"`
	Value    any                     `json:"value"`
}

// at is the time that the value is of.
func (p *point) at() time.Time {
	if p.Late && p.Time.Known && p.Time.Value < 1<<40 {
		return time.Unix(int64(p.Time.Value), 0)
	}
	return p.Received
}

// points reads limit values of a device, and those that arrived at the same
// time as the last of them. next is when the first of the rest arrived, zero
// when there is none.
func (h *handler) points(ctx context.Context, serial string, f field, from, to time.Time, limit int) (points []point, next time.Time, err error) {
	points = []point{}
	err = h.Log.History(ctx, serial, from, to, func(r *latest.Report) bool {
		m, err := r.Message()
		if err != nil {
			return true // of a version that this program does not know any more
		}
		v := f(m)
		if v == nil {
			return true
		}
		received := time.Unix(0, r.Received).UTC()
		// A page that ended between two of one time would begin with them again.
		if n := len(points); n >= limit && !received.Equal(points[n-1].Received) {
			next = received
			return false
		}
		points = append(points, point{received, m.Time, r.Boot, r.Seq, r.Late, v})
		return true
	})
	return points, next, err
}

func (h *handler) history(w http.ResponseWriter, r *http.Request) {
	serial, now := r.PathValue("serial"), h.Now()
	q := query{values: r.URL.Query()}
	to := q.time("to", now)
	from := q.time("from", to.Add(-24*time.Hour))
	limit := q.number("limit", defaultPoints, maxPoints)
	name := q.values.Get("field")
	f, err := parseField(name)
	if err != nil {
		q.fail("field", err.Error())
	}
	switch {
	case h.Log == nil:
		refuse(w, http.StatusNotFound, "there is no history: the collector runs without -data")
		return
	case q.err != nil:
		refuse(w, http.StatusBadRequest, q.err.Error())
		return
	}
	points, next, err := h.points(r.Context(), serial, f, from, to, limit)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	reply(w, http.StatusOK, struct {
		Serial string    `json:"serial"`
		Field  string    `json:"field"`
		From   time.Time `json:"from"`
		To     time.Time `json:"to"`
		Points []point   `json:"points"`
		Next   time.Time `json:"next,omitzero"`
	}{serial, name, from, to, points, next})
}
