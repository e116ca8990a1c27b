// Package packing gathers a stream of bytes into packets, by length, text and
// time.
package packing

import (
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/ser2net/internal/match"
)

// MaxLength is the longest packet, in bytes.
const MaxLength = 4096

// Rules say where a packet ends: at what comes first.
type Rules struct {
	Length    int            // bytes; 0 = MaxLength
	Delimiter *match.Pattern // nil = none
	Extra     int            // bytes that still belong to the packet after the delimiter
	Strip     bool           // leave the delimiter out
	SendOn    *match.Pattern // as Delimiter, always kept; nil = none
	Idle      time.Duration  // since the last byte; 0 = for ever
	Age       time.Duration  // since the first byte; 0 = for ever
}

// Packer gathers one stream. Its methods are safe for concurrent use.
type Packer struct {
	rules Rules
	send  func([]byte)

	mu        sync.Mutex
	delimiter match.Matcher
	sendOn    match.Matcher
	packet    []byte
	extra     int // bytes until the end, once the delimiter was there; 0 = not yet
	first     time.Time
	last      time.Time
	timer     *time.Timer // nil while no time runs
}

// New returns a packer that calls send for each packet, one after the other,
// in Add, in Flush or when its time is over. Send must not keep its argument,
// which is never empty, and may wait.
func New(r Rules, send func([]byte)) *Packer {
	if r.Length == 0 {
		r.Length = MaxLength
	}
	return &Packer{
		rules: r, send: send,
		delimiter: match.Matcher{Pattern: r.Delimiter}, sendOn: match.Matcher{Pattern: r.SendOn},
	}
}

// Add adds bytes to the stream.
func (p *Packer) Add(data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if len(p.packet) == 0 {
		p.first = now
	}
	p.last = now
	for i := range data {
		p.add(data[i : i+1])
	}
	p.schedule(now)
}

// Flush sends what there is.
func (p *Packer) Flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(0)
}

// add adds one byte and ends the packet if it is the last one.
func (p *Packer) add(b []byte) {
	p.packet = append(p.packet, b[0])
	if p.extra > 0 {
		if p.extra--; p.extra == 0 {
			p.end(0)
			return
		}
	}
	if p.sendOn.Pattern != nil && p.sendOn.Next(b) > 0 {
		p.end(0)
		return
	}
	if p.extra == 0 && p.delimiter.Pattern != nil && p.delimiter.Next(b) > 0 {
		if p.rules.Strip {
			p.end(p.delimiter.Pattern.Len())
			return
		}
		if p.extra = p.rules.Extra; p.extra == 0 {
			p.end(0)
			return
		}
	}
	if len(p.packet) >= p.rules.Length {
		p.end(0)
	}
}

// end sends the packet without its last bytes. Those of a delimiter that
// began in the packet before are gone already.
func (p *Packer) end(strip int) {
	if n := len(p.packet) - strip; n > 0 {
		p.send(p.packet[:n])
	}
	p.packet, p.extra = p.packet[:0], 0
	p.first = p.last
}

// schedule lets the packet end when its time is over.
func (p *Packer) schedule(now time.Time) {
	wait := p.remaining(now)
	switch {
	case len(p.packet) == 0 || wait == never:
		if p.timer != nil {
			p.timer.Stop()
		}
	case p.timer == nil:
		p.timer = time.AfterFunc(wait, p.expire)
	default:
		p.timer.Reset(wait)
	}
}

const never = time.Duration(1<<63 - 1)

// remaining is the time that the packet still has.
func (p *Packer) remaining(now time.Time) time.Duration {
	wait := never
	if p.rules.Idle > 0 {
		wait = p.rules.Idle - now.Sub(p.last)
	}
	if p.rules.Age > 0 {
		wait = min(wait, p.rules.Age-now.Sub(p.first))
	}
	return wait
}

// expire ends the packet if its time is over: it may have been ended, and a
// new one begun, meanwhile.
func (p *Packer) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.packet) == 0 {
		return
	}
	if now := time.Now(); p.remaining(now) > 0 {
		p.schedule(now)
		return
	}
	p.end(0)
}
