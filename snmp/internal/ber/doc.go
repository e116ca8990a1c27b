// Package ber reads and writes the part of the Basic Encoding Rules (X.690)
// that SNMP uses: one-octet tags, definite lengths, primitive strings (RFC
// 3417, section 8). It works on slices of the caller and allocates nothing.
package ber

// The tags of SNMP (RFC 2578, section 7.1, and RFC 3416, section 3).
const (
	Integer        = 0x02
	OctetString    = 0x04
	Null           = 0x05
	ObjectID       = 0x06
	Sequence       = 0x30
	IPAddress      = 0x40
	Counter32      = 0x41
	Gauge32        = 0x42 // also Unsigned32
	TimeTicks      = 0x43
	Opaque         = 0x44
	Counter64      = 0x46
	NoSuchObject   = 0x80
	NoSuchInstance = 0x81
	EndOfMibView   = 0x82
)
