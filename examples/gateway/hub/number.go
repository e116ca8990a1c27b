package hub

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/hubconfig"
)

// number is an integer, a float or none, in little memory.
type number struct {
	form form
	bits uint64
}

type form uint8

const (
	none form = iota
	signed
	unsigned
	float
)

func (n number) float() float64 {
	switch n.form {
	case signed:
		return float64(int64(n.bits))
	case unsigned:
		return float64(n.bits)
	}
	return math.Float64frombits(n.bits)
}

func (n number) public() api.Number {
	switch n.form {
	case signed:
		return api.Int(int64(n.bits))
	case unsigned:
		return api.Uint(n.bits)
	case float:
		return api.Float(n.float())
	}
	return api.Number{}
}

// reading is what is known of a signal.
type reading struct {
	number number
	flags  api.Flags
	at     int64 // Unix time in ns; 0: there never was a value
}

func (r reading) time() time.Time {
	if r.at == 0 {
		return time.Time{}
	}
	return time.Unix(0, r.at)
}

// scale makes values of numbers.
type scale struct{ multiply, add float64 }

// apply returns the value of n, and the flags that it brings.
func (s scale) apply(n number) (number, api.Flags) {
	switch {
	case n.form == none, s == scale{1, 0} && n.form != float:
		return n, 0
	}
	f := n.float()*s.multiply + s.add
	switch {
	case math.IsNaN(f):
		return number{}, api.FlagInvalid
	case math.IsInf(f, 0):
		return number{}, api.FlagOverflow
	}
	return number{float, math.Float64bits(f)}, 0
}

// decode returns the value of p in the data of an answer to job, which has
// the length that the job asks for.
func (p point) decode(job hubconfig.Job, data []byte) (number, api.Flags) {
	offset := p.part.Start - job.Start
	if job.Bits() {
		return p.scale.apply(number{unsigned, uint64(data[offset/8]>>(offset%8)) & 1})
	}
	raw := ordered(data[2*offset:2*(offset+p.part.Count)], p.order)
	n := number{unsigned, raw}
	switch p.kind {
	case hubconfig.Digital:
		n.bits = raw >> p.bit & 1
	case hubconfig.Signed16:
		n = number{signed, uint64(int16(raw))}
	case hubconfig.Signed32:
		n = number{signed, uint64(int32(raw))}
	case hubconfig.Signed64:
		n.form = signed
	case hubconfig.Float:
		n = number{float, math.Float64bits(float64(math.Float32frombits(uint32(raw))))}
	case hubconfig.Double:
		n.form = float
	}
	return p.scale.apply(n)
}

// ordered puts the bytes of 1, 2 or 4 registers together.
func ordered(data []byte, order hubconfig.Order) (raw uint64) {
	for i := 0; i < len(data); i += 2 {
		from := i
		if order == hubconfig.CDAB || order == hubconfig.DCBA {
			from = len(data) - 2 - i
		}
		register := binary.BigEndian.Uint16(data[from:])
		if order == hubconfig.BADC || order == hubconfig.DCBA {
			register = register<<8 | register>>8
		}
		raw = raw<<16 | uint64(register)
	}
	return raw
}
