package telemetry

import (
	"fmt"
	"math"
)

// Ack is a server's answer to a sealed message that it has stored. It is
// sealed like the message, with the key of the device, but its payload is an
// array and no map, so that neither passes for the other.
type Ack struct {
	Serial string // of the device that is answered
	Boot   uint32 // of the message; 0 when it has none
	Seq    uint64 // of the message
	Part   uint64 // of the message, 0 when it is whole
	Time   uint64 // of the server, Unix seconds
}

// AppendAck appends a to dst, sealed with key: the array [boot, seq, time],
// or [boot, seq, time, part] for a part. It allocates nothing when dst has
// room.
//
// A server sends the result only if it is no longer than the message it
// answers: else whoever forges a source address could have more sent to a
// victim than he sends himself. Every message of the agent of this package
// is long enough.
//
// The error wraps [ErrUnencodable]: a serial that is not text of 1 to
// [MaxSerial] bytes, or a zero key. dst is then returned as it was.
func AppendAck(dst []byte, a *Ack, key Key) ([]byte, error) {
	b, at, err := openSeal(dst, a.Serial, key)
	if err != nil {
		return dst, err
	}
	w := writer{b: b}
	n := uint64(3)
	if a.Part != 0 {
		n++
	}
	w.head(majorArray, n)
	w.uint(uint64(a.Boot))
	w.uint(a.Seq)
	w.uint(a.Time)
	if a.Part != 0 {
		w.uint(a.Part)
	}
	return closeSeal(w.b, len(dst), at, key)
}

// ParseAck verifies and reads an ack. Elements that a later version adds to
// the array are skipped. The error wraps [ErrMalformed] or [ErrForged].
func ParseAck(datagram []byte, key Key) (*Ack, error) {
	e, err := ParseEnvelope(datagram)
	if err != nil {
		return nil, err
	}
	if !e.Verify(key) {
		return nil, fmt.Errorf("telemetry: ack: %w", ErrForged)
	}
	r := reader{b: e.Payload, op: "ack"}
	n, err := r.open(majorArray, MaxRows)
	if err != nil {
		return nil, err
	}
	if n < 3 {
		return nil, r.fail("an array of %d, want [boot, seq, time]", n)
	}
	a := &Ack{Serial: e.Serial}
	boot, err := r.uint(math.MaxUint32)
	a.Boot = uint32(boot)
	for _, v := range []*uint64{&a.Seq, &a.Time, &a.Part}[:min(n-1, 3)] {
		if err == nil {
			*v, err = r.uint(math.MaxUint64)
		}
	}
	if err == nil {
		err = r.skipAll(n - min(n, 4))
	}
	switch {
	case err != nil:
		return nil, err
	case r.at < len(r.b):
		return nil, r.fail("%d bytes after the end", len(r.b)-r.at)
	}
	return a, nil
}
