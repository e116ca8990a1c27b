package telemetry

// Encoder makes the datagrams of one report. It must allow concurrent calls.
type Encoder interface {
	// Encode returns m as datagrams of at most limit bytes each, in the
	// order of sending, which the caller may keep. m is not changed. The
	// error tells what of m cannot be encoded, or not into limit bytes.
	Encode(m *Message, limit int) ([][]byte, error)
}

// CBOR is the Encoder of the wire format v1. The zero value writes bare
// messages.
type CBOR struct {
	// Key seals the messages; the zero Key leaves them bare.
	Key Key
}

var _ Encoder = CBOR{}

// Encode implements [Encoder]: the parts of [Split] through [AppendMessage]
// or, with a Key, [AppendSealed]. The error wraps [ErrVersion] or
// [ErrUnencodable].
func (c CBOR) Encode(m *Message, limit int) ([][]byte, error) {
	whole := *m
	if !c.Key.IsZero() {
		// The kid carries it, so the parts have more room.
		whole.Serial = ""
		limit = min(limit, MaxDatagram) - sealOverhead(m.Serial)
	}
	parts, err := Split(&whole, limit)
	if err != nil {
		return nil, err
	}
	datagrams := make([][]byte, len(parts))
	for i := range parts {
		if c.Key.IsZero() {
			datagrams[i], err = AppendMessage(nil, &parts[i])
		} else {
			parts[i].Serial = m.Serial
			datagrams[i], err = AppendSealed(nil, &parts[i], c.Key)
		}
		if err != nil {
			return nil, err
		}
	}
	return datagrams, nil
}
