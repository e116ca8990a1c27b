package latest

import "syscall"

// Sizes of an arena.
const (
	slotStep  = 32        // slots are multiples of this
	maxSlot   = 2048      // longer ones are on the heap; the agent sends 1,200 at most
	chunkSize = 128 << 10 // asked of the kernel at once, for slots of one size
)

// arena keeps many short byte strings outside of the heap. It only grows; a
// slot that is given back is used again.
type arena struct {
	classes [maxSlot / slotStep]class
	large   map[uint32][]byte // by reference
	next    uint32            // reference of the next large one
	chunks  [][]byte          // what the kernel gave
}

// class is the slots of one size.
type class struct {
	chunks [][]byte
	used   uint32   // slots handed out so far
	free   []uint32 // slots given back
}

// slot refers to a byte string in an arena.
type slot struct{ ref, size uint32 }

func (a *arena) put(old slot, b []byte) (slot, error) {
	if old.size > 0 {
		if n := len(b); n > 0 && n <= maxSlot && old.size <= maxSlot && classOf(old.size) == classOf(uint32(n)) {
			s := slot{old.ref, uint32(n)}
			copy(a.get(s), b)
			return s, nil
		}
	}
	s, err := a.add(b)
	if err == nil {
		a.drop(old)
	}
	return s, err
}

func (a *arena) add(b []byte) (slot, error) {
	s := slot{size: uint32(len(b))}
	switch {
	case len(b) == 0:
		return s, nil
	case len(b) > maxSlot:
		if a.large == nil {
			a.large = make(map[uint32][]byte)
		}
		s.ref = a.next
		a.next++
		a.large[s.ref] = append([]byte(nil), b...)
		return s, nil
	}
	c := &a.classes[classOf(s.size)]
	if n := len(c.free); n > 0 {
		s.ref = c.free[n-1]
		c.free = c.free[:n-1]
	} else {
		if c.used == uint32(len(c.chunks))*perChunk(s.size) {
			chunk, err := syscall.Mmap(-1, 0, chunkSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
			if err != nil {
				return slot{}, err
			}
			c.chunks = append(c.chunks, chunk)
			a.chunks = append(a.chunks, chunk)
		}
		s.ref = c.used
		c.used++
	}
	copy(a.get(s), b)
	return s, nil
}

// get returns the bytes themselves, which the next put may change.
func (a *arena) get(s slot) []byte {
	switch {
	case s.size == 0:
		return nil
	case s.size > maxSlot:
		return a.large[s.ref]
	}
	per := perChunk(s.size)
	at := s.ref % per * slotSize(s.size)
	return a.classes[classOf(s.size)].chunks[s.ref/per][at : at+s.size : at+s.size]
}

func (a *arena) drop(s slot) {
	switch {
	case s.size == 0:
	case s.size > maxSlot:
		delete(a.large, s.ref)
	default:
		c := &a.classes[classOf(s.size)]
		c.free = append(c.free, s.ref)
	}
}

// close gives all memory back to the kernel.
func (a *arena) close() {
	for _, chunk := range a.chunks {
		_ = syscall.Munmap(chunk) // it is what Mmap returned
	}
	*a = arena{}
}

func classOf(size uint32) uint32  { return (size - 1) / slotStep }
func slotSize(size uint32) uint32 { return (classOf(size) + 1) * slotStep }
func perChunk(size uint32) uint32 { return chunkSize / slotSize(size) }
