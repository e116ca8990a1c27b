package vici

import (
	"encoding/binary"
	"fmt"
	"io"
)

// MaxPacket is the longest packet that charon takes and sends, in bytes
// (vici_socket.c, VICI_MESSAGE_SIZE_MAX).
const MaxPacket = 512 * 1024

// Type is what a packet is.
type Type byte

// The types of packets.
const (
	CommandRequest  Type = 0 // to charon, named
	CommandResponse Type = 1
	CommandUnknown  Type = 2
	EventRegister   Type = 3 // to charon, named
	EventUnregister Type = 4 // to charon, named
	EventConfirm    Type = 5
	EventUnknown    Type = 6
	Event           Type = 7 // named
)

// named tells whether packets of the type have a name.
func (t Type) named() bool {
	return t == CommandRequest || t == EventRegister || t == EventUnregister || t == Event
}

// Packet is a request, a response or an event.
type Packet struct {
	Type    Type
	Name    string // of a command or an event
	Message *Message
}

// Append appends the packet as it goes over the stream, with its length.
func (p Packet) Append(b []byte) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, 0, 0, byte(p.Type))
	var err error
	if p.Type.named() {
		if b, err = appendName(b, p.Name); err != nil {
			return nil, err
		}
	}
	if b, err = AppendMessage(b, p.Message); err != nil {
		return nil, err
	}
	size := len(b) - start - 4
	if size > MaxPacket {
		return nil, fmt.Errorf("vici: a message of %d bytes is longer than the %d that charon takes", size, MaxPacket)
	}
	binary.BigEndian.PutUint32(b[start:], uint32(size))
	return b, nil
}

// DecodePacket reads a packet without its length. Errors are [ErrMalformed].
func DecodePacket(b []byte) (Packet, error) {
	d := decoder{rest: b}
	p := Packet{Type: Type(d.byte()), Message: new(Message)}
	if p.Type > Event {
		d.bad = true
	}
	if p.Type.named() {
		p.Name = d.name()
	}
	if d.section(p.Message, 0); d.bad {
		return Packet{}, ErrMalformed
	}
	return p, nil
}

// ReadFrame reads the bytes of one packet without its length, into buf when
// that is large enough. A length of nothing or above [MaxPacket] is
// [ErrMalformed].
func ReadFrame(r io.Reader, buf []byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size == 0 || size > MaxPacket {
		return nil, fmt.Errorf("%w: a packet of %d bytes", ErrMalformed, size)
	}
	if uint32(cap(buf)) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	if _, err := io.ReadFull(r, buf); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return buf, nil
}

// Read reads a packet from a stream.
func Read(r io.Reader) (Packet, error) {
	b, err := ReadFrame(r, nil)
	if err != nil {
		return Packet{}, err
	}
	return DecodePacket(b)
}

// Write writes a packet to a stream, in one piece.
func Write(w io.Writer, p Packet) error {
	b, err := p.Append(nil)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}
