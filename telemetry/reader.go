package telemetry

import (
	"cmp"
	"fmt"
	"math"
	"unicode/utf8"
)

// reader takes CBOR apart, as strictly as the wire format wants it. Every
// length is compared with the bytes that are left before it is believed.
type reader struct {
	b     []byte
	at    int
	op    string // what is being done, for errors; "" = decode
	field string // the field being read, for errors

	decoder    *Decoder    // keeps texts; nil: none does
	disks      []Disk      // memory for the rows
	interfaces []Interface // memory for the rows
}

func (r *reader) fail(format string, args ...any) error {
	place := fmt.Sprintf("byte %d", r.at)
	if r.field != "" {
		place += " (" + r.field + ")"
	}
	return fmt.Errorf("telemetry: %s: %s: %s: %w", cmp.Or(r.op, "decode"), place, fmt.Sprintf(format, args...), ErrMalformed)
}

// head reads a major type and its number.
func (r *reader) head() (major byte, n uint64, err error) {
	if r.at >= len(r.b) {
		return 0, 0, r.fail("truncated")
	}
	first := r.b[r.at]
	major, info := first>>5, first&31
	if major == majorSimple && (info < simpleFalse || info > simpleNull) {
		return 0, 0, r.fail("%#02x: floats and simple values other than false, true and null are not allowed", first)
	}
	switch {
	case info < 24:
		r.at++
		return major, uint64(info), nil
	case info == 31:
		return 0, 0, r.fail("%#02x: indefinite lengths are not allowed", first)
	case info > 27:
		return 0, 0, r.fail("%#02x is reserved", first)
	}
	size := 1 << (info - 24)
	if len(r.b)-r.at-1 < size {
		return 0, 0, r.fail("truncated")
	}
	for _, c := range r.b[r.at+1 : r.at+1+size] {
		n = n<<8 | uint64(c)
	}
	if size == 1 && n < 24 || size > 1 && n>>(4*size) == 0 {
		return 0, 0, r.fail("%d is not written in the shortest form", n)
	}
	r.at += 1 + size
	return major, n, nil
}

// want reads a head of one major type.
func (r *reader) want(major byte) (uint64, error) {
	start := r.at
	got, n, err := r.head()
	if err == nil && got != major {
		r.at = start
		err = r.fail("want %s, got %s", majorNames[major], majorNames[got])
	}
	return n, err
}

var majorNames = [8]string{
	"an unsigned integer", "a negative integer", "a byte string", "a text",
	"an array", "a map", "a tag", "a simple value",
}

// open reads the head of an array or a map and returns how many elements or
// pairs follow.
func (r *reader) open(major byte, most uint64) (int, error) {
	n, err := r.want(major)
	if err != nil {
		return 0, err
	}
	return r.length(major, n, most)
}

func (r *reader) length(major byte, n, most uint64) (int, error) {
	bytes := n
	if major == majorMap && n <= most {
		bytes = 2 * n
	}
	switch {
	case n > most:
		return 0, r.fail("%s of %d, allowed are %d", majorNames[major], n, most)
	case bytes > uint64(len(r.b)-r.at):
		return 0, r.fail("truncated")
	}
	return int(n), nil
}

func (r *reader) uint(most uint64) (uint64, error) {
	start := r.at
	n, err := r.want(majorUint)
	if err == nil && n > most {
		r.at = start
		err = r.fail("%d is out of range, allowed are %d", n, most)
	}
	return n, err
}

func (r *reader) int() (int64, error) {
	start := r.at
	major, n, err := r.head()
	switch {
	case err != nil:
		return 0, err
	case major > majorNegative:
		r.at = start
		return 0, r.fail("want an integer, got %s", majorNames[major])
	case n > math.MaxInt64:
		r.at = start
		return 0, r.fail("an integer out of range")
	case major == majorNegative:
		return -1 - int64(n), nil
	}
	return int64(n), nil
}

func (r *reader) text() (string, error) {
	raw, err := r.rawText()
	return string(raw), err
}

// common reads a text that many devices have in common.
func (r *reader) common() (string, error) {
	raw, err := r.rawText()
	if err != nil {
		return "", err
	}
	return r.decoder.text(raw), nil
}

func (r *reader) rawText() ([]byte, error) {
	n, err := r.want(majorText)
	if err != nil {
		return nil, err
	}
	return r.textOf(n)
}

// textOf takes the n bytes of a text.
func (r *reader) textOf(n uint64) ([]byte, error) {
	raw, err := r.take(n)
	if err == nil && !utf8.Valid(raw) {
		err = r.fail("text that is not UTF-8")
	}
	return raw, err
}

func (r *reader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.b)-r.at) {
		return nil, r.fail("truncated")
	}
	raw := r.b[r.at : r.at+int(n)]
	r.at += int(n)
	return raw, nil
}

// bytes reads a byte string, which stays where it is.
func (r *reader) bytes() ([]byte, error) {
	n, err := r.want(majorBytes)
	if err != nil {
		return nil, err
	}
	return r.take(n)
}

// literal passes over the bytes of text, described by what.
func (r *reader) literal(text, what string) error {
	if got := r.b[r.at:min(len(r.b), r.at+len(text))]; string(got) != text {
		return r.fail("want %s, got %#x", what, got)
	}
	r.at += len(text)
	return nil
}

// null consumes a null, if one is next.
func (r *reader) null() bool {
	if r.at < len(r.b) && r.b[r.at] == majorSimple<<5|simpleNull {
		r.at++
		return true
	}
	return false
}
