package message

import "github.com/fieldgate/fieldgate/snmp/internal/ber"

// sizes are how many contents octets the parts of a message have, from the
// inside to the outside, and the message as a whole.
type sizes struct {
	binds, pdu, scoped, padded, security, global, contents, message int
}

// measure returns the sizes with so many octets of bindings.
func (w *Writer) measure(status, index int32, binds int) (s sizes) {
	e := &w.envelope
	s.binds = binds
	s.pdu = intSize(w.requestID) + intSize(status) + intSize(index) + ber.Size(binds)
	s.contents = intSize(int32(e.Version))
	if e.Version != V3 {
		s.contents += ber.Size(len(e.Community)) + ber.Size(s.pdu)
		s.message = ber.Size(s.contents)
		return s
	}
	s.scoped = ber.Size(len(e.ContextEngineID)) + ber.Size(len(e.ContextName)) + ber.Size(s.pdu)
	data := ber.Size(s.scoped)
	if e.Header.Flags&FlagPriv != 0 {
		block := max(e.BlockSize, 1)
		s.padded = (data + block - 1) / block * block
		data = ber.Size(s.padded)
	}
	s.security = ber.Size(len(e.Security.EngineID)) + intSize(int32(e.Security.Boots)) + intSize(int32(e.Security.Time)) +
		ber.Size(len(e.Security.User)) + ber.Size(e.MACSize) + ber.Size(e.SaltSize)
	s.global = intSize(e.Header.ID) + intSize(int32(e.Header.MaxSize)) + ber.Size(1) + intSize(usmModel)
	s.contents += ber.Size(s.global) + ber.Size(ber.Size(s.security)) + data
	s.message = ber.Size(s.contents)
	return s
}

func intSize(n int32) int { return ber.Size(ber.IntSize(int64(n))) }

// Finish writes what is around the bindings. The message is a part of the
// Writer's buffer, good until the next Begin. Its only error is ErrTooBig.
func (w *Writer) Finish(t PDUType, status, index int32) (Sealable, error) {
	e := &w.envelope
	s := w.measure(status, index, len(w.buf)-Headroom)
	padding := 0
	if s.padded > 0 {
		padding = s.padded - ber.Size(s.scoped)
	}
	end := len(w.buf) + padding
	start := end - s.message
	if s.message > w.limit || start < 0 {
		return Sealable{}, ErrTooBig
	}
	for range padding {
		w.buf = append(w.buf, 0)
	}
	out := Sealable{Raw: w.buf[start:end:end]}
	b := ber.AppendHeader(w.buf[start:start], ber.Sequence, s.contents)
	b = appendInt(b, int32(e.Version))
	if e.Version == V3 {
		b = w.appendV3(b, &s, &out)
	} else {
		b = ber.AppendOctets(b, ber.OctetString, e.Community)
	}
	b = ber.AppendHeader(b, byte(t), s.pdu)
	b = appendInt(b, w.requestID)
	b = appendInt(b, status)
	b = appendInt(b, index)
	ber.AppendHeader(b, ber.Sequence, s.binds) // up to the first binding
	return out, nil
}

func appendInt(b []byte, n int32) []byte { return ber.AppendInt(b, ber.Integer, int64(n)) }

// appendV3 appends what is between the version and the PDU.
func (w *Writer) appendV3(b []byte, s *sizes, out *Sealable) []byte {
	e := &w.envelope
	b = ber.AppendHeader(b, ber.Sequence, s.global)
	b = appendInt(b, e.Header.ID)
	b = appendInt(b, int32(e.Header.MaxSize))
	b = append(ber.AppendHeader(b, ber.OctetString, 1), byte(e.Header.Flags))
	b = appendInt(b, usmModel)

	b = ber.AppendHeader(b, ber.OctetString, ber.Size(s.security))
	b = ber.AppendHeader(b, ber.Sequence, s.security)
	b = ber.AppendOctets(b, ber.OctetString, e.Security.EngineID)
	b = appendInt(b, int32(e.Security.Boots))
	b = appendInt(b, int32(e.Security.Time))
	b = ber.AppendOctets(b, ber.OctetString, e.Security.User)
	b, out.MAC = appendRoom(b, e.MACSize)
	b, out.Salt = appendRoom(b, e.SaltSize)

	if e.Header.Flags&FlagPriv != 0 {
		b = ber.AppendHeader(b, ber.OctetString, s.padded)
		out.Scoped = out.Raw[len(out.Raw)-s.padded:]
	}
	b = ber.AppendHeader(b, ber.Sequence, s.scoped)
	b = ber.AppendOctets(b, ber.OctetString, e.ContextEngineID)
	return ber.AppendOctets(b, ber.OctetString, e.ContextName)
}

// appendRoom appends an OCTET STRING of n zeros, and returns it too.
func appendRoom(b []byte, n int) (all, room []byte) {
	b = ber.AppendHeader(b, ber.OctetString, n)
	start := len(b)
	b = b[:start+n]
	clear(b[start:])
	return b, b[start:len(b):len(b)]
}
