package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/fieldgate/fieldgate/snmp"
)

// maxResyncs is how often one inform may learn the receiver's engine ID or
// time anew.
const maxResyncs = 3

// inform is an inform until it is acknowledged.
type inform struct {
	*Sender
	m       snmp.NotificationMessage
	conn    net.Conn
	request uint32 // the same in all tries, so that the receiver may see that they are one
	buf     []byte

	// For SNMPv3.
	who      user
	keys     *gosnmp.UsmSecurityParameters // of the receiver's engine; nil: it is not known yet
	time     uint32                        // snmpEngineTime of the receiver, s
	learned  time.Time                     // when it was told
	messages map[uint32]bool               // msgIDs that were sent
	resyncs  int
}

// refused is the answer of a receiver that no other try will change.
type refused struct{ error }

func (s *Sender) inform(ctx context.Context, conn net.Conn, m snmp.NotificationMessage) error {
	in := &inform{Sender: s, m: m, conn: conn, request: s.id(), buf: make([]byte, maxMessage), messages: map[uint32]bool{}}
	if m.To.Version == snmp.Version3 {
		var err error
		if in.who, err = sender(m); err != nil {
			return err
		}
		if _, err = in.who.localized([]byte("probe"), false); err != nil {
			return err // before anything is sent
		}
	}
	timeout, retries := cmp.Or(time.Duration(m.To.Timeout), defaultTimeout), defaultRetries
	if m.To.Retries != nil {
		retries = *m.To.Retries
	}
	var last error
	for range 1 + retries {
		deadline := time.Now().Add(timeout)
		last = in.try(deadline)
		if last == nil {
			return nil
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if no := (refused{}); errors.As(last, &no) {
			return no.error
		}
		if err := sleepUntil(ctx, deadline); err != nil { // where nobody listens, an error comes at once
			return err
		}
	}
	return fmt.Errorf("not acknowledged in %d tries of %v: see whether the receiver runs and takes informs of this community or user (%w)", 1+retries, timeout, last)
}

func sleepUntil(ctx context.Context, deadline time.Time) error {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// try sends the inform, or first what is needed to do so, and reads answers
// until it is acknowledged or the time is over.
func (in *inform) try(deadline time.Time) error {
	if err := in.conn.SetDeadline(deadline); err != nil {
		return err
	}
	for {
		message, err := in.next()
		if err != nil {
			return refused{err}
		}
		if _, err := in.conn.Write(message); err != nil {
			return err
		}
		again, err := in.answers()
		if !again {
			return err
		}
		if in.resyncs++; in.resyncs > maxResyncs {
			return refused{errors.New("the receiver tells another engine ID or time again and again")}
		}
	}
}

// next encodes what is to be sent now.
func (in *inform) next() ([]byte, error) {
	switch {
	case in.m.To.Version == snmp.Version2c:
		p, err := communityPacket(in.m.To, gosnmp.Version2c, gosnmp.InformRequest)
		if err != nil {
			return nil, err
		}
		p.RequestID = in.request
		if p.Variables, err = v2Binds(in.m); err != nil {
			return nil, err
		}
		return encode(p)
	case in.m.To.Version != snmp.Version3:
		return nil, fmt.Errorf("version %q, want v2c or v3", in.m.To.Version)
	case in.keys == nil:
		return encode(&gosnmp.SnmpPacket{
			Version: gosnmp.Version3, MsgID: in.messageID(), MsgMaxSize: maxMessage, MsgFlags: gosnmp.Reportable,
			SecurityModel: gosnmp.UserSecurityModel, SecurityParameters: &gosnmp.UsmSecurityParameters{},
			PDUType: gosnmp.GetRequest, RequestID: in.request,
		})
	}
	in.keys.AuthoritativeEngineTime = in.time + uint32(time.Since(in.learned)/time.Second)
	return in.secure(in.m, gosnmp.InformRequest, in.who.flags|gosnmp.Reportable, in.keys, in.messageID(), in.request)
}

func (in *inform) messageID() uint32 {
	id := in.id()
	in.messages[id] = true
	return id
}

// answers reads until there is an answer to what was sent: the
// acknowledgement, or again for something that was learned from it.
func (in *inform) answers() (again bool, err error) {
	for {
		n, err := in.conn.Read(in.buf)
		if err != nil {
			return false, err
		}
		if in.m.To.Version == snmp.Version2c {
			if p := decode(in.buf[:n]); p != nil && p.Version == gosnmp.Version2c && p.PDUType == gosnmp.GetResponse && p.RequestID == in.request {
				return false, acknowledged(p)
			}
			continue
		}
		authentic := true
		p := in.decodeSecure(in.buf[:n])
		if p == nil {
			authentic, p = false, decode(in.buf[:n])
		}
		if p == nil || p.Version != gosnmp.Version3 || !in.messages[p.MsgID] {
			continue
		}
		switch {
		case p.PDUType == gosnmp.Report:
			if again, err = in.report(p, authentic); again || err != nil {
				return again, err
			}
		case p.PDUType == gosnmp.GetResponse && authentic && p.RequestID == in.request:
			return false, acknowledged(p)
		}
	}
}

// acknowledged tells whether a response says that the inform was taken.
func acknowledged(p *gosnmp.SnmpPacket) error {
	if p.Error == gosnmp.NoError {
		return nil
	}
	return refused{fmt.Errorf("the receiver answers with error-status %d", p.Error)}
}
