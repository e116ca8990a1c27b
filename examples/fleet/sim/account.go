package sim

// account is what one device sent and what arrived of it.
type account struct {
	lives []life // by boot, without gaps
	heard int    // the newest life that something arrived of, plus 1; 0 = none
	met   bool   // the server knows a life before the first
	refused
}

type refused struct{ duplicate, replayed, reordered, reboots uint64 }

// life is one boot of a device.
type life struct {
	boot     uint32
	sent     uint64   // reports 0 to sent-1 were made
	arrived  []uint64 // one bit for each accepted report
	received uint64
	lowest   uint64 // of the accepted
	top      uint64 // highest of them
}

// sent notes a report that the device made.
func (a *account) sent(boot uint32) {
	if n := len(a.lives); n == 0 || a.lives[n-1].boot != boot {
		a.lives = append(a.lives, life{boot: boot})
	}
	a.lives[len(a.lives)-1].sent++
}

// arrives notes a genuine datagram, new or not, that the server gets now.
func (a *account) arrives(boot uint32, seq uint64) {
	at := int(boot - a.lives[0].boot)
	l := &a.lives[at]
	switch {
	case at+1 < a.heard:
		a.replayed++
		return
	case at+1 > a.heard:
		if a.heard > 0 || a.met {
			a.reboots++
		}
		a.heard = at + 1
	case l.top >= Window && seq <= l.top-Window:
		a.replayed++
		return
	case l.has(seq):
		a.duplicate++
		return
	case seq < l.top:
		a.reordered++
	}
	l.accept(seq)
}

func (l *life) has(seq uint64) bool {
	return seq/64 < uint64(len(l.arrived)) && l.arrived[seq/64]>>(seq%64)&1 == 1
}

func (l *life) accept(seq uint64) {
	for uint64(len(l.arrived)) <= seq/64 {
		l.arrived = append(l.arrived, 0)
	}
	l.arrived[seq/64] |= 1 << (seq % 64)
	if l.received == 0 {
		l.lowest = seq
	}
	l.lowest = min(l.lowest, seq)
	l.received++
	l.top = max(l.top, seq)
}

// missing counts the reports from from up to, not with, to that never arrived.
func (l *life) missing(from, to uint64) uint64 {
	n := uint64(0)
	for seq := from; seq < to; seq++ {
		if !l.has(seq) {
			n++
		}
	}
	return n
}
