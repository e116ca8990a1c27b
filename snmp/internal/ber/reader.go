package ber

import "errors"

// The errors of a Reader, besides ErrNumber.
var (
	ErrTruncated = errors.New("ends too early")
	ErrLength    = errors.New("indefinite length, or one of more than four octets")
	ErrTag       = errors.New("wrong tag")
	ErrTrailing  = errors.New("octets after the end")
)

// Reader reads the elements of a slice one after the other. After an error it
// yields nothing more, so it is enough to look at Err at the end.
type Reader struct {
	rest []byte
	err  error
}

// NewReader returns a Reader of b, which it keeps.
func NewReader(b []byte) Reader { return Reader{rest: b} }

// More tells whether there is another element to read.
func (r *Reader) More() bool { return r.err == nil && len(r.rest) > 0 }

// Rest returns what was not read yet.
func (r *Reader) Rest() []byte { return r.rest }

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Close returns the first error, or ErrTrailing when something is left.
func (r *Reader) Close() error {
	if r.err == nil && len(r.rest) > 0 {
		r.err = ErrTrailing
	}
	return r.err
}

// Fail makes err the error of the Reader, unless it has one.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Next returns tag and contents of the next element, a part of the slice that
// the Reader was given. A length may be longer than it has to be, up to four
// octets.
func (r *Reader) Next() (tag byte, contents []byte) {
	b := r.rest
	switch {
	case r.err != nil:
		return 0, nil
	case len(b) < 2:
		r.err = ErrTruncated
		return 0, nil
	}
	tag, n := b[0], uint64(b[1])
	b = b[2:]
	if n >= 0x80 {
		octets := int(n & 0x7f)
		switch {
		case octets == 0 || octets > 4:
			r.err = ErrLength
			return 0, nil
		case len(b) < octets:
			r.err = ErrTruncated
			return 0, nil
		}
		n = 0
		for _, c := range b[:octets] {
			n = n<<8 | uint64(c)
		}
		b = b[octets:]
	}
	if n > uint64(len(b)) {
		r.err = ErrTruncated
		return 0, nil
	}
	r.rest = b[n:]
	return tag, b[:n:n]
}

// Expect returns the contents of the next element, which must have the tag.
func (r *Reader) Expect(tag byte) []byte {
	got, contents := r.Next()
	if r.err == nil && got != tag {
		r.err = ErrTag
	}
	if r.err != nil {
		return nil
	}
	return contents
}

// Int32 returns the next element, an INTEGER from least to 2147483647.
func (r *Reader) Int32(least int32) int32 {
	contents := r.Expect(Integer)
	if r.err != nil {
		return 0
	}
	n, err := Int32(contents)
	if err != nil || n < least {
		r.err = ErrNumber
		return 0
	}
	return n
}
