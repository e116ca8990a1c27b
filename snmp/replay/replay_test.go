package replay_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/replay"
	"github.com/fieldgate/fieldgate/snmp/snmptest/suite"
)

func read(t testing.TB, text string) *snmp.List {
	t.Helper()
	l, err := replay.Read(strings.NewReader(text))
	require.NoError(t, err)
	return l
}

func TestValues(t *testing.T) {
	for text, want := range map[string]snmp.Value{
		`INTEGER: 7`:                         snmp.Integer(7),
		`INTEGER: -2147483648`:               snmp.Integer(-2147483648),
		`INTEGER: up(1)`:                     snmp.Integer(1),
		`INTEGER: 1500 octets`:               snmp.Integer(1500),
		`Counter32: 4294967295`:              snmp.Counter32(4294967295),
		`Counter32: 4 packets`:               snmp.Counter32(4),
		`Gauge32: 8`:                         snmp.Gauge32(8),
		`Unsigned32: 8`:                      snmp.Gauge32(8),
		`Counter64: 18446744073709551615`:    snmp.Counter64(18446744073709551615),
		`Timeticks: (154) 0:00:01.54`:        snmp.TimeTicks(154),
		`OID: .1.3.6.1.4.1.8072.3.2.10`:      snmp.ObjectID(snmp.MustParseOID(".1.3.6.1.4.1.8072.3.2.10")),
		`OID: .0.0`:                          snmp.ObjectID(snmp.OID{0, 0}),
		`IpAddress: 192.0.2.1`:               snmp.OctetString(""),
		`Network Address: 7F:00:00:01`:       snmp.OctetString(""),
		`""`:                                 snmp.OctetString(""),
		`STRING: ""`:                         snmp.OctetString(""),
		`STRING: "a \"b\" \\ c"`:             snmp.OctetString(`a "b" \ c`),
		"STRING: \"one\ntwo = 2\n\n\"":       snmp.OctetString("one\ntwo = 2\n\n"),
		"STRING: \"cr\r\nlf\"\r":             snmp.OctetString("cr\r\nlf"),
		"STRING: \"back\\\\\nslash\"":        snmp.OctetString("back\\\nslash"),
		`STRING: "No Such Object available"`: snmp.OctetString("No Such Object available"),
		`Hex-STRING: 00 01 FE ff `:           snmp.OctetString("\x00\x01\xfe\xff"),
		"Hex-STRING: " + strings.Repeat("0A ", 16) + "\n" + strings.Repeat("0B ", 2): snmp.OctetString(strings.Repeat("\n", 16) + "\v\v"),
		"Hex-STRING: 6E 2A 96   [n*]]\n41 [A]":                                       snmp.OctetString("n*\x96A"),
		"Hex-STRING: ":                                                               snmp.OctetString(""),
		"BITS: C0 0 1 ":                                                              snmp.OctetString("\xc0"),
		"BITS: C0 up(0) down(1) ":                                                    snmp.OctetString("\xc0"),
		"BITS: 00 20 10 ":                                                            snmp.OctetString("\x00\x20"),
		"BITS: 00 ":                                                                  snmp.OctetString("\x00"),
		"BITS: ":                                                                     snmp.OctetString(""),
		"Opaque: Float: 1.828125":                                                    snmp.Float(1.828125),
		"OPAQUE: 9F 78 04 3F EA 00 00 ":                                              snmp.Float(1.828125),
		`Wrong Type (should be INTEGER): STRING: "x"`:                                snmp.OctetString("x"),
	} {
		t.Run(text, func(t *testing.T) {
			l := read(t, ".1.3.6.1.1.0 = "+text+"\n.1.3.6.1.2.0 = INTEGER: 9\n")
			got := l.Get(snmp.MustParseOID(".1.3.6.1.1.0"))
			switch {
			case strings.HasPrefix(text, "IpAddress"):
				assert.Equal(t, "IpAddress: 192.0.2.1", got.String())
			case strings.HasPrefix(text, "Network"):
				assert.Equal(t, "IpAddress: 127.0.0.1", got.String())
			default:
				assert.Equal(t, want, got)
			}
			assert.Equal(t, snmp.Integer(9), l.Get(snmp.MustParseOID(".1.3.6.1.2.0")), "the line behind it")
			assert.Equal(t, 2, l.Len())
		})
	}
}

func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"iso.3 = INTEGER: 1":                                 "line 1: want `.1.3.6... = TYPE: value`",
		"\n\n.1.3.6":                                         "line 3: want `.1.3.6",
		".1.3.1.0 = INTEGER: 1\n.1.3.2.0=7":                  "line 2: want",
		".1 = INTEGER: 1":                                    "line 1: .1 is too short",
		".1.40.1 = INTEGER: 1":                               "line 1: .1.40.1 is no object identifier",
		".1.3.1.0 = 7":                                       `.1.3.1.0: want a type and a colon, got "7"`,
		".1.3.1.0 =":                                         `want a type and a colon`,
		".1.3.1.0 = Integer: 7":                              `unknown type "Integer"`,
		`.1.3.1.0 = "6E 2A "`:                                "want a type and a colon",
		`.1.3.1.0 = "a: b"`:                                  "unknown type",
		".1.3.1.0 = NULL":                                    "want a type and a colon",
		".1.3.1.0 = INTEGER: 2147483648":                     "value out of range",
		".1.3.1.0 = INTEGER: up":                             "invalid syntax",
		".1.3.1.0 = Counter32: -1":                           "invalid syntax",
		".1.3.1.0 = Counter64: 18446744073709551616":         "value out of range",
		".1.3.1.0 = Timeticks: 0:00":                         "invalid syntax",
		".1.3.1.0 = OID: iso.3":                              "is no object identifier",
		".1.3.1.0 = OID: .9.9":                               "is no object identifier",
		".1.3.1.0 = IpAddress: ::1":                          "is no IPv4 address",
		".1.3.1.0 = IpAddress: x":                            "unable to parse IP",
		".1.3.1.0 = Network Address: 01:02":                  "is no address of four octets",
		".1.3.1.0 = Opaque: Int64: 1":                        `unknown type "Int64" in an Opaque`,
		".1.3.1.0 = Opaque: Float: x":                        "invalid syntax",
		".1.3.1.0 = STRING: 0:1:2:3":                         "has no quotes",
		".1.3.1.0 = STRING: \"a\" b":                         `text behind the string: "b"`,
		".1.3.0.0 = INTEGER: 1\n.1.3.1.0 = STRING: \"a\nb\n": "line 2: .1.3.1.0: the string does not end",
		".1.3.1.0 = Hex-STRING: 0":                           "no two hexadecimal digits",
		".1.3.1.0 = Hex-STRING: 00 GG":                       "no two hexadecimal digits",
		".1.3.1.0 = Hex-STRING: 00\nsome text":               "no two hexadecimal digits",
		".1.3.1.0 = BITS: C0 0":                              "do not agree",
		".1.3.1.0 = BITS: up(0)":                             "do not agree",
		".1.3.2.0 = INTEGER: 1\n.1.3.1.0 = INTEGER: 1\n.1.3.2.0 = INTEGER: 2": "line 3: .1.3.2.0 is in line 1 already",
		".1.3.1.0 = STRING: \"" + strings.Repeat("a", 65536) + `"`:            "more than 65535 octets",
		".1.3.1.0 = Hex-STRING: " + strings.Repeat("00 ", 65536):              "more than 65535 octets",
		".1.3.1.0 = Hex-STRING: " + strings.Repeat("00 \n", 200000):           "more than 65535 octets",
		strings.Repeat(".1", 129) + " = INTEGER: 1":                           "line 1: want",
	} {
		t.Run(want, func(t *testing.T) {
			_, err := replay.Read(strings.NewReader(text))
			var fault *replay.Error
			require.ErrorAs(t, err, &fault)
			assert.ErrorContains(t, err, "replay: line ")
			assert.ErrorContains(t, err, want)
		})
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken")
	_, err := replay.Read(iotest.ErrReader(broken))
	assert.ErrorIs(t, err, broken)
}

func TestTooLong(t *testing.T) {
	_, err := replay.Read(io.LimitReader(repeat('\n'), 64<<20+1))
	assert.ErrorContains(t, err, "longer than 67108864 octets")
}

// repeat reads as that octet for ever.
type repeat byte

func (r repeat) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(r)
	}
	return len(b), nil
}

const walk = `.1.3.6.1.2.1.1.5.0 = STRING: "gateway"
.1.3.6.1.2.1.1.1.0 = STRING: "Linux"
.1.3.6.1.2.1.2.2.1.6.1 = ""
.1.3.6.1.2.1.2.2.1.6.2 = Hex-STRING: 6E 2A 96 C2 0F A1 
.1.3.6.1.2.1.4.20.1.2.192.0.2.1 = INTEGER: 2
.1.3.6.1.2.1.4.20.1.2.192.0.2.7 = INTEGER: 2
.1.3.6.1.2.1.99.0 = No more variables left in this MIB View (It is past the end of the MIB tree)
`

func TestConforms(t *testing.T) {
	suite.TestHandler(t, func(t *testing.T) suite.HandlerRig {
		return suite.HandlerRig{Handler: read(t, walk), Prefix: snmp.MustParseOID(".1.3.6.1.2.1")}
	})
}

func TestEmpty(t *testing.T) {
	for _, text := range []string{"", "\n \n", ".1.3.6 = No Such Object available on this agent at this OID\n", ".1.3.6 = No Such Instance currently exists at this OID"} {
		assert.Zero(t, read(t, text).Len())
	}
}

func TestMissing(t *testing.T) {
	l := read(t, walk)
	for oid, want := range map[string]snmp.Value{
		".1.3.6.1.2.1.1.5.1":              snmp.NoSuchInstance(),
		".1.3.6.1.2.1.1.5":                snmp.NoSuchInstance(),
		".1.3.6.1.2.1.2.2.1.6.9":          snmp.NoSuchInstance(),
		".1.3.6.1.2.1.4.20.1.2.192.0.2.3": snmp.NoSuchInstance(),
		".1.3.6.1.2.1.1.6.0":              snmp.NoSuchObject(),
		".1.3.6.1.2.1.2.2.1.7.1":          snmp.NoSuchObject(),
		".1.3.6.1.2.1.1":                  snmp.NoSuchObject(),
		".1.3.6.1.2.1.99.0":               snmp.NoSuchObject(),
	} {
		assert.Equal(t, want, l.Get(snmp.MustParseOID(oid)), oid)
	}
}

// print writes what Read reads.
func print(l *snmp.List) string {
	var b bytes.Buffer
	for v, ok := l.Next(nil); ok; v, ok = l.Next(v.OID) {
		value := v.Value.String()
		switch v.Value.Kind() {
		case snmp.KindOctetString:
			value = fmt.Sprintf("Hex-STRING: % X", v.Value.Octets())
		case snmp.KindOpaque:
			value = fmt.Sprintf("OPAQUE: % X", v.Value.Octets())
		case snmp.KindTimeTicks:
			value = fmt.Sprintf("Timeticks: (%d)", v.Value.Uint())
		}
		fmt.Fprintf(&b, "%v = %s\n", v.OID, value)
	}
	return b.String()
}

func FuzzRead(f *testing.F) {
	f.Add(walk)
	f.Add(".1.3.1.0 = STRING: \"a\\\"\n\\\\\"\n.1.3.2.0 = BITS: C0 a(0) 1\n.1.3.3.0 = Opaque: Float: 1.5\n")
	f.Add(".1.3.1.0 = Timeticks: (1) 0:0\n.1.3.1.2.3 = OID: .1.3\n.1.3.4 = IpAddress: 1.2.3.4\n.2.9.9 = Counter64: 7\n")
	f.Add(".1.3.1.0 = OPAQUE: 00 \n01 [x]\n.1.3.4.0 = Network Address: 7F:00:00:01\n.1.3.9 = Wrong Type (should be X): INTEGER: a(1)")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := replay.Read(strings.NewReader(text))
		if err != nil {
			var fault *replay.Error
			require.ErrorAs(t, err, &fault)
			require.LessOrEqual(t, fault.Line, strings.Count(text, "\n")+1)
			return
		}
		printed := print(l)
		again, err := replay.Read(strings.NewReader(printed))
		require.NoError(t, err)
		require.Equal(t, printed, print(again))
		require.Equal(t, l.Len(), again.Len())
	})
}
