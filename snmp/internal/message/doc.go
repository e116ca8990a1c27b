// Package message reads and writes the messages of SNMPv1, v2c and v3 (RFC
// 1157, 1901, 3412, 3416) with the security parameters of the User-based
// Security Model (RFC 3414, section 2.4). It knows how messages look, not what
// they mean, and does no cryptography.
//
// A [Message] is decoded from a datagram and refers to its octets. A [Writer]
// writes an answer or any other message: an [Envelope] says what is around the
// PDU, bindings are appended as long as they fit, and Finish puts all that
// stands in front of them into the room that was left there. Both are reused,
// and then allocate nothing.
package message

// Version is the number in a message, not the one in its name.
type Version int32

// The versions.
const (
	V1  Version = 0
	V2c Version = 1
	V3  Version = 3
)

// PDUType is the tag of a PDU.
type PDUType byte

// The PDUs of RFC 1157 and RFC 3416.
const (
	Get      PDUType = 0xa0
	GetNext  PDUType = 0xa1
	Response PDUType = 0xa2
	Set      PDUType = 0xa3
	TrapV1   PDUType = 0xa4 // SNMPv1 only; its contents are not read
	GetBulk  PDUType = 0xa5 // this and the following: not in SNMPv1
	Inform   PDUType = 0xa6
	TrapV2   PDUType = 0xa7
	Report   PDUType = 0xa8
)

// Confirmed tells whether the PDU is of the Confirmed Class (RFC 3411, section
// 2.8): one that gets an answer, and a REPORT when it fails.
func (t PDUType) Confirmed() bool {
	switch t {
	case Get, GetNext, Set, GetBulk, Inform:
		return true
	}
	return false
}

// PDU is a protocol data unit without its bindings.
type PDU struct {
	Type      PDUType
	RequestID int32
	// ErrorStatus and ErrorIndex are non-repeaters and max-repetitions in a
	// GetBulk.
	ErrorStatus int32
	ErrorIndex  int32
}

// Bind is a binding as it was received.
type Bind struct {
	OID []uint32
	// Tag is the tag of the value, one that package ber names.
	Tag byte
	// Contents are the octets of the value. They can be decoded: numbers are in
	// range, identifiers well formed, IpAddress has four octets and Null none.
	Contents []byte
}

// Flags is msgFlags (RFC 3412, section 6.4).
type Flags byte

// The flags; other bits mean nothing.
const (
	FlagAuth       Flags = 1
	FlagPriv       Flags = 2
	FlagReportable Flags = 4
)

// Header is the msgGlobalData of SNMPv3 (RFC 3412, section 6).
type Header struct {
	ID      int32 // msgID, 0..2147483647
	MaxSize int   // msgMaxSize, 484..2147483647: what the sender can receive
	Flags   Flags
}

// Security is the UsmSecurityParameters (RFC 3414, section 2.4).
type Security struct {
	EngineID []byte // msgAuthoritativeEngineID, of any length
	Boots    uint32 // 0..2147483647
	Time     uint32 // 0..2147483647, s
	User     []byte // 0 to 32 octets
	MAC      []byte // msgAuthenticationParameters, of any length
	MACAt    int    // where MAC begins in Message.Raw
	Salt     []byte // msgPrivacyParameters, of any length
}
