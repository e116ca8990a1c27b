package latest

import (
	"errors"
	"fmt"
	"hash/maphash"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of a [Table].
const (
	// DefaultMaxDevices is how many devices a Table holds unless told.
	DefaultMaxDevices = 2_000_000
	// MaxParts is how many parts of a report are held; the log has the others.
	MaxParts = 16

	shardCount = 32
	pageSize   = 256 // devices that are stored together
)

// ErrFull tells that the Table holds as many devices as it may.
var ErrFull = errors.New("the table of devices is full")

// Table is the last state of many devices. Make it with [New]. It is safe for
// concurrent use.
type Table struct {
	max    int64
	count  atomic.Int64
	seed   maphash.Seed
	shards [shardCount]shard
}

type shard struct {
	mu     sync.RWMutex
	names  names
	pages  []*[pageSize]device
	ids    uint32   // numbers given to devices so far
	free   []uint32 // of them, those of forgotten devices
	arena  arena
	closed bool
}

// device is kept small: there may be a million.
type device struct {
	serial string
	seen   int64 // last arrival of anything
	addr   [16]byte
	port   uint16
	parts  uint16 // how many are held: 1 in head, the others in more
	used   bool   // else its number is free
	head   part
	more   *[]part
}

// part is one held datagram.
type part struct {
	seq      uint64
	received int64
	boot     uint32
	period   uint32
	raw      slot
	index    uint16 // 0 = a whole report
	count    uint16
	flags    uint8
}

const (
	flagSealed = 1 << iota
	flagBoot   // the boot is known
	flagLate
	flagIPv4   // in bytes only
	flagNewest // of the newest report; the other parts stand in for what is lost
)

// disorder is how much earlier than the last arrival another may be stamped by
// receiving it in parallel. More is a clock that was set back.
const disorder = 5 * time.Second

// New returns an empty Table for at most max devices, 0 = [DefaultMaxDevices].
func New(max int) *Table {
	if max == 0 {
		max = DefaultMaxDevices
	}
	return &Table{max: int64(max), seed: maphash.MakeSeed()}
}

// Len returns how many devices there are.
func (t *Table) Len() int { return int(t.count.Load()) }

// Close frees the memory. The Table is empty and takes nothing any more.
func (t *Table) Close() {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		s.arena.close()
		s.names, s.pages, s.ids, s.free, s.closed = names{}, nil, 0, nil, true
		s.mu.Unlock()
	}
}

// shard returns where a device belongs, and its hash within that.
func (t *Table) shard(serial string) (*shard, uint64) {
	hash := maphash.String(t.seed, serial)
	return &t.shards[hash%shardCount], hash / shardCount
}

func (s *shard) at(id uint32) *device { return &s.pages[id/pageSize][id%pageSize] }

func (s *shard) lookup(serial string, hash uint64) (id uint32, ok bool) {
	return s.names.find(hash, func(id uint32) bool { return s.at(id).serial == serial })
}

// find returns a device, nil when there is none. The caller holds mu.
func (s *shard) find(serial string, hash uint64) *device {
	id, ok := s.lookup(serial, hash)
	if !ok {
		return nil
	}
	return s.at(id)
}

// Apply takes in one report; nothing of r is kept. The error wraps [ErrFull],
// or tells that there is no memory.
func (t *Table) Apply(r *Report) error {
	s, hash := t.shard(r.Device)
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.device(t, r.Device, hash)
	if err != nil {
		return err
	}
	return s.apply(d, r)
}

// device returns the device, made if need be. The caller holds mu.
func (s *shard) device(t *Table, serial string, hash uint64) (*device, error) {
	d := s.find(serial, hash)
	switch {
	case d != nil:
		return d, nil
	case s.closed:
		return nil, errors.New("latest: closed")
	case t.count.Add(1) > t.max:
		t.count.Add(-1)
		return nil, fmt.Errorf("latest: device %q: %w: %d", serial, ErrFull, t.max)
	}
	id := s.number()
	d = s.at(id)
	d.serial, d.used = strings.Clone(serial), true
	s.names.add(id, s.hashes(t))
	return d, nil
}

// number returns a free number. The caller holds mu.
func (s *shard) number() uint32 {
	if n := len(s.free); n > 0 {
		id := s.free[n-1]
		s.free = s.free[:n-1]
		return id
	}
	id := s.ids
	if id%pageSize == 0 {
		s.pages = append(s.pages, new([pageSize]device))
	}
	s.ids++
	return id
}

// hashes tells the hash of a device within its shard.
func (s *shard) hashes(t *Table) func(id uint32) uint64 {
	return func(id uint32) uint64 {
		_, hash := t.shard(s.at(id).serial)
		return hash
	}
}

// Forget drops a device and reports whether there was one.
func (t *Table) Forget(serial string) bool {
	s, hash := t.shard(serial)
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.lookup(serial, hash)
	if !ok {
		return false
	}
	s.names.remove(id, hash, s.hashes(t))
	d := s.at(id)
	s.empty(d)
	*d = device{}
	s.free = append(s.free, id) // no other device moves: Encode may be under way
	t.count.Add(-1)
	return true
}

// apply puts r where it belongs among the parts that d holds.
func (s *shard) apply(d *device, r *Report) error {
	d.see(r)
	p, ok := newPart(r)
	if !ok {
		return nil
	}
	if top := d.newest(); top != nil {
		switch c := p.order().compare(top.order()); {
		case c < 0:
			return nil
		case c > 0:
			s.makeRoom(d, &p)
		}
	}
	p.flags |= flagNewest
	return s.hold(d, p, r.Raw)
}

// hold puts a part in the place of the one of its number.
func (s *shard) hold(d *device, p part, raw []byte) (err error) {
	at := d.find(p.index)
	if at == nil {
		at = d.grow()
	}
	p.raw, err = s.arena.put(at.raw, raw)
	if err != nil {
		p.raw = at.raw
		err = fmt.Errorf("latest: device %q: no memory for its state: %w", d.serial, err)
	}
	*at = p
	return err
}

// empty drops all parts.
func (s *shard) empty(d *device) {
	for i := range d.parts {
		s.arena.drop(d.part(i).raw)
	}
	d.head, d.more, d.parts = part{}, nil, 0
}

// see notes when and from where something arrived.
func (d *device) see(r *Report) {
	if r.Received < d.seen && d.seen-r.Received < int64(disorder) {
		return
	}
	d.seen = r.Received
	d.addr, d.port = r.Source.Addr().As16(), r.Source.Port()
}

// makeRoom drops what the newer report of p does not have.
func (s *shard) makeRoom(d *device, p *part) {
	kept := uint16(0)
	for i := range d.parts {
		old := *d.part(i)
		if old.index == p.index || old.index > 0 && p.index > 0 && old.count == p.count {
			old.flags &^= flagNewest
			*d.part(kept) = old
			kept++
		} else {
			s.arena.drop(old.raw)
		}
	}
	if kept == 0 {
		d.head = part{}
	}
	d.parts = kept
	if kept < 2 {
		d.more = nil
	} else {
		*d.more = (*d.more)[:kept-1]
	}
}

func newPart(r *Report) (part, bool) {
	if r.Part.Index > MaxParts {
		return part{}, false
	}
	p := part{
		seq: r.Seq, received: r.Received, boot: r.Boot.Value, period: uint32(min(r.Period, 1<<32-1)),
		index: uint16(r.Part.Index), count: uint16(min(r.Part.Count, 1<<16-1)),
	}
	if r.Sealed {
		p.flags |= flagSealed
	}
	if r.Boot.Known {
		p.flags |= flagBoot
	}
	if r.Late {
		p.flags |= flagLate
	}
	return p, true
}

func (d *device) part(i uint16) *part {
	if i == 0 {
		return &d.head
	}
	return &(*d.more)[i-1]
}

func (d *device) find(index uint16) *part {
	for i := range d.parts {
		if p := d.part(i); p.index == index {
			return p
		}
	}
	return nil
}

func (d *device) grow() *part {
	d.parts++
	if d.parts == 1 {
		return &d.head
	}
	more := make([]part, d.parts-1) // no larger than needed
	if d.more != nil {
		copy(more, *d.more)
	}
	d.more = &more
	return d.part(d.parts - 1)
}

// newest returns a part of the newest report, nil when there is none.
func (d *device) newest() *part {
	for i := range d.parts {
		if p := d.part(i); p.flags&flagNewest != 0 {
			return p
		}
	}
	return nil
}

func (d *device) source() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(d.addr).Unmap(), d.port)
}
