package lineprotocol

import (
	"math"
	"strconv"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// writer appends lines to b. A line comes to stand there when the next one
// begins, or with flush.
type writer struct {
	b      []byte
	limit  int    // of bytes of a line with its end
	serial string // tag of every line
	end    []byte // of every line: time and newline

	head    []byte // of the open line: measurement and tags
	line    []byte // the open line without its end; empty: no field yet
	scratch []byte // one field

	overlong string // a field that cannot fit into a line
}

// begin opens a line. The tag is left out when its value is empty.
func (w *writer) begin(measurement, tag, value string) {
	w.flush()
	w.head = append(w.head[:0], measurement...)
	w.tag("serial", w.serial)
	w.tag(tag, value)
}

func (w *writer) tag(name, value string) {
	if value != "" {
		w.head = append(w.head, ',')
		w.head = append(w.head, name...)
		w.head = append(w.head, '=')
		w.head = appendTag(w.head, value)
	}
}

// flush ends the open line, or drops it when it has no field.
func (w *writer) flush() {
	if len(w.line) > 0 {
		w.b = append(w.b, w.line...)
		w.b = append(w.b, w.end...)
		w.line = w.line[:0]
	}
}

// key begins a field.
func (w *writer) key(name string) {
	w.scratch = append(w.scratch[:0], name...)
	w.scratch = append(w.scratch, '=')
}

// add puts the field in scratch into the open line. Where there is no room,
// the line is ended and begun again: with the same tags and time it is the
// same point of the same series.
func (w *writer) add(name string) {
	if n := len(w.line) + 1 + len(w.scratch) + len(w.end); len(w.line) > 0 && n > w.limit {
		w.flush()
	}
	if len(w.line) > 0 {
		w.line = append(w.line, ',')
	} else {
		if len(w.head)+1+len(w.scratch)+len(w.end) > w.limit {
			w.overlong = name
			return
		}
		w.line = append(append(w.line, w.head...), ' ')
	}
	w.line = append(w.line, w.scratch...)
}

func (w *writer) uint(name string, v telemetry.Maybe[uint64]) {
	if v.Known && v.Value <= math.MaxInt64 {
		w.key(name)
		w.scratch = append(strconv.AppendUint(w.scratch, v.Value, 10), 'i')
		w.add(name)
	}
}

func (w *writer) int(name string, v telemetry.Maybe[int64]) {
	if v.Known {
		w.key(name)
		w.scratch = append(strconv.AppendInt(w.scratch, v.Value, 10), 'i')
		w.add(name)
	}
}

// hundredths writes v/100 as a decimal, without the use of floats.
func (w *writer) hundredths(name string, v telemetry.Maybe[uint64]) {
	if v.Known {
		w.key(name)
		w.scratch = strconv.AppendUint(w.scratch, v.Value/100, 10)
		w.scratch = append(w.scratch, '.', '0'+byte(v.Value/10%10), '0'+byte(v.Value%10))
		w.add(name)
	}
}

func (w *writer) text(name string, v telemetry.Maybe[string]) {
	if v.Known {
		w.key(name)
		w.scratch = appendString(w.scratch, v.Value)
		w.add(name)
	}
}

// maxSeconds is the last second whose nanoseconds InfluxDB can hold, in 2262.
const maxSeconds = math.MaxInt64 / 1_000_000_000

// lineEnd is what follows the fields of a line: the time of the report, else
// instead, else none; and the newline.
func lineEnd(at telemetry.Maybe[uint64], instead time.Time) []byte {
	var end []byte
	switch {
	case at.Known && at.Value < maxSeconds:
		end = append(strconv.AppendUint([]byte{' '}, at.Value, 10), "000000000"...)
	case !instead.IsZero():
		end = strconv.AppendInt([]byte{' '}, instead.UnixNano(), 10)
	}
	return append(end, '\n')
}
