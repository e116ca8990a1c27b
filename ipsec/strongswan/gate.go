package strongswan

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// The bounds of a gate. govici drops packets without a word when more than 128
// wait, the end of a stream among them.
const (
	maxUnread = 100
	maxHeld   = 1000
)

var errHeld = errors.New("charon sends events without confirming that we want them")

// gate is the connection that govici gets. It lets through whole packets that
// are well-formed, and no more than govici can keep:
//
//   - no packet while maxUnread of them wait to be taken, so that none is
//     dropped;
//   - no event between a registration and its confirmation, where govici would
//     wait for its own lock for ever;
//   - no packet that is longer than the protocol allows or makes no sense, for
//     which govici would reserve up to 4 GiB;
//   - no read deadline, by which govici ends calls without one after 5 s and
//     the session with them. Calls here have a deadline in their context.
type gate struct {
	net.Conn
	in *bufio.Reader

	mu      sync.Mutex
	changed sync.Cond
	unread  int // packets let through and not taken
	closed  bool
	asking  bool // a registration is not confirmed yet
	unknown bool // the last answer was that charon does not know what we asked for

	// Those below belong to Read alone.
	rest []byte   // of the packet that govici is reading
	held [][]byte // events that wait for a confirmation
	buf  []byte
}

func newGate(conn net.Conn) *gate {
	g := &gate{Conn: conn, in: bufio.NewReaderSize(conn, 16*1024)}
	g.changed.L = &g.mu
	return g
}

// SetReadDeadline does nothing, see gate.
func (g *gate) SetReadDeadline(time.Time) error { return nil }

// Read gives govici the next bytes of a packet.
func (g *gate) Read(p []byte) (int, error) {
	if len(g.rest) == 0 {
		frame, err := g.next()
		if err != nil {
			return 0, err
		}
		g.rest = frame
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// next returns a packet with its length in front, once govici may have it.
func (g *gate) next() ([]byte, error) {
	if err := g.wait(); err != nil {
		return nil, err
	}
	if len(g.held) > 0 && !g.isAsking() {
		frame := g.held[0]
		g.held = g.held[1:]
		return frame, nil
	}
	for {
		body, err := vici.ReadFrame(g.in, g.buf)
		if err != nil {
			return nil, err
		}
		g.buf = body
		packet, err := vici.DecodePacket(body)
		if err != nil {
			return nil, err
		}
		frame := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
		if packet.Type != vici.Event {
			g.answered(packet.Type)
			return frame, nil
		}
		if !g.isAsking() {
			return frame, nil
		}
		if len(g.held) == maxHeld {
			return nil, errHeld
		}
		g.held = append(g.held, frame)
	}
}

// wait returns when there is room for one more packet.
func (g *gate) wait() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.unread >= maxUnread && !g.closed {
		g.changed.Wait()
	}
	if g.closed {
		return net.ErrClosed
	}
	g.unread++
	return nil
}

func (g *gate) isAsking() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asking
}

func (g *gate) answered(t vici.Type) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asking = false
	if t == vici.CommandUnknown || t == vici.EventUnknown {
		g.unknown = true
	}
}

// Write sends what govici writes, which is one packet.
func (g *gate) Write(p []byte) (int, error) {
	if len(p) > 4 {
		g.mu.Lock()
		switch vici.Type(p[4]) {
		case vici.EventRegister:
			g.asking, g.unknown = true, false
		case vici.CommandRequest:
			g.unknown = false
		}
		g.mu.Unlock()
	}
	return g.Conn.Write(p)
}

// took says that govici has given one packet to us.
func (g *gate) took() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unread--
	g.changed.Signal()
}

// drained says that govici has nothing of a call any more.
func (g *gate) drained() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unread = 0
	g.changed.Signal()
}

// explain says what govici's "unexpected response type: 2" means.
func (g *gate) explain(what string, err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.unknown {
		return fmt.Errorf("charon does not know %s", what)
	}
	if errors.Is(err, io.ErrClosedPipe) || errors.Is(err, io.EOF) {
		return errors.New("charon has closed the connection")
	}
	return err
}

// Close ends the connection, and a Read that waits for room.
func (g *gate) Close() error {
	g.mu.Lock()
	g.closed = true
	g.changed.Broadcast()
	g.mu.Unlock()
	return g.Conn.Close()
}
