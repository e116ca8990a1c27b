package receiver

import (
	"hash/maphash"
	"iter"
	"sync"
)

// table holds the devices: in slabs, which never move, so that a million of
// them cost the garbage collector little. A device once there keeps its
// place; one that is forgotten leaves it blank.
type table struct {
	most     int // places
	mostBare int // of them, for devices without key

	mu    sync.RWMutex
	slabs []*[slabSize]device
	n     int // places taken
	bare  int // of them, those with flagBare
	// index leads from the hash of a serial to a place: half the memory of a
	// map of strings. The few whose hash another serial has are in others.
	index  map[uint32]uint32
	others map[string]uint32
	seed   maphash.Seed
	parts  map[uint32]*partWindow // of devices that split reports
	used   int                    // devices that are not blank
}

const slabSize = 1024

func newTable(most int) *table {
	return &table{
		most: most, mostBare: most, index: make(map[uint32]uint32), others: make(map[string]uint32), seed: maphash.MakeSeed(),
		parts: make(map[uint32]*partWindow),
	}
}

// at, find, admit, place, partsFor and replace are called with mu; the other methods
// take it.

func (t *table) at(i uint32) *device { return &t.slabs[i/slabSize][i%slabSize] }

// find returns the place of a device that has one.
func (t *table) find(serial string) (uint32, bool) {
	if i, ok := t.index[t.hash(serial)]; ok && t.at(i).serial == serial {
		return i, true
	}
	i, ok := t.others[serial]
	return i, ok
}

func (t *table) hash(serial string) uint32 { return uint32(maphash.String(t.seed, serial)) }

// admit returns the place of a device whose message is to be taken. It
// reports false when there is no room for it, or would be none left for
// devices that have a key.
func (t *table) admit(serial string, sealed bool) (uint32, bool) {
	_, known := t.find(serial)
	if !known && !sealed && t.bare >= t.mostBare {
		return 0, false
	}
	i, ok := t.place(serial)
	if !ok {
		return 0, false
	}
	switch d := t.at(i); {
	case !known && !sealed:
		d.set(flagBare, true)
		t.bare++
	case sealed && d.has(flagBare):
		d.set(flagBare, false)
		t.bare--
	}
	return i, true
}

// place returns the place of a device, a new one where needed. It reports
// false when the table is full.
func (t *table) place(serial string) (uint32, bool) {
	if i, known := t.find(serial); known {
		return i, true
	}
	if t.n >= t.most {
		return 0, false
	}
	if t.n == len(t.slabs)*slabSize {
		t.slabs = append(t.slabs, new([slabSize]device))
	}
	i := uint32(t.n)
	t.n++
	t.at(i).serial = serial
	if h := t.hash(serial); !has(t.index, h) {
		t.index[h] = i
	} else {
		t.others[serial] = i
	}
	return i, true
}

// partsFor returns the window for the parts of a message, nil where neither
// the message nor the device has any.
func (t *table) partsFor(i uint32, count uint64) *partWindow {
	p := t.parts[i]
	if count == 0 {
		return p
	}
	if p == nil {
		p = new(partWindow)
		t.parts[i] = p
	}
	p.grow(count)
	return p
}

// known tells whether messages of a device were taken.
func (t *table) known(serial string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	i, ok := t.find(serial)
	return ok && t.at(i).has(flagUsed)
}

// sealed tells whether the latest message of a device was.
func (t *table) sealed(serial string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	i, ok := t.find(serial)
	return ok && t.at(i).has(flagSealed)
}

// dropped counts a message that there was no room for.
func (t *table) dropped(serial string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i, ok := t.find(serial); ok {
		t.at(i).dropped++
	}
}

func (t *table) stats(serial string) (DeviceStats, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	i, ok := t.find(serial)
	if !ok || !t.at(i).has(flagUsed) {
		return DeviceStats{}, false
	}
	return t.at(i).stats(), true
}

func (t *table) len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.used
}

// all copies some devices at a time, so that receiving goes on meanwhile.
func (t *table) all() iter.Seq[DeviceStats] {
	return func(yield func(DeviceStats) bool) {
		var some []DeviceStats
		for from := 0; ; from += slabSize / 4 {
			var more bool
			some, more = t.some(some[:0], from, slabSize/4)
			for _, s := range some {
				if !yield(s) {
					return
				}
			}
			if !more {
				return
			}
		}
	}
}

func (t *table) some(dst []DeviceStats, from, n int) ([]DeviceStats, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	end := min(from+n, t.n)
	for i := from; i < end; i++ {
		if d := t.at(uint32(i)); d.has(flagUsed) {
			dst = append(dst, d.stats())
		}
	}
	return dst, end < t.n
}

// put sets a device to what the state file says. It reports false when the
// table is full.
func (t *table) put(d device, p *partWindow) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.find(d.serial); !known && !d.has(flagUsed) {
		return true // forgotten
	}
	i, ok := t.place(d.serial)
	if !ok {
		return false
	}
	if bare := !d.has(flagSealed); bare != t.at(i).has(flagBare) {
		t.at(i).set(flagBare, bare)
		if bare {
			t.bare++
		} else {
			t.bare--
		}
	}
	was := t.at(i)
	d.serial = was.serial
	t.replace(i, d, p)
	return true
}

// replace changes all that is kept of the device at a place.
func (t *table) replace(i uint32, d device, p *partWindow) {
	at := t.at(i)
	if at.has(flagUsed) {
		t.used--
	}
	if d.has(flagUsed) {
		t.used++
	}
	d.set(flagBare, at.has(flagBare)) // the place's
	*at = d
	if p == nil {
		delete(t.parts, i)
	} else {
		t.parts[i] = p
	}
}

// forget makes a device blank and returns its entry for the state file.
func (t *table) forget(serial string) (entry []byte, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, ok := t.find(serial)
	if !ok || !t.at(i).has(flagUsed) {
		return nil, false
	}
	t.replace(i, device{serial: t.at(i).serial}, nil)
	entry = appendEntry(beginFrame(nil), t.at(i), nil)
	endFrame(entry, 0)
	return entry, true
}

// appendPlaces appends the devices of n places in frames. It reports whether
// these are the last.
func (t *table) appendPlaces(b []byte, from, n int) (_ []byte, last bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	end := min(from+n, t.n)
	f := framer{b: b}
	for i := from; i < end; i++ {
		if d := t.at(uint32(i)); d.has(flagUsed) {
			f.add(d, t.parts[uint32(i)])
		}
	}
	return f.end(), end == t.n
}

func has[K comparable, V any](m map[K]V, key K) bool {
	_, ok := m[key]
	return ok
}
