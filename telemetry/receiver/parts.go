package receiver

import "math/bits"

// MaxParts is into how many parts a report may be split.
const MaxParts = 64

// partWindow tells which parts of the reports in the window were taken. It
// exists for devices that split reports only; nil knows of none.
type partWindow struct {
	stride uint64   // bits for each report, a power of two
	taken  []uint64 // bit seq % Window * stride + index - 1
}

// grow makes room for reports of count parts.
func (p *partWindow) grow(count uint64) {
	if count <= p.stride {
		return
	}
	wider := partWindow{stride: 1 << bits.Len64(count-1)}
	wider.taken = make([]uint64, Window*wider.stride/64)
	if p.stride > 0 {
		for seq := range uint64(Window) {
			for index := uint64(1); index <= p.stride; index++ {
				if p.has(seq, index) {
					wider.mark(seq, index)
				}
			}
		}
	}
	*p = wider
}

func (p *partWindow) has(seq, index uint64) bool {
	if p == nil || index > p.stride {
		return false
	}
	bit := seq%Window*p.stride + index - 1
	return p.taken[bit/64]>>(bit%64)&1 == 1
}

func (p *partWindow) mark(seq, index uint64) {
	bit := seq%Window*p.stride + index - 1
	p.taken[bit/64] |= 1 << (bit % 64)
}

// some tells whether any part of a report was taken.
func (p *partWindow) some(seq uint64) bool {
	if p == nil {
		return false
	}
	for index := uint64(1); index <= p.stride; index++ {
		if p.has(seq, index) {
			return true
		}
	}
	return false
}

func (p *partWindow) clear(seq uint64) {
	if p == nil {
		return
	}
	for bit := seq % Window * p.stride; bit < (seq%Window+1)*p.stride; bit++ {
		p.taken[bit/64] &^= 1 << (bit % 64)
	}
}

func (p *partWindow) reset() {
	if p != nil {
		clear(p.taken)
	}
}

func (p *partWindow) clone() *partWindow {
	if p == nil {
		return nil
	}
	return &partWindow{p.stride, append([]uint64(nil), p.taken...)}
}
