package xl2tpd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"
)

// How long a peer may take to let go of a tunnel.
const (
	farewellTime  = 300 * time.Millisecond // for an answer
	farewellTries = 6
)

// tunnel is an L2TP tunnel in the numbers of both ends.
type tunnel struct{ ours, theirs uint16 }

// cut are tunnels of an xl2tpd that was killed, which the servers do not know.
// Until a server has given such a tunnel up, half a minute later or more, one
// that runs on Linux takes the packets of the next for its.
type cut struct {
	mu   sync.Mutex
	left map[netip.Addr][]tunnel
}

func (c *cut) note(peer netip.Addr, t tunnel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == nil {
		c.left = make(map[netip.Addr][]tunnel)
	}
	c.left[peer] = append(c.left[peer], t)
}

// close closes the tunnels that are left at a peer, through the channel that is
// up by now, from our address. What the peer does not answer is forgotten too.
func (c *cut) close(ctx context.Context, from, peer netip.Addr) error {
	c.mu.Lock()
	tunnels := c.left[peer]
	delete(c.left, peer)
	c.mu.Unlock()
	if len(tunnels) == 0 {
		return nil
	}
	if !from.IsValid() {
		from = netip.IPv4Unspecified()
	}
	// Beside the socket of xl2tpd, which allows for it. This one gets what comes
	// from the peer, with which there is nothing else yet.
	dialer := net.Dialer{
		LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, portL2TP)),
		Control: func(_, _ string, raw syscall.RawConn) error {
			var failed error
			err := raw.Control(func(fd uintptr) {
				failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
			})
			return errors.Join(err, failed)
		},
	}
	conn, err := dialer.DialContext(ctx, "udp4", netip.AddrPortFrom(peer, portL2TP).String())
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range tunnels {
		errs = append(errs, farewell(ctx, conn, t))
	}
	return errors.Join(append(errs, conn.Close())...)
}

// farewell closes a tunnel of which only the numbers are known. The peer takes
// nothing but the message that is next in its order. One that is long past, as
// the first is, it answers with what it expects (RFC 2661, section 5.8).
func farewell(ctx context.Context, conn net.Conn, t tunnel) error {
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })()
	order := binary.BigEndian
	var send, received uint16
	answer := make([]byte, 1500)
	for range farewellTries {
		if _, err := conn.Write(stopMessage(t, send, received)); err != nil {
			return err
		}
		until := time.Now().Add(farewellTime)
		for ctx.Err() == nil {
			if err := conn.SetReadDeadline(until); err != nil {
				return err
			}
			n, err := conn.Read(answer)
			if err != nil {
				break // it is silent, or refuses: once more
			}
			if n < 12 || answer[0]&0xc8 != 0xc8 || order.Uint16(answer[4:]) != t.ours {
				continue
			}
			expected := order.Uint16(answer[10:])
			if expected == send+1 && send != 0 {
				return nil
			}
			received = order.Uint16(answer[8:])
			if n > 12 { // more than an acknowledgement, and has a number of its own
				received++
			}
			if expected != send {
				send = expected
				break
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return fmt.Errorf("the peer does not let go of the tunnel %d", t.theirs)
}

// stopMessage returns a Stop-Control-Connection-Notification (RFC 2661, section
// 6.4): a general request to close.
func stopMessage(t tunnel, send, received uint16) []byte {
	order := binary.BigEndian
	b := make([]byte, 0, 36)
	for _, word := range []uint16{
		0xc802, 36, t.theirs, 0, send, received, // header of a control message
		0x8008, 0, 0, 4, // message type
		0x8008, 0, 9, t.ours, // assigned tunnel ID
		0x8008, 0, 1, 1, // result code
	} {
		b = order.AppendUint16(b, word)
	}
	return b
}

// tunnelOf finds the numbers of the tunnel to a peer in the log of xl2tpd.
func tunnelOf(peer netip.Addr, log []string) (t tunnel, found bool) {
	line := says(log, "Connection established to "+peer.String()+",")
	_, numbers, _ := strings.Cut(line, "Local: ")
	n, _ := fmt.Sscanf(numbers, "%d, Remote: %d", &t.ours, &t.theirs)
	return t, n == 2
}
