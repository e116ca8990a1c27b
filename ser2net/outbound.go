package ser2net

import (
	"bytes"

	"github.com/fieldgate/fieldgate/ser2net/internal/match"
	"github.com/fieldgate/fieldgate/ser2net/internal/packing"
	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// outbound takes what the device sends to the clients.
type outbound struct {
	s       *session
	closeOn *match.Matcher  // nil = never
	packer  *packing.Packer // nil = each chunk goes out by itself
	scratch []byte          // for telnet
}

func newOutbound(s *session) *outbound {
	o := &outbound{s: s}
	if p := s.r.texts.closeOn; p != nil {
		o.closeOn = &match.Matcher{Pattern: p}
	}
	if p := s.r.cfg.Packing; p.on() {
		o.packer = packing.New(packing.Rules{
			Length: p.Length, Delimiter: s.r.texts.delimiter, SendOn: s.r.texts.sendOn,
			Extra: map[DelimiterProcess]int{DelimiterPlus1: 1, DelimiterPlus2: 2}[p.DelimiterProcess],
			Strip: p.DelimiterProcess == DelimiterStrip,
			Idle:  p.ForceTime.Std(), Age: p.MaxTime.Std(),
		}, o.deliver)
	}
	return o
}

// read reads the device until it fails.
func (s *session) read(p Port) error {
	in := buffer{env: s.r.env}
	defer in.release()
	for {
		b := in.bytes()
		n, err := p.Read(b)
		if n > 0 {
			s.out.take(b[:n])
		}
		if err != nil {
			s.out.flush()
			return err
		}
		in.filled(n)
	}
}

// take handles what the device sent.
func (o *outbound) take(data []byte) {
	s := o.s
	s.silence.touch()
	s.r.toNetwork.Add(uint64(len(data)))
	s.trace(DirectionToNetwork, data)
	if s.r.cfg.Protocol == ProtocolRawLP {
		return
	}
	for o.closeOn != nil && len(data) > 0 {
		n := o.closeOn.Next(data)
		if n < 0 {
			break
		}
		o.pack(data[:n])
		o.flush()
		s.r.partAll(s, reasonClosed)
		data = data[n:] // for who dials next; nobody may be there
	}
	o.pack(data)
}

func (o *outbound) pack(data []byte) {
	if o.packer == nil {
		o.deliver(data)
		return
	}
	o.packer.Add(data)
}

// flush sends what is being packed.
func (o *outbound) flush() {
	if o.packer != nil {
		o.packer.Flush()
	}
}

// deliver sends a packet to all clients.
func (o *outbound) deliver(p []byte) {
	if o.s.r.cfg.Protocol == ProtocolTelnet && bytes.IndexByte(p, 0xff) >= 0 {
		o.scratch = telnet.AppendData(o.scratch[:0], p)
		p = o.scratch
	}
	r := o.s.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count.packets++
	for _, c := range o.s.clients { // as they are now: pass may let others come and go
		if c.why == "" {
			c.pass(p)
		}
	}
}
