package snmp_test

import (
	"math"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/snmp"
)

func TestValue(t *testing.T) {
	for name, c := range map[string]struct {
		v      snmp.Value
		kind   snmp.Kind
		int    int32
		uint   uint64
		octets string
		oid    snmp.OID
		text   string
	}{
		"integer":     {v: snmp.Integer(-7), kind: snmp.KindInteger, int: -7, text: "INTEGER: -7"},
		"least":       {v: snmp.Integer(math.MinInt32), kind: snmp.KindInteger, int: math.MinInt32, text: "INTEGER: -2147483648"},
		"largest":     {v: snmp.Integer(math.MaxInt32), kind: snmp.KindInteger, int: math.MaxInt32, text: "INTEGER: 2147483647"},
		"string":      {v: snmp.OctetString("a\x00\"b"), kind: snmp.KindOctetString, octets: "a\x00\"b", text: `STRING: "a\x00\"b"`},
		"octets":      {v: snmp.Octets([]byte{0xff}), kind: snmp.KindOctetString, octets: "\xff", text: `STRING: "\xff"`},
		"empty":       {v: snmp.OctetString(""), kind: snmp.KindOctetString, text: `STRING: ""`},
		"counter32":   {v: snmp.Counter32(math.MaxUint32), kind: snmp.KindCounter32, uint: math.MaxUint32, text: "Counter32: 4294967295"},
		"gauge32":     {v: snmp.Gauge32(7), kind: snmp.KindGauge32, uint: 7, text: "Gauge32: 7"},
		"timeticks":   {v: snmp.TimeTicks(8), kind: snmp.KindTimeTicks, uint: 8, text: "TimeTicks: 8"},
		"counter64":   {v: snmp.Counter64(math.MaxUint64), kind: snmp.KindCounter64, uint: math.MaxUint64, text: "Counter64: 18446744073709551615"},
		"opaque":      {v: snmp.Opaque("\x9f\x78"), kind: snmp.KindOpaque, octets: "\x9f\x78", text: "Opaque: 9f78"},
		"float":       {v: snmp.Float(2.02), kind: snmp.KindOpaque, octets: "\x9f\x78\x04\x40\x01\x47\xae", text: "Opaque: 9f7804400147ae"},
		"oid":         {v: snmp.ObjectID(snmp.OID{1, 3, 6, 1, 4294967295}), kind: snmp.KindObjectID, oid: snmp.OID{1, 3, 6, 1, 4294967295}, text: "OID: .1.3.6.1.4294967295"},
		"zeroDotZero": {v: snmp.ObjectID(nil), kind: snmp.KindObjectID, oid: snmp.OID{0, 0}, text: "OID: .0.0"},
		"address":     {v: snmp.IPAddress(netip.MustParseAddr("192.0.2.1")), kind: snmp.KindIPAddress, octets: "\xc0\x00\x02\x01", text: "IpAddress: 192.0.2.1"},
		"mapped":      {v: snmp.IPAddress(netip.MustParseAddr("::ffff:192.0.2.1")), kind: snmp.KindIPAddress, octets: "\xc0\x00\x02\x01", text: "IpAddress: 192.0.2.1"},
		"IPv6":        {v: snmp.IPAddress(netip.MustParseAddr("::1")), kind: snmp.KindIPAddress, octets: "\x00\x00\x00\x00", text: "IpAddress: 0.0.0.0"},
		"no address":  {v: snmp.IPAddress(netip.Addr{}), kind: snmp.KindIPAddress, octets: "\x00\x00\x00\x00", text: "IpAddress: 0.0.0.0"},
		"saturated":   {v: snmp.Saturated(1 << 31), kind: snmp.KindInteger, int: math.MaxInt32, text: "INTEGER: 2147483647"},
		"fits":        {v: snmp.Saturated(1<<31 - 2), kind: snmp.KindInteger, int: math.MaxInt32 - 1, text: "INTEGER: 2147483646"},
		"full gauge":  {v: snmp.SaturatedGauge(1 << 32), kind: snmp.KindGauge32, uint: math.MaxUint32, text: "Gauge32: 4294967295"},
		"gauge fits":  {v: snmp.SaturatedGauge(1<<32 - 2), kind: snmp.KindGauge32, uint: math.MaxUint32 - 1, text: "Gauge32: 4294967294"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.kind, c.v.Kind())
			assert.True(t, c.v.Exists())
			assert.Equal(t, c.int, c.v.Int())
			assert.Equal(t, c.uint, c.v.Uint())
			assert.Equal(t, c.octets, c.v.Octets())
			assert.Equal(t, c.oid, c.v.OID())
			assert.Equal(t, c.text, c.v.String())
		})
	}
}

func TestNoValue(t *testing.T) {
	for text, v := range map[string]snmp.Value{
		"none":           {},
		"noSuchObject":   snmp.NoSuchObject(),
		"noSuchInstance": snmp.NoSuchInstance(),
	} {
		assert.False(t, v.Exists())
		assert.Equal(t, text, v.String())
	}
}

// Equal values are equal with ==, unequal kinds of one number are not.
func TestValueComparable(t *testing.T) {
	assert.True(t, snmp.OctetString("ab") == snmp.Octets([]byte("ab")))
	assert.True(t, snmp.ObjectID(snmp.OID{1, 3}) == snmp.ObjectID(snmp.MustParseOID("1.3")))
	assert.False(t, snmp.Gauge32(1) == snmp.Counter32(1))
	assert.False(t, snmp.OctetString("") == snmp.Value{})
}

func TestKindString(t *testing.T) {
	for kind, want := range map[snmp.Kind]string{
		snmp.KindInteger: "INTEGER", snmp.KindOctetString: "OCTET STRING", snmp.KindNull: "NULL",
		snmp.KindObjectID: "OBJECT IDENTIFIER", snmp.KindIPAddress: "IpAddress", snmp.KindCounter32: "Counter32",
		snmp.KindGauge32: "Gauge32", snmp.KindTimeTicks: "TimeTicks", snmp.KindOpaque: "Opaque",
		snmp.KindCounter64: "Counter64", snmp.KindNoSuchObject: "noSuchObject",
		snmp.KindNoSuchInstance: "noSuchInstance", snmp.KindEndOfMibView: "endOfMibView", 0x99: "kind 153",
	} {
		assert.Equal(t, want, kind.String())
	}
}
