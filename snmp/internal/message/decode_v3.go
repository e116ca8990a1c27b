package message

import (
	"slices"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
)

// usmModel is msgSecurityModel of the User-based Security Model.
const usmModel = 3

// maxUser is the longest msgUserName.
const maxUser = 32

// decodeV3 reads what follows the version, in the order of RFC 3412, section
// 7.2: first whether it is an SNMPv3Message, then model and flags, then
// what is the matter of the model.
func (m *Message) decodeV3(r *ber.Reader) error {
	global := ber.NewReader(r.Expect(ber.Sequence))
	parameters := r.Expect(ber.OctetString)
	end := len(m.Raw) - len(r.Rest())
	m.decodeData(r)
	if err := r.Close(); err != nil {
		return err
	}
	m.Header.ID = global.Int32(0)
	m.Header.MaxSize = int(global.Int32(minMaxSize))
	flags := global.Expect(ber.OctetString)
	model := global.Int32(1)
	if err := global.Close(); err != nil {
		return err
	}
	if len(flags) != 1 {
		return ErrSize
	}
	m.Header.Flags = Flags(flags[0])
	switch {
	case model != usmModel:
		return ErrSecurityModel
	case m.Header.Flags&(FlagAuth|FlagPriv) == FlagPriv:
		return ErrFlags
	}
	return m.decodeSecurity(parameters, end)
}

// decodeData reads msgData, the choice of a scopedPDU and its encryption.
func (m *Message) decodeData(r *ber.Reader) {
	start := r.Rest()
	tag, contents := r.Next()
	switch {
	case r.Err() != nil:
	case tag == ber.Sequence:
		m.Scoped = start[:len(start)-len(r.Rest())]
	case tag == ber.OctetString:
		m.Encrypted = contents
	default:
		r.Fail(ber.ErrTag)
	}
}

// decodeSecurity reads the UsmSecurityParameters, which end at the octet end of
// Raw.
func (m *Message) decodeSecurity(parameters []byte, end int) error {
	outer := ber.NewReader(parameters)
	r := ber.NewReader(outer.Expect(ber.Sequence))
	if err := outer.Close(); err != nil {
		return err
	}
	s := &m.Security
	s.EngineID = r.Expect(ber.OctetString)
	s.Boots = uint32(r.Int32(0))
	s.Time = uint32(r.Int32(0))
	s.User = r.Expect(ber.OctetString)
	s.MAC = r.Expect(ber.OctetString)
	s.MACAt = end - len(r.Rest()) - len(s.MAC)
	s.Salt = r.Expect(ber.OctetString)
	if err := r.Close(); err != nil {
		return err
	}
	if len(s.User) > maxUser {
		return ErrSize
	}
	return nil
}

// Plaintext makes Scoped as long as Encrypted and returns it, for the
// decryption to fill.
func (m *Message) Plaintext() []byte {
	m.plain = slices.Grow(m.plain[:0], len(m.Encrypted))
	m.Scoped = m.plain[:len(m.Encrypted)]
	return m.Scoped
}

// DecodeScoped reads context, PDU and bindings from Scoped. Where that was
// encrypted, octets may follow that filled up the last block (RFC 3414, section
// 8.1.1.3).
func (m *Message) DecodeScoped() error {
	m.Binds, m.arcs = m.Binds[:0], m.arcs[:0]
	outer := ber.NewReader(m.Scoped)
	r := ber.NewReader(outer.Expect(ber.Sequence))
	if m.Encrypted == nil {
		_ = outer.Close() // Err has it
	}
	if err := outer.Err(); err != nil {
		return err
	}
	m.ContextEngineID = r.Expect(ber.OctetString)
	m.ContextName = r.Expect(ber.OctetString)
	m.decodePDU(&r)
	return r.Close()
}
