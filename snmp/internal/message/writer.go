package message

import (
	"errors"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
)

// Headroom is how much of its buffer a Writer keeps for what stands in front
// of the bindings: enough for a community of 255 octets, or for a v3 message
// with a user, a context and engine IDs of 32 each.
const Headroom = 512

// ErrTooBig is the error of a message that is over its limit, or has more in
// front of its bindings than the Headroom.
var ErrTooBig = errors.New("message too big")

// Writer writes one message after the other into a buffer, which it keeps. The
// zero Writer is ready.
type Writer struct {
	envelope  Envelope
	requestID int32
	limit     int    // of the message
	room      int    // of the bindings, when error-status and -index are 0
	buf       []byte // the headroom, then the bindings
	count     int
}

// maxLimit is more than a datagram holds: with managers that take 2 GB the
// sizes of 32-bit processors would overflow.
const maxLimit = 1 << 16

// Begin starts a message of at most limit octets, or 65,536 if that is less.
// The slices of the Envelope have to stay as they are until Finish.
func (w *Writer) Begin(e *Envelope, requestID int32, limit int) {
	limit = min(limit, maxLimit)
	w.envelope, w.requestID, w.limit = *e, requestID, limit
	w.Reset()
	// The padding of no bindings may be room for some, but the lengths in front
	// grow with the bindings, and are shorter again for fewer.
	w.room = limit - w.measure(0, 0, 0).message + e.BlockSize
	if w.room <= 0 {
		return
	}
	w.room -= max(0, w.measure(0, 0, w.room).message-limit)
	for w.measure(0, 0, w.room+1).message <= limit {
		w.room++
	}
}

// Reset takes all bindings back.
func (w *Writer) Reset() {
	if w.buf == nil {
		w.buf = make([]byte, Headroom, 2048)
	}
	w.buf, w.count = w.buf[:Headroom], 0
}

// Len returns how many bindings were appended.
func (w *Writer) Len() int { return w.count }

// Append appends a binding, or returns false when it does not fit into a
// message of error-status 0. The value is in number for the tags of numbers,
// in two's complement for Integer, and in text for the others; an ObjectID is
// there as contents octets. Null and the exceptions have neither.
func (w *Writer) Append(oid []uint32, tag byte, number uint64, text string) bool {
	size := len(text)
	switch tag {
	case ber.Integer:
		size = ber.IntSize(int64(number))
	case ber.Counter32, ber.Gauge32, ber.TimeTicks, ber.Counter64:
		size = ber.UintSize(number)
	}
	if !w.name(oid, size) {
		return false
	}
	switch tag {
	case ber.Integer:
		w.buf = ber.AppendInt(w.buf, tag, int64(number))
	case ber.Counter32, ber.Gauge32, ber.TimeTicks, ber.Counter64:
		w.buf = ber.AppendUint(w.buf, tag, number)
	default:
		w.buf = ber.AppendOctets(w.buf, tag, text)
	}
	return true
}

// Copy appends a binding as it was received, or returns false as Append does.
func (w *Writer) Copy(b Bind) bool {
	if !w.name(b.OID, len(b.Contents)) {
		return false
	}
	w.buf = ber.AppendOctets(w.buf, b.Tag, b.Contents)
	return true
}

// name appends what stands before a value of so many octets, if both fit.
func (w *Writer) name(oid []uint32, value int) bool {
	arcs := ber.ArcsSize(oid)
	size := ber.Size(arcs) + ber.Size(value)
	if len(w.buf)-Headroom+ber.Size(size) > w.room {
		return false
	}
	w.buf = ber.AppendHeader(w.buf, ber.Sequence, size)
	w.buf = ber.AppendHeader(w.buf, ber.ObjectID, arcs)
	w.buf = ber.AppendArcs(w.buf, oid)
	w.count++
	return true
}
