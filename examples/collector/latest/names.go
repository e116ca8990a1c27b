package latest

// names finds devices by their serial numbers, which stand in the devices
// themselves: an open-addressing hash table of 4 bytes a place, without
// pointers.
type names struct {
	places []uint32 // number of a device plus 1; 0 = free; a power of two of them
	used   int
}

// find returns the number of a device that equal accepts.
func (n *names) find(hash uint64, equal func(id uint32) bool) (id uint32, ok bool) {
	if len(n.places) == 0 {
		return 0, false
	}
	mask := uint64(len(n.places) - 1)
	for at := hash & mask; n.places[at] != 0; at = (at + 1) & mask {
		if id := n.places[at] - 1; equal(id) {
			return id, true
		}
	}
	return 0, false
}

// add adds a device that find does not find. hashOf tells the hash of any
// device.
func (n *names) add(id uint32, hashOf func(id uint32) uint64) {
	if 4*(n.used+1) > 3*len(n.places) {
		old := n.places
		n.places = make([]uint32, max(64, 2*len(old)))
		for _, place := range old {
			if place != 0 {
				n.put(place, hashOf(place-1))
			}
		}
	}
	n.put(id+1, hashOf(id))
	n.used++
}

// remove removes a device that find finds, hash being its own.
func (n *names) remove(id uint32, hash uint64, hashOf func(id uint32) uint64) {
	mask := uint64(len(n.places) - 1)
	at := hash & mask
	for n.places[at] != id+1 {
		at = (at + 1) & mask
	}
	n.places[at] = 0
	n.used--
	// Those behind it may have been displaced by it.
	for at = (at + 1) & mask; n.places[at] != 0; at = (at + 1) & mask {
		place := n.places[at]
		n.places[at] = 0
		n.put(place, hashOf(place-1))
	}
}

func (n *names) put(place uint32, hash uint64) {
	mask := uint64(len(n.places) - 1)
	at := hash & mask
	for n.places[at] != 0 {
		at = (at + 1) & mask
	}
	n.places[at] = place
}
