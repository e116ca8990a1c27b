package sim

import (
	"strconv"

	"github.com/fieldgate/fieldgate/telemetry"
)

// Forgery is one kind of what the attacker sends. None of it may change
// what a server knows of a device.
type Forgery int

// The kinds. Of a bare fleet the attacker sends only what does not need a
// seal: anything else could not be told from a genuine message.
const (
	Replay    Forgery = iota // an old datagram of the same device once more
	Truncated                // a genuine datagram without its last bytes
	Junk                     // bytes that are no message
	Tampered                 // a genuine datagram with one bit flipped in the payload or the tag
	WrongKey                 // a new report of the device, sealed with another key
	Stranger                 // a report of a device that does not exist
	forgeries
)

var forgeryNames = [...]string{"replayed", "truncated", "junk", "tampered", "wrong key", "stranger"}

func (k Forgery) String() string {
	if k >= 0 && int(k) < len(forgeryNames) {
		return forgeryNames[k]
	}
	return "forgery " + strconv.Itoa(int(k))
}

// forge sends one forgery of what device index has just made.
func (f *Fleet) forge(index int, d *device, genuine []byte, attack Send) {
	kinds := uint64(forgeries)
	if f.keys == nil {
		kinds = uint64(Junk) + 1
	}
	kind := Forgery(d.rng.Uint64() % kinds)
	b := append([]byte(nil), genuine...)
	switch kind {
	case Replay:
		if d.caught.datagram == nil {
			return
		}
		if attack(d.caught.datagram) {
			f.total.Forged[kind]++
			d.account.arrives(d.caught.boot, d.caught.seq)
		}
		return
	case Truncated:
		b = b[:uint64(len(b))-1-d.rng.Uint64()%20]
	case Junk:
		for i := range b {
			b[i] = byte(d.rng.Uint64())
		}
		b[0] = 0xff // no message begins with it
	case Tampered:
		b[tamperAt(len(b), d.rng.Uint64())] ^= 1 << (d.rng.Uint64() % 8)
	case WrongKey, Stranger:
		m := f.message
		m.Seq += 1000
		if kind == Stranger {
			m.Serial = strangerMark + m.Serial
		}
		key := telemetry.DeriveKey(f.keys[index], "of the attacker")
		forged, err := telemetry.AppendSealed(nil, &m, key)
		if err != nil {
			return
		}
		b = forged
	}
	if attack(b) {
		f.total.Forged[kind]++
	}
}

// tamperAt chooses a byte of the payload or of the tag of a sealed datagram of
// n bytes; the head of the tag, which is between them, is spared: without it
// the datagram would not be taken for a sealed one.
func tamperAt(n int, draw uint64) int {
	const tag, payload = 8, 100
	back := 1 + int(draw%(tag+payload))
	if back > tag {
		back++
	}
	return n - back
}

// catch lets the attacker keep one in some of the datagrams that he sees.
func (f *Fleet) catch(d *device, boot uint32, seq uint64, datagram []byte) {
	if d.caught.datagram == nil || d.rng.Uint64()%16 == 0 {
		d.caught = held{boot: boot, seq: seq, datagram: append(d.caught.datagram[:0], datagram...)}
	}
}
