package message

import (
	"errors"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
)

// The errors that have a counter of their own. Every other error of a decoder
// is a fault of the encoding (snmpInASNParseErrs). The message is to be dropped
// in any case.
var (
	// ErrVersion: neither v1, v2c nor v3 (snmpInBadVersions).
	ErrVersion = errors.New("unknown version")
	// ErrSecurityModel: not the User-based one (snmpUnknownSecurityModels).
	ErrSecurityModel = errors.New("unknown security model")
	// ErrFlags: encryption without authentication (snmpInvalidMsgs).
	ErrFlags = errors.New("encrypted but not authenticated")
)

// The faults of the encoding, besides those of package ber.
var (
	ErrPDU   = errors.New("no PDU of this version")
	ErrValue = errors.New("not a value of its type")
	ErrSize  = errors.New("a string has the wrong length")
)

// minMaxSize is the least msgMaxSize (RFC 3412, section 6.3).
const minMaxSize = 484

// What a Message keeps for the next one, at most: an engine that got a single
// huge message does not stay large.
const (
	keepArcs  = 4096
	keepBinds = 512
	keepPlain = 4096
)

// Message is a message that was received. Its slices are parts of the
// datagram, or of memory that the next Decode uses again. The zero Message is
// ready.
type Message struct {
	Version Version
	// Raw is the message without what follows it in the datagram.
	Raw []byte

	Community []byte // v1 and v2c

	// v3 only.
	Header   Header
	Security Security
	// Scoped is the scopedPDU for DecodeScoped, nil while it is encrypted.
	// Encrypted is its ciphertext, nil when it came without encryption.
	Scoped, Encrypted []byte
	// The context is known after DecodeScoped.
	ContextEngineID, ContextName []byte

	// PDU and Binds are known after Decode, with v3 after DecodeScoped.
	PDU   PDU
	Binds []Bind

	arcs  []uint32
	plain []byte
}

// Decode reads a datagram. What follows the message in it is ignored. Of an
// SNMPv3 message it reads all but the scopedPDU.
func (m *Message) Decode(datagram []byte) error {
	m.reset()
	outer := ber.NewReader(datagram)
	contents := outer.Expect(ber.Sequence)
	if err := outer.Err(); err != nil {
		return err
	}
	m.Raw = datagram[:len(datagram)-len(outer.Rest())]
	r := ber.NewReader(contents)
	m.Version = Version(r.Int32(minInt32))
	if err := r.Err(); err != nil {
		return err
	}
	switch m.Version {
	case V1, V2c:
		m.Community = r.Expect(ber.OctetString)
		m.decodePDU(&r)
		return r.Close()
	case V3:
		return m.decodeV3(&r)
	}
	return ErrVersion
}

const minInt32 = -1 << 31

// reset forgets the message before.
func (m *Message) reset() {
	*m = Message{Binds: kept(m.Binds, keepBinds), arcs: kept(m.arcs, keepArcs), plain: kept(m.plain, keepPlain)}
}

// kept returns s emptied, or nil when it is larger than most.
func kept[T any](s []T, most int) []T {
	if cap(s) > most {
		return nil
	}
	return s[:0]
}
