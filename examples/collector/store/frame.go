package store

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A frame is a marker, the length of its body in 3 bytes, and the CRC-32C of
// both in 4 (little-endian), then the body.
const (
	frameHead   = 8
	frameMarker = 0x52
	maxBody     = 66_000 // the largest datagram and what is known of it
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openFrame appends the room for a head; closeFrame fills it in when the body
// follows from start+frameHead on.
func openFrame(dst []byte) []byte { return append(dst, make([]byte, frameHead)...) }

func closeFrame(b []byte, start int) {
	frame := b[start:]
	binary.LittleEndian.PutUint32(frame, frameMarker<<24|uint32(len(frame)-frameHead))
	binary.LittleEndian.PutUint32(frame[4:], frameSum(frame))
}

// frameSum is the checksum of the length and the body.
func frameSum(frame []byte) uint32 {
	return crc32.Update(crc32.Checksum(frame[:4], castagnoli), castagnoli, frame[frameHead:])
}

// bodyLength returns the length that a head tells; ok is false when it cannot
// be one.
func bodyLength(head []byte) (n int, ok bool) {
	word := binary.LittleEndian.Uint32(head)
	n = int(word & 0xffffff)
	return n, word>>24 == frameMarker && n <= maxBody
}

func validFrame(frame []byte) bool { return binary.LittleEndian.Uint32(frame[4:]) == frameSum(frame) }

// errDamaged: the checksum says that these bytes are not what was written.
var errDamaged = errors.New("damaged")

// hole is a range of a file that holds no valid frame.
type hole struct{ from, to int64 }

// frames reads frame after frame, and finds the next one behind damage.
type frames struct {
	r    *bufio.Reader
	at   int64 // of what r gives next
	last int   // length of the frame that next returned
	hole hole  // what the latest next had to skip; empty when nothing
}

func newFrames(r io.Reader, at int64) *frames {
	return &frames{r: bufio.NewReaderSize(r, 1<<20), at: at}
}

// next returns the body of the next frame, which is valid until the next call,
// and where the frame begins. At the end it gives io.EOF; the hole is then
// what is left of the file.
func (f *frames) next() (body []byte, at int64, err error) {
	if err := f.skip(f.last); err != nil {
		return nil, 0, err
	}
	f.last, f.hole = 0, hole{f.at, f.at}
	for {
		frame, err := f.peek()
		if err != nil {
			return nil, 0, err
		}
		if frame != nil {
			f.hole.to, f.last = f.at, len(frame)
			return frame[frameHead:], f.at, nil
		}
		if err := f.skip(1); err != nil {
			f.hole.to = f.at
			return nil, 0, err
		}
	}
}

// peek returns the frame at the current place, or nil when there is none.
func (f *frames) peek() ([]byte, error) {
	head, err := f.r.Peek(frameHead)
	if len(head) < frameHead {
		if err == io.EOF && len(head) > 0 {
			return nil, nil
		}
		f.hole.to = f.at
		return nil, err
	}
	n, ok := bodyLength(head)
	if !ok {
		return nil, nil
	}
	frame, err := f.r.Peek(frameHead + n)
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	case !validFrame(frame):
		return nil, nil
	}
	return frame, nil
}

func (f *frames) skip(n int) error {
	n, err := f.r.Discard(n)
	f.at += int64(n)
	return err
}
