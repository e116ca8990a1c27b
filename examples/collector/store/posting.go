package store

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"slices"
)

// A posting says where a record of a device lies in its segment: the hash of
// the serial number in the upper 32 bits, the offset in the lower. Hashes of
// two devices may be equal: the record itself tells.
type posting uint64

func newPosting(hash uint32, offset int64) posting { return posting(hash)<<32 | posting(offset) }

func (p posting) hash() uint32  { return uint32(p >> 32) }
func (p posting) offset() int64 { return int64(uint32(p)) }

func hashOf(serial string) uint32 { return crc32.Checksum([]byte(serial), castagnoli) }

// The .idx file of a full segment, little-endian: magic, size of the
// segment, records, first and last time of arrival (8 bytes each), fan-out
// table (how many postings have a hash whose upper 12 bits are less than its
// index; 4 bytes each), the postings in ascending order.
const (
	indexMagic = "FGTIDX1\n"
	indexHead  = 8 + 4*8
	fanBits    = 12
	fanSize    = (1<<fanBits + 1) * 4
)

// writeIndex writes the .idx of a segment. It need not be synced: a damaged
// one is made again.
func (s *Store) writeIndex(g *segment, postings []posting) error {
	postings = slices.Clone(postings)
	slices.Sort(postings)
	b := make([]byte, 0, indexHead+fanSize+8*len(postings))
	b = append(b, indexMagic...)
	for _, n := range [...]int64{g.size, g.records, g.min, g.max} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	at := 0
	for upper := range uint32(1<<fanBits + 1) {
		for at < len(postings) && postings[at].hash()>>(32-fanBits) < upper {
			at++
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
	}
	for _, p := range postings {
		b = binary.LittleEndian.AppendUint64(b, uint64(p))
	}
	name := s.path(g.number, ".idx")
	if err := os.WriteFile(name+".tmp", b, 0o600); err != nil {
		_ = os.Remove(name + ".tmp")
		return err
	}
	return os.Rename(name+".tmp", name)
}

// readIndexHead reads what is known of a segment from its .idx, and checks
// that it fits the file of that size.
func (s *Store) readIndexHead(number uint64, size int64) (*segment, error) {
	f, err := os.Open(s.path(number, ".idx"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, indexHead)
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	g := &segment{number: number, size: size}
	var indexed int64
	for i, n := range [...]*int64{&indexed, &g.records, &g.min, &g.max} {
		*n = int64(binary.LittleEndian.Uint64(head[8+8*i:]))
	}
	if string(head[:8]) != indexMagic || indexed != size || info.Size() != indexHead+fanSize+8*g.records {
		return nil, errDamaged
	}
	return g, nil
}

// lookup returns the offsets of the records with a hash in a full segment,
// ascending.
func (s *Store) lookup(g *segment, hash uint32) ([]int64, error) {
	f, err := os.Open(s.path(g.number, ".idx"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var fan [8]byte
	if _, err := f.ReadAt(fan[:], indexHead+4*int64(hash>>(32-fanBits))); err != nil {
		return nil, err
	}
	from, to := int64(binary.LittleEndian.Uint32(fan[:])), int64(binary.LittleEndian.Uint32(fan[4:]))
	if from > to || to > g.records {
		return nil, errDamaged
	}
	b := make([]byte, 8*(to-from))
	if _, err := f.ReadAt(b, indexHead+fanSize+8*from); err != nil {
		return nil, err
	}
	var offsets []int64
	last := posting(0)
	for ; len(b) > 0; b = b[8:] {
		p := posting(binary.LittleEndian.Uint64(b))
		if p.hash()>>(32-fanBits) != hash>>(32-fanBits) || p < last || p.offset() >= g.size {
			return nil, errDamaged
		}
		if p.hash() == hash {
			offsets = append(offsets, p.offset())
		}
		last = p
	}
	return offsets, nil
}
