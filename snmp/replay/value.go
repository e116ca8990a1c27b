package replay

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/snmp"
)

// value reads what stands behind the equals sign.
func (s *scanner) value(text string) (snmp.Value, error) {
	if remark, rest, ok := strings.Cut(text, "): "); ok && strings.HasPrefix(remark, "Wrong Type (should be ") {
		text = rest
	}
	if strings.TrimSpace(text) == `""` { // the empty string has no type
		return snmp.OctetString(""), nil
	}
	kind, text, ok := strings.Cut(text, ":")
	if !ok {
		return snmp.Value{}, fmt.Errorf("want a type and a colon, got %.40q: record without -Oq, -OQ and -Ot", kind)
	}
	text = strings.TrimPrefix(text, " ")
	switch kind {
	case "STRING":
		return s.quoted(text)
	case "Hex-STRING", "BITS", "OPAQUE":
		text, err := s.continued(text)
		if err != nil {
			return snmp.Value{}, err
		}
		switch kind {
		case "BITS":
			return bitString(text)
		case "OPAQUE":
			return octets(text, snmp.Opaque)
		}
		return octets(text, snmp.OctetString)
	}
	return single(kind, strings.TrimSpace(text))
}

// single reads the types that take one line.
func single(kind, text string) (snmp.Value, error) {
	switch kind {
	case "INTEGER":
		n, err := strconv.ParseInt(number(text), 10, 32)
		return made(snmp.Integer(int32(n)), err)
	case "Counter32":
		n, err := strconv.ParseUint(number(text), 10, 32)
		return made(snmp.Counter32(uint32(n)), err)
	case "Gauge32", "Unsigned32":
		n, err := strconv.ParseUint(number(text), 10, 32)
		return made(snmp.Gauge32(uint32(n)), err)
	case "Timeticks":
		n, err := strconv.ParseUint(number(text), 10, 32)
		return made(snmp.TimeTicks(uint32(n)), err)
	case "Counter64":
		n, err := strconv.ParseUint(number(text), 10, 64)
		return made(snmp.Counter64(n), err)
	case "OID":
		oid, err := snmp.ParseOID(text)
		if err == nil && (len(oid) < 2 || oid[0] > 2 || oid[0] < 2 && oid[1] > 39) {
			err = fmt.Errorf("%q is no object identifier", text)
		}
		return made(snmp.ObjectID(oid), err)
	case "IpAddress":
		a, err := netip.ParseAddr(text)
		if err == nil && !a.Is4() {
			err = fmt.Errorf("%q is no IPv4 address", text)
		}
		return made(snmp.IPAddress(a), err)
	case "Network Address":
		b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
		a, ok := netip.AddrFromSlice(b)
		if err != nil || !ok || !a.Is4() {
			return snmp.Value{}, fmt.Errorf("%.40q is no address of four octets", text)
		}
		return snmp.IPAddress(a), nil
	case "Opaque":
		return floating(text)
	}
	return snmp.Value{}, fmt.Errorf("unknown type %.40q", kind)
}

func made(v snmp.Value, err error) (snmp.Value, error) {
	if err != nil {
		return snmp.Value{}, err
	}
	return v, nil
}

// number returns the digits of `7`, `(7) 0:00:00.07`, `up(7)` and `7 octets`.
func number(text string) string {
	if _, behind, ok := strings.Cut(text, "("); ok {
		if n, _, ok := strings.Cut(behind, ")"); ok {
			return n
		}
	}
	n, _, _ := strings.Cut(text, " ")
	return n
}

// floating reads a float that net-snmp wraps into an Opaque.
func floating(text string) (snmp.Value, error) {
	kind, n, _ := strings.Cut(text, ": ")
	if kind != "Float" {
		return snmp.Value{}, fmt.Errorf("unknown type %.40q in an Opaque", kind)
	}
	f, err := strconv.ParseFloat(number(n), 32)
	return made(snmp.Float(float32(f)), err)
}

// quoted reads a string in quotes, which may go on in further lines.
func (s *scanner) quoted(text string) (snmp.Value, error) {
	if !strings.HasPrefix(text, `"`) {
		return snmp.Value{}, fmt.Errorf("the string %.40q has no quotes: it was made by a display hint; record with MIBS set to the empty text", text)
	}
	text = text[1:]
	var b strings.Builder
	for {
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case c == '"':
				if rest := strings.TrimSpace(text[i+1:]); rest != "" {
					return snmp.Value{}, fmt.Errorf("text behind the string: %.40q", rest)
				}
				return snmp.OctetString(b.String()), nil
			case c == '\\' && i+1 < len(text):
				i++
				b.WriteByte(text[i])
			default:
				b.WriteByte(c)
			}
			if b.Len() > maxOctets {
				return snmp.Value{}, errTooLong
			}
		}
		b.WriteByte('\n')
		if !s.advance() {
			return snmp.Value{}, errors.New("the string does not end")
		}
		text = s.line
	}
}

// octets reads pairs of hexadecimal digits, with or without a translation in
// brackets at the end of each line.
func octets(text string, value func(string) snmp.Value) (snmp.Value, error) {
	var b []byte
	for line := range strings.Lines(text) {
		for pair := range strings.FieldsSeq(line) {
			if pair[0] == '[' {
				break
			}
			octet, err := strconv.ParseUint(pair, 16, 8)
			if err != nil || len(pair) != 2 {
				return snmp.Value{}, fmt.Errorf("%.40q are no two hexadecimal digits", pair)
			}
			b = append(b, byte(octet))
		}
	}
	if len(b) > maxOctets {
		return snmp.Value{}, errTooLong
	}
	return value(string(b)), nil
}

// bitString reads octets and, behind them, the bits that are set, as `C0 0 1`
// or `C0 up(0) down(1)`. Only one place to part them makes both agree.
func bitString(text string) (snmp.Value, error) {
	words := strings.Fields(text)
	set := 0
	for k := 0; ; k++ {
		if set == len(words)-k {
			v, err := octets(strings.Join(words[:k], " "), snmp.OctetString)
			if err == nil && slices.Equal(bitsOf(v.Octets()), words2bits(words[k:])) {
				return v, nil
			}
		}
		if k == len(words) {
			break
		}
		octet, err := strconv.ParseUint(words[k], 16, 8)
		if err != nil {
			break
		}
		set += bits.OnesCount8(uint8(octet))
	}
	return snmp.Value{}, fmt.Errorf("octets and bits of %.40q do not agree", text)
}

func bitsOf(octets string) []int {
	var set []int
	for i := range 8 * len(octets) {
		if octets[i/8]&(0x80>>(i%8)) != 0 {
			set = append(set, i)
		}
	}
	return set
}

// words2bits returns the numbers of bits, -1 for what is none.
func words2bits(words []string) []int {
	var set []int
	for _, w := range words {
		n, err := strconv.Atoi(number(w))
		if err != nil {
			n = -1
		}
		set = append(set, n)
	}
	return set
}
