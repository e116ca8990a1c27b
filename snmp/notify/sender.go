package notify

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/fieldgate/fieldgate/snmp"
)

// What a destination without Timeout and Retries gets.
const (
	defaultTimeout = 5 * time.Second
	defaultRetries = 5
)

// Options is what the program brings.
type Options struct {
	// Dial opens the socket of a notification; nil: net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Sender sends notifications. It is safe for concurrent use.
type Sender struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
	ids  atomic.Uint32 // of messages and requests
	salt atomic.Uint64 // of encrypted messages (RFC 3414, section 8.1.1.1; RFC 3826, section 3.1.2.1)
}

var _ snmp.Sender = (*Sender)(nil)

// New returns a Sender. It opens nothing.
func New(o Options) *Sender {
	s := &Sender{dial: o.Dial}
	if s.dial == nil {
		s.dial = new(net.Dialer).DialContext
	}
	var seed [12]byte
	_, _ = rand.Read(seed[:]) // never fails
	s.ids.Store(binary.BigEndian.Uint32(seed[:]))
	s.salt.Store(binary.BigEndian.Uint64(seed[4:]))
	return s
}

// id returns the next number for a message or request, 0..2147483647.
func (s *Sender) id() uint32 { return s.ids.Add(1) & 0x7fffffff }

// Send sends a notification. A trap is on its way when it returns, whether or
// not anybody listens. An inform is acknowledged, or Send returns an error:
// after the tries that the destination allows, at once when the receiver
// refuses it, or when ctx ends.
func (s *Sender) Send(ctx context.Context, m snmp.NotificationMessage) error {
	if err := s.send(ctx, m); err != nil {
		return fmt.Errorf("notify: destination %q: %w", cmp.Or(m.To.Name, m.To.Address), err)
	}
	return nil
}

func (s *Sender) send(ctx context.Context, m snmp.NotificationMessage) error {
	if len(m.Trap) < 2 {
		return fmt.Errorf("%q is no notification, want the value of snmpTrapOID.0", m.Trap.String())
	}
	if m.To.Inform && m.To.Version == snmp.Version1 {
		return errors.New("there are no informs in SNMPv1: set its version to v2c or v3, or send traps")
	}
	conn, err := s.dial(ctx, "udp", m.To.Address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if m.To.Inform {
		return s.inform(ctx, conn, m)
	}
	message, err := s.trap(m, agentAddress(conn))
	if err != nil {
		return err
	}
	if _, err := conn.Write(message); err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return nil
}

// trap encodes a notification that nobody acknowledges.
func (s *Sender) trap(m snmp.NotificationMessage, agent netip.Addr) ([]byte, error) {
	switch m.To.Version {
	case snmp.Version1:
		return v1Trap(m, agent)
	case snmp.Version2c:
		p, err := communityPacket(m.To, gosnmp.Version2c, gosnmp.SNMPv2Trap)
		if err != nil {
			return nil, err
		}
		p.RequestID = s.id()
		if p.Variables, err = v2Binds(m); err != nil {
			return nil, err
		}
		return encode(p)
	case snmp.Version3:
		if len(m.Engine.ID) == 0 {
			return nil, errors.New("traps of SNMPv3 need the engine ID of the agent: give it an engine store")
		}
		who, err := sender(m)
		if err != nil {
			return nil, err
		}
		keys, err := who.localized(m.Engine.ID, true)
		if err != nil {
			return nil, err
		}
		keys.AuthoritativeEngineBoots, keys.AuthoritativeEngineTime = m.Engine.Boots, m.Time
		return s.secure(m, gosnmp.SNMPv2Trap, who.flags, keys, s.id(), s.id())
	}
	return nil, fmt.Errorf("version %q, want v1, v2c or v3", m.To.Version)
}

// agentAddress is the address of ours that the receiver sees (RFC 3584,
// section 3.2, step 2), 0.0.0.0 when it is none of IPv4.
func agentAddress(conn net.Conn) netip.Addr {
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if addr := local.Addr().Unmap(); err == nil && addr.Is4() {
		return addr
	}
	return netip.IPv4Unspecified()
}
