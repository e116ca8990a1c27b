package telemetry

import (
	"crypto/subtle"
	"fmt"
	"unicode/utf8"
)

// The parts of a sealed datagram that never change: a COSE_Mac0 (RFC 9052
// section 6.2) of the algorithm 4, HMAC 256/64 (RFC 9053 section 3.1), with
// the serial of the device as kid.
const (
	sealHead = "\xd1\x84" + sealProtected + "\xa1\x04" // tag 17, array of 4, protected header, map of the kid
	// sealProtected is a byte string of the map {1: 4}.
	sealProtected = "\x43\xa1\x01\x04"
	// sealTag is the head of the tag, which is the last tagSize bytes.
	sealTag = "\x48"
	tagSize = 8
	// macHead begins what the MAC is made of, the payload as a byte string
	// follows (RFC 9052 section 6.3): array of 4, "MAC0", protected header,
	// empty byte string.
	macHead = "\x84\x64MAC0" + sealProtected + "\x40"
)

// longestHead is the longest head of a byte string within a datagram.
const longestHead = 3

// sealOverhead returns the most bytes by which sealing makes a message
// without serial longer.
func sealOverhead(serial string) int {
	return len(sealHead) + longestHead + len(serial) + longestHead + len(sealTag) + tagSize
}

// AppendSealed appends m to dst, authenticated with key: as a COSE_Mac0 whose
// kid is m.Serial, so the payload leaves that out, and is otherwise what
// [AppendMessage] writes. It allocates nothing when dst has room.
//
// The error wraps [ErrVersion] or [ErrUnencodable]: what AppendMessage
// refuses, a serial that is not text of 1 to [MaxSerial] bytes, a zero key,
// or more than [MaxDatagram] bytes. dst is then returned as it was.
func AppendSealed(dst []byte, m *Message, key Key) ([]byte, error) {
	b, at, err := openSeal(dst, m.Serial, key)
	if err != nil {
		return dst, err
	}
	if b, err = appendMessage(b, m, ""); err != nil {
		return dst, err
	}
	b, err = closeSeal(b, len(dst), at, key)
	if err != nil {
		return dst, err
	}
	return b, nil
}

// openSeal appends what comes before the payload, and room for the longest
// head of the payload at at.
func openSeal(dst []byte, serial string, key Key) (b []byte, at int, err error) {
	switch {
	case key.IsZero():
		return dst, 0, fmt.Errorf("telemetry: seal: no key: %w", ErrUnencodable)
	case serial == "" || len(serial) > MaxSerial || !utf8.ValidString(serial):
		return dst, 0, fmt.Errorf("telemetry: seal: the serial is not text of 1 to %d bytes: %w", MaxSerial, ErrUnencodable)
	}
	w := writer{b: append(dst, sealHead...)}
	w.head(majorBytes, uint64(len(serial)))
	w.b = append(w.b, serial...)
	return append(w.b, make([]byte, longestHead)...), len(w.b), nil
}

// closeSeal writes the head of the payload, which fills b from longestHead
// bytes after at, and appends the MAC. The datagram begins at start.
func closeSeal(b []byte, start, at int, key Key) ([]byte, error) {
	payload := b[at+longestHead:]
	w := writer{b: b[:at]}
	w.head(majorBytes, uint64(min(len(payload), MaxDatagram)))
	w.b = append(w.b, payload...) // moves it down where the head is short
	if n := len(w.b) - start + len(sealTag) + tagSize; n > MaxDatagram {
		return nil, fmt.Errorf("telemetry: seal: %d bytes, allowed are %d: %w", n, MaxDatagram, ErrUnencodable)
	}
	tag := key.hmac([]byte(macHead), w.b[at:])
	w.b = append(w.b, sealTag...)
	return append(w.b, tag[:tagSize]...), nil
}

// Envelope is a sealed datagram taken apart, not yet verified. Its slices lie
// in the datagram, which must not change while the Envelope is in use.
type Envelope struct {
	// Serial is the kid: who claims to have sent this, whose key to verify
	// it with.
	Serial string
	// Payload is the message, as bytes, or that of an ack.
	Payload []byte

	authentic []byte // the payload as a byte string, which the MAC covers
	tag       []byte
}

// ParseEnvelope takes a sealed datagram apart. It accepts the exact form that
// [AppendSealed] writes and no other COSE, at most [MaxDatagram] bytes, and
// allocates nothing but the serial. The error wraps [ErrMalformed].
func ParseEnvelope(datagram []byte) (Envelope, error) {
	r := reader{b: datagram, op: "open"}
	var e Envelope
	if len(datagram) > MaxDatagram {
		return e, r.fail("%d bytes, allowed are %d", len(datagram), MaxDatagram)
	}
	if err := r.literal(sealHead, "the header of a COSE_Mac0 with HMAC 256/64 and a kid"); err != nil {
		return e, err
	}
	r.field = "kid"
	kid, err := r.bytes()
	switch {
	case err != nil:
		return e, err
	case len(kid) == 0 || len(kid) > MaxSerial || !utf8.Valid(kid):
		return e, r.fail("not a text of 1 to %d bytes", MaxSerial)
	}
	r.field = "payload"
	start := r.at
	payload, err := r.bytes()
	if err != nil {
		return e, err
	}
	authentic := datagram[start:r.at]
	r.field = "tag"
	if err := r.literal(sealTag, "a tag of 8 bytes"); err != nil {
		return e, err
	}
	tag, err := r.take(tagSize)
	switch {
	case err != nil:
		return e, err
	case r.at < len(datagram):
		return e, r.fail("%d bytes after the end", len(datagram)-r.at)
	}
	return Envelope{Serial: string(kid), Payload: payload, authentic: authentic, tag: tag}, nil
}

// Verify reports whether the datagram was sealed with key, in constant time.
func (e *Envelope) Verify(key Key) bool {
	if key.IsZero() || len(e.tag) != tagSize {
		return false
	}
	sum := key.hmac([]byte(macHead), e.authentic)
	return subtle.ConstantTimeCompare(sum[:tagSize], e.tag) == 1
}

// Decode reads the message, see [Decode]; it carries the serial of the
// Envelope. Call it after Verify: what a stranger wrote is not worth reading.
// The error wraps [ErrMalformed], also when the message names another serial,
// or [ErrVersion].
func (e *Envelope) Decode() (*Message, error) {
	m, err := Decode(e.Payload)
	if err != nil {
		return nil, err
	}
	if err := e.own(m); err != nil {
		return nil, err
	}
	return m, nil
}

// own gives m the serial of the Envelope.
func (e *Envelope) own(m *Message) error {
	if m.Serial != "" && m.Serial != e.Serial {
		return fmt.Errorf("telemetry: decode: the message of %q is sealed by %q: %w", m.Serial, e.Serial, ErrMalformed)
	}
	m.Serial = e.Serial
	return nil
}
