package lineprotocol

import (
	"math"
	"strconv"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// writer appends lines. A line is open from the measurement until the next
// one or close; it comes to stand in b with its first field.
type writer struct {
	b      []byte
	limit  int    // of a line with its end; 0 = none
	serial string // tag of every line
	end    []byte // of every line: time and newline

	start    int    // where the open line begins
	fields   int    // where its fields begin; len(b) while it has none
	open     bool   // there is a line without its end
	overlong string // the first field that cannot fit into a line
}

// line opens a line. value is left out when it is empty.
func (w *writer) line(measurement, tag, value string) {
	w.close()
	w.open = true
	w.start = len(w.b)
	w.b = append(w.b, measurement...)
	w.tag("serial", w.serial)
	w.tag(tag, value)
	w.fields = len(w.b)
}

// close ends the open line, or takes it back when it has no field.
func (w *writer) close() {
	switch {
	case !w.open:
	case len(w.b) == w.fields:
		w.b = w.b[:w.start]
	default:
		w.b = append(w.b, w.end...)
	}
	w.open = false
}

func (w *writer) tag(name, value string) {
	if value == "" {
		return
	}
	w.b = append(w.b, ',')
	w.b = append(w.b, name...)
	w.b = append(w.b, '=')
	w.b = appendTag(w.b, value)
}

// field adds name=value, where the value is what write appends. A field that
// makes the line too long begins another one with the same tags and time,
// which makes it the same point of the same series.
func (w *writer) field(name string, write func([]byte) []byte) {
	at := len(w.b)
	w.add(name, write)
	if !w.full() {
		return
	}
	if at > w.fields {
		head := w.fields - w.start
		w.b = append(w.b[:at], w.end...)
		w.start = len(w.b)
		w.b = append(w.b, w.b[at+len(w.end)-(at-w.start0(at, head)):][:0]...)
	}
}
