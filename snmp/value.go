package snmp

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
)

// Kind is the type of a [Value]: its tag on the wire (RFC 2578, section 7.1,
// and RFC 3416, section 3).
type Kind byte

// The kinds.
const (
	KindInteger        Kind = 0x02 // INTEGER, Integer32: -2147483648..2147483647
	KindOctetString    Kind = 0x04
	KindNull           Kind = 0x05 // the value in a request
	KindObjectID       Kind = 0x06
	KindIPAddress      Kind = 0x40 // IPv4
	KindCounter32      Kind = 0x41
	KindGauge32        Kind = 0x42 // also Unsigned32
	KindTimeTicks      Kind = 0x43 // 1/100 s
	KindOpaque         Kind = 0x44
	KindCounter64      Kind = 0x46 // does not exist in SNMPv1
	KindNoSuchObject   Kind = 0x80 // nothing of that type is served
	KindNoSuchInstance Kind = 0x81 // the type is, this instance is not
	KindEndOfMibView   Kind = 0x82 // nothing follows
)

// Value is one value of an object, or what stands in its place. It is
// immutable and compares with ==. The zero value is no value at all.
type Value struct {
	kind Kind
	num  uint64
	text string // octets; for an object identifier its encoded contents
}

// Integer is an INTEGER or Integer32.
func Integer(n int32) Value { return Value{kind: KindInteger, num: uint64(int64(n))} }

// OctetString is an OCTET STRING of the octets of a text.
func OctetString(s string) Value { return Value{kind: KindOctetString, text: s} }

// Octets is an OCTET STRING of a copy of b.
func Octets(b []byte) Value { return Value{kind: KindOctetString, text: string(b)} }

// Counter32 is a counter that wraps after 4294967295.
func Counter32(n uint32) Value { return Value{kind: KindCounter32, num: uint64(n)} }

// Gauge32 is a Gauge32 or Unsigned32.
func Gauge32(n uint32) Value { return Value{kind: KindGauge32, num: uint64(n)} }

// TimeTicks is a time in hundredths of a second.
func TimeTicks(n uint32) Value { return Value{kind: KindTimeTicks, num: uint64(n)} }

// Counter64 is a counter that managers with SNMPv1 do not see.
func Counter64(n uint64) Value { return Value{kind: KindCounter64, num: n} }

// Opaque is an Opaque of encoded octets.
func Opaque(s string) Value { return Value{kind: KindOpaque, text: s} }

// ObjectID is an OBJECT IDENTIFIER. What has no encoding, such as the empty
// identifier, becomes the nearest that has one: .0.0.
func ObjectID(o OID) Value { return Value{kind: KindObjectID, text: string(ber.AppendArcs(nil, o))} }

// NoSuchObject stands for an object of a type that is not served.
func NoSuchObject() Value { return Value{kind: KindNoSuchObject} }

// NoSuchInstance stands for an instance that is not there, of a type that is.
func NoSuchInstance() Value { return Value{kind: KindNoSuchInstance} }

// IPAddress is the value of an IPv4 address; any other address is 0.0.0.0.
func IPAddress(a netip.Addr) Value {
	var four [4]byte
	if a = a.Unmap(); a.Is4() {
		four = a.As4()
	}
	return Value{kind: KindIPAddress, text: string(four[:])}
}

// Float is an Opaque that holds a float32, as net-snmp writes laLoadFloat.
func Float(f float32) Value {
	return Opaque(string(binary.BigEndian.AppendUint32([]byte{0x9f, 0x78, 4}, math.Float32bits(f))))
}

// Saturated is n as an INTEGER, held within 0..2147483647.
func Saturated(n uint64) Value { return Integer(int32(min(n, math.MaxInt32))) }

// SaturatedGauge is n as a Gauge32, held at 4294967295.
func SaturatedGauge(n uint64) Value { return Gauge32(uint32(min(n, math.MaxUint32))) }

// Kind returns the kind, 0 for the zero Value.
func (v Value) Kind() Kind { return v.kind }

// Exists tells whether v is the value of an object, not an exception, Null or
// the zero Value.
func (v Value) Exists() bool { return v.kind != 0 && v.kind != KindNull && v.kind < KindNoSuchObject }

// Int returns the number of an INTEGER, 0 for other kinds.
func (v Value) Int() int32 {
	if v.kind != KindInteger {
		return 0
	}
	return int32(int64(v.num))
}

// Uint returns the number of a counter, gauge or TimeTicks, 0 for other kinds.
func (v Value) Uint() uint64 {
	switch v.kind {
	case KindCounter32, KindGauge32, KindTimeTicks, KindCounter64:
		return v.num
	}
	return 0
}

// Octets returns the octets of an OCTET STRING, Opaque or IpAddress, empty
// for other kinds.
func (v Value) Octets() string {
	switch v.kind {
	case KindOctetString, KindOpaque, KindIPAddress:
		return v.text
	}
	return ""
}

// OID returns the identifier of an OBJECT IDENTIFIER, nil for other kinds.
func (v Value) OID() OID {
	if v.kind != KindObjectID {
		return nil
	}
	o, err := ber.Arcs(nil, []byte(v.text))
	if err != nil {
		return nil // no maker lets it come to that
	}
	return o
}

// String returns kind and value for people, such as `Counter32: 7`.
func (v Value) String() string {
	switch v.kind {
	case 0:
		return "none"
	case KindInteger:
		return "INTEGER: " + strconv.FormatInt(int64(v.num), 10)
	case KindCounter32, KindGauge32, KindTimeTicks, KindCounter64:
		return v.kind.String() + ": " + strconv.FormatUint(v.num, 10)
	case KindOctetString:
		return "STRING: " + strconv.Quote(v.text)
	case KindOpaque:
		return "Opaque: " + hex.EncodeToString([]byte(v.text))
	case KindObjectID:
		return "OID: " + v.OID().String()
	case KindIPAddress:
		return fmt.Sprintf("IpAddress: %d.%d.%d.%d", v.text[0], v.text[1], v.text[2], v.text[3])
	}
	return v.kind.String()
}

// String returns the name in the words of RFC 2578 and RFC 3416.
func (k Kind) String() string {
	switch k {
	case KindInteger:
		return "INTEGER"
	case KindOctetString:
		return "OCTET STRING"
	case KindNull:
		return "NULL"
	case KindObjectID:
		return "OBJECT IDENTIFIER"
	case KindIPAddress:
		return "IpAddress"
	case KindCounter32:
		return "Counter32"
	case KindGauge32:
		return "Gauge32"
	case KindTimeTicks:
		return "TimeTicks"
	case KindOpaque:
		return "Opaque"
	case KindCounter64:
		return "Counter64"
	case KindNoSuchObject:
		return "noSuchObject"
	case KindNoSuchInstance:
		return "noSuchInstance"
	case KindEndOfMibView:
		return "endOfMibView"
	}
	return "kind " + strconv.Itoa(int(k))
}
