package hubconfig

import (
	"fmt"
	"slices"
	"strings"
)

// Protocol is how the hub speaks with a device.
type Protocol string

// The protocols.
const (
	ModbusTCP Protocol = "modbus tcp"
	ModbusRTU Protocol = "modbus rtu"
	Virtual   Protocol = "virtual device" // asks nothing, has copies only
)

// Parity is the kind of the parity bit of a serial line.
type Parity string

// The parities.
const (
	ParityNone Parity = "none"
	ParityEven Parity = "even"
	ParityOdd  Parity = "odd"
)

// NumberType is how bits and registers make a number: a [Kind], and an
// [Order] as suffix where that is not the usual one, such as "float_cdab".
type NumberType string

// Kind is a number type without its order.
type Kind string

// The kinds.
const (
	Digital    Kind = "digital"
	Signed16   Kind = "signed16"
	Unsigned16 Kind = "unsigned16"
	Signed32   Kind = "signed32"
	Unsigned32 Kind = "unsigned32"
	Signed64   Kind = "signed64"
	Unsigned64 Kind = "unsigned64"
	Float      Kind = "float"
	Double     Kind = "double"
)

// Order is the order of bytes and registers.
type Order string

// The orders, by the bytes of a 32-bit number with A the most significant.
const (
	ABCD Order = "abcd" // the usual one
	BADC Order = "badc" // the low byte of each register first
	CDAB Order = "cdab" // the low register first
	DCBA Order = "dcba" // both
)

var (
	protocols = []Protocol{ModbusTCP, ModbusRTU, Virtual}
	parities  = []Parity{ParityNone, ParityEven, ParityOdd}
	orders    = []Order{ABCD, BADC, CDAB, DCBA}
)

// registers tells how many registers a kind takes.
var registers = map[Kind]int{
	Digital: 1, Signed16: 1, Unsigned16: 1, Signed32: 2, Unsigned32: 2, Float: 2, Signed64: 4, Unsigned64: 4, Double: 4,
}

// kindWords are the words for the kinds, in the order in which people are
// told them.
var kindWords = []struct {
	word string
	kind Kind
}{
	{"digital", Digital},
	{"signed16", Signed16}, {"unsigned16", Unsigned16}, {"signed32", Signed32}, {"unsigned32", Unsigned32},
	{"signed64", Signed64}, {"unsigned64", Unsigned64}, {"float", Float}, {"double", Double},
	{"int16", Signed16}, {"uint16", Unsigned16}, {"int32", Signed32}, {"uint32", Unsigned32},
	{"int64", Signed64}, {"uint64", Unsigned64}, {"float32", Float}, {"float64", Double},
}

// Split returns the parts of t; the zero value is digital.
func (t NumberType) Split() (Kind, Order) {
	kind, order, found := strings.Cut(string(t), "_")
	switch {
	case kind == "":
		return Digital, ABCD
	case !found:
		return Kind(kind), ABCD
	}
	return Kind(kind), Order(order)
}

// Registers returns how many registers a number of the kind takes.
func (k Kind) Registers() int { return registers[k] }

// ParseNumberType reads a number type in any case, also by its other names.
func ParseNumberType(text string) (NumberType, error) {
	word, suffix, suffixed := strings.Cut(strings.ToLower(text), "_")
	i := slices.IndexFunc(kindWords, func(k struct {
		word string
		kind Kind
	}) bool {
		return k.word == word
	})
	if i < 0 {
		words := make([]string, len(registers))
		for i := range words {
			words[i] = kindWords[i].word
		}
		return "", fmt.Errorf("%q is no number type, allowed are %s", text, strings.Join(words, ", "))
	}
	kind, order := kindWords[i].kind, Order(suffix)
	switch {
	case !suffixed || order == ABCD && kind != Digital:
		return NumberType(kind), nil
	case kind == Digital:
		return "", fmt.Errorf("%q: a digital has no order of bytes", text)
	case !slices.Contains(orders, order):
		return "", fmt.Errorf("%q is no order of bytes, allowed are abcd, badc, cdab, dcba", suffix)
	case kind.Registers() == 1 && order != BADC:
		return "", fmt.Errorf("%q: a number of one register has the order abcd or badc", text)
	}
	return NumberType(string(kind) + "_" + string(order)), nil
}

// parseWord reads one of the allowed words, in any case and with any spaces.
func parseWord[T ~string](text string, allowed []T) (T, error) {
	word := T(strings.ToLower(strings.Join(strings.Fields(text), " ")))
	if slices.Contains(allowed, word) {
		return word, nil
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	return "", fmt.Errorf("%q is none of: %s", text, strings.Join(words, ", "))
}
