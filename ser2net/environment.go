package ser2net

import (
	"sync"
	"sync/atomic"
)

// environment is what the ports of a service share.
type environment struct {
	opts    Options
	clients atomic.Uint64 // numbers given so far
	large   sync.Pool     // of *[largeBuffer]byte
	*reporter
}

func newEnvironment(o Options) *environment {
	return &environment{
		opts:     o,
		large:    sync.Pool{New: func() any { return new([largeBuffer]byte) }},
		reporter: &reporter{log: o.Logger, handle: o.OnEvent},
	}
}

// The sizes of buffers. Most ports are silent most of the time, or send a
// few bytes at a time: only a stream of data takes a large buffer.
const (
	smallBuffer = 256
	largeBuffer = 16 << 10
)

// buffer is where one reader reads to.
type buffer struct {
	env   *environment
	small [smallBuffer]byte
	large *[largeBuffer]byte // nil while the small one does
}

// bytes returns the room for the next read.
func (b *buffer) bytes() []byte {
	if b.large != nil {
		return b.large[:]
	}
	return b.small[:]
}

// filled tells how much the last read brought: after a full small buffer a
// large one is taken, after less it is given back.
func (b *buffer) filled(n int) {
	switch {
	case b.large == nil && n == smallBuffer:
		b.large = b.env.large.Get().(*[largeBuffer]byte)
	case b.large != nil && n < smallBuffer:
		b.release()
	}
}

// release gives a large buffer back. What was read must not be used any more.
func (b *buffer) release() {
	if b.large != nil {
		b.env.large.Put(b.large)
		b.large = nil
	}
}
