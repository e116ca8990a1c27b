package message

import "github.com/fieldgate/fieldgate/snmp/internal/ber"

// decodePDU reads the next element as a PDU with its bindings. The fault is
// that of the Reader.
func (m *Message) decodePDU(r *ber.Reader) {
	tag, contents := r.Next()
	if r.Err() != nil {
		return
	}
	m.PDU.Type = PDUType(tag)
	switch {
	case !m.Version.has(m.PDU.Type):
		r.Fail(ErrPDU)
		return
	case m.PDU.Type == TrapV1:
		return
	}
	p := ber.NewReader(contents)
	m.PDU.RequestID = p.Int32(minInt32)
	m.PDU.ErrorStatus = p.Int32(minInt32)
	m.PDU.ErrorIndex = p.Int32(minInt32)
	list := ber.NewReader(p.Expect(ber.Sequence))
	if err := p.Close(); err != nil {
		r.Fail(err)
		return
	}
	for list.More() {
		m.decodeBind(&list)
	}
	if err := list.Err(); err != nil {
		r.Fail(err)
	}
}

// has tells whether the version has the PDU.
func (v Version) has(t PDUType) bool {
	if v == V1 {
		return t >= Get && t <= TrapV1
	}
	return t >= Get && t <= Report && t != TrapV1
}

// decodeBind appends the next element of the list, a binding.
func (m *Message) decodeBind(list *ber.Reader) {
	r := ber.NewReader(list.Expect(ber.Sequence))
	name := r.Expect(ber.ObjectID)
	tag, contents := r.Next()
	if list.Err() != nil {
		return
	}
	if err := r.Close(); err != nil {
		list.Fail(err)
		return
	}
	start := len(m.arcs)
	arcs, err := ber.Arcs(m.arcs, name)
	if err != nil {
		list.Fail(err)
		return
	}
	m.arcs = arcs
	if !m.validValue(tag, contents) {
		list.Fail(ErrValue)
		return
	}
	m.Binds = append(m.Binds, Bind{OID: arcs[start:len(arcs):len(arcs)], Tag: tag, Contents: contents})
}

// validValue tells whether the contents are a value of the type.
func (m *Message) validValue(tag byte, contents []byte) (ok bool) {
	var err error
	switch tag {
	case ber.Null, ber.NoSuchObject, ber.NoSuchInstance, ber.EndOfMibView:
		return len(contents) == 0
	case ber.OctetString, ber.Opaque:
	case ber.IPAddress:
		return len(contents) == 4
	case ber.Integer:
		_, err = ber.Int32(contents)
	case ber.Counter32, ber.Gauge32, ber.TimeTicks:
		_, err = ber.Uint32(contents)
	case ber.Counter64:
		_, err = ber.Uint64(contents)
	case ber.ObjectID:
		_, err = ber.Arcs(m.arcs[len(m.arcs):], contents) // behind the arcs in use
	default:
		return false
	}
	return err == nil
}
