package receiver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fieldgate/fieldgate/telemetry"
)

// A state file is a head and then frames; each frame holds whole entries, the
// later entry of a device counts:
//
//	length of the entries, CRC-32C of them (4 bytes each, big endian), entries
//
// An entry is all that is kept of one device, blank when it was forgotten.
// Numbers are varints unless their length is fixed.
const (
	stateMagic = "fieldgate receiver state 1\n"
	frameHead  = 8
	// frameSize is when a frame is full. One entry more may be in it.
	frameSize = 64 << 10
	maxEntry  = 2 << 10
)

var errBadState = errors.New("damaged")

// appendEntry appends what is kept of a device.
func appendEntry(b []byte, d *device, p *partWindow) []byte {
	b = binary.AppendUvarint(b, uint64(len(d.serial)))
	b = append(b, d.serial...)
	b = append(b, d.flags&^(flagTouched|flagBare), d.span)
	for _, v := range d.numbers() {
		b = binary.AppendUvarint(b, v)
	}
	for _, v := range d.seen {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	b = append(b, d.addr[:]...)
	if p == nil {
		return append(b, 0)
	}
	b = append(b, byte(p.stride))
	for _, v := range p.taken {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	return b
}

// numberCount is how many numbers of a device are varints.
const numberCount = 20

func (d *device) numbers() [numberCount]uint64 {
	return [...]uint64{
		d.top, d.lost, d.received, d.duplicate, d.replayed, uint64(d.last), zigzag(d.offset), uint64(d.boot),
		uint64(d.reordered), uint64(d.late), uint64(d.reboots), uint64(d.dropped), uint64(d.lostParts),
		uint64(d.silence), uint64(d.first), uint64(d.booted), uint64(d.time), uint64(d.uptime), uint64(d.period),
		uint64(d.port),
	}
}

func (d *device) setNumbers(n [numberCount]uint64) {
	d.top, d.lost, d.received, d.duplicate, d.replayed = n[0], n[1], n[2], n[3], n[4]
	d.last, d.offset, d.boot = int64(n[5]), unzigzag(n[6]), uint32(n[7])
	d.reordered, d.late, d.reboots, d.dropped, d.lostParts = uint32(n[8]), uint32(n[9]), uint32(n[10]), uint32(n[11]), uint32(n[12])
	d.silence, d.first, d.booted, d.time = uint32(n[13]), uint32(n[14]), uint32(n[15]), uint32(n[16])
	d.uptime, d.period, d.port = uint32(n[17]), uint32(n[18]), uint16(n[19])
}

// zigzag writes numbers near 0 of both signs as small ones.
func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// entryReader takes entries apart.
type entryReader struct {
	b   []byte
	err error
}

// next reads one entry. The slice of p is new.
func (r *entryReader) next() (d device, p *partWindow, err error) {
	n := r.uvarint()
	if n == 0 || n > telemetry.MaxSerial {
		r.err = errBadState
	}
	d.serial = string(r.take(n))
	fixed := r.take(2)
	if r.err != nil {
		return d, nil, r.err
	}
	d.flags, d.span = fixed[0]&^(flagTouched|flagBare), fixed[1]
	var numbers [numberCount]uint64
	for i := range numbers {
		numbers[i] = r.uvarint()
	}
	d.setNumbers(numbers)
	for i := range d.seen {
		d.seen[i] = r.uint64()
	}
	copy(d.addr[:], r.take(uint64(len(d.addr))))
	if stride := r.take(1); r.err == nil && stride[0] != 0 {
		p = r.parts(uint64(stride[0]))
	}
	if d.span >= Window {
		r.err = errBadState
	}
	return d, p, r.err
}

func (r *entryReader) parts(stride uint64) *partWindow {
	if stride > MaxParts || stride&(stride-1) != 0 {
		r.err = errBadState
		return nil
	}
	p := &partWindow{stride: stride, taken: make([]uint64, Window*stride/64)}
	for i := range p.taken {
		p.taken[i] = r.uint64()
	}
	return p
}

func (r *entryReader) take(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.b)) {
		r.err = errBadState
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *entryReader) uint64() uint64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func (r *entryReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if r.err != nil || n <= 0 {
		r.err = errBadState
		return 0
	}
	r.b = r.b[n:]
	return v
}

// beginFrame appends room for a frame's head; endFrame fills it in.
func beginFrame(b []byte) []byte { return append(b, make([]byte, frameHead)...) }

func endFrame(b []byte, start int) {
	entries := b[start+frameHead:]
	binary.BigEndian.PutUint32(b[start:], uint32(len(entries)))
	binary.BigEndian.PutUint32(b[start+4:], crc32.Checksum(entries, crc32.MakeTable(crc32.Castagnoli)))
}

// readState calls each with the entries of a state file. It returns how many
// bytes of it are whole; the error wraps errBadState when more follow.
func readState(r io.Reader, each func(device, *partWindow)) (good int64, err error) {
	magic := make([]byte, len(stateMagic))
	switch n, err := io.ReadFull(r, magic); {
	case n == 0 && errors.Is(err, io.EOF):
		return 0, nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 0, fmt.Errorf("its head is cut off: %w", errBadState)
	case err != nil:
		return 0, err
	case string(magic) != stateMagic:
		return 0, fmt.Errorf("it is no state file of this version: %w", errBadState)
	}
	good = int64(len(magic))
	buf := make([]byte, frameSize+maxEntry)
	for {
		n, err := readFrame(r, buf, each)
		if errors.Is(err, io.EOF) {
			return good, nil
		}
		if err != nil {
			return good, fmt.Errorf("at byte %d: %w", good, err)
		}
		good += n
	}
}

// readFrame returns the length of the frame. At the end it returns io.EOF.
func readFrame(r io.Reader, buf []byte, each func(device, *partWindow)) (int64, error) {
	var head [frameHead]byte
	switch _, err := io.ReadFull(r, head[:]); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 0, errBadState
	case err != nil:
		return 0, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > uint32(len(buf)) {
		return 0, errBadState
	}
	entries := buf[:size]
	switch _, err := io.ReadFull(r, entries); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return 0, errBadState
	case err != nil:
		return 0, err
	case crc32.Checksum(entries, crc32.MakeTable(crc32.Castagnoli)) != binary.BigEndian.Uint32(head[4:]):
		return 0, errBadState
	}
	for er := (entryReader{b: entries}); len(er.b) > 0; {
		d, p, err := er.next()
		if err != nil {
			return 0, err
		}
		each(d, p)
	}
	return frameHead + int64(size), nil
}

// framer appends entries in frames.
type framer struct {
	b     []byte
	start int
	open  bool
}

func (f *framer) add(d *device, p *partWindow) {
	if f.open && len(f.b)-f.start > frameSize {
		f.end()
	}
	if !f.open {
		f.start, f.open = len(f.b), true
		f.b = beginFrame(f.b)
	}
	f.b = appendEntry(f.b, d, p)
}

// end closes the last frame.
func (f *framer) end() []byte {
	if f.open {
		endFrame(f.b, f.start)
		f.open = false
	}
	return f.b
}
