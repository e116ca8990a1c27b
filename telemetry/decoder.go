package telemetry

// Decoder is [Decode] for servers: it writes into a Message that has been
// used before, whose lists it takes over, and makes the texts that many
// devices have in common only once. The zero value is ready. It is for one
// goroutine.
type Decoder struct {
	common [256]string
}

// Decode reads one bare message into m, as [Decode] does. What m held before
// is overwritten, its lists too; after an error m holds nothing of use.
func (d *Decoder) Decode(b []byte, m *Message) error {
	if err := checkMessage(b); err != nil {
		return err
	}
	r := reader{b: b, decoder: d, disks: m.Disks, interfaces: m.Interfaces}
	*m = Message{}
	return r.message(m)
}

// DecodeEnvelope reads the message in e into m, as [Envelope.Decode] does.
func (d *Decoder) DecodeEnvelope(e *Envelope, m *Message) error {
	if err := d.Decode(e.Payload, m); err != nil {
		return err
	}
	return e.own(m)
}

// maxCommon is the longest text that is kept.
const maxCommon = 32

// text returns raw as a string, and the one that was made of equal bytes
// before, unless another has taken its place meanwhile. A nil Decoder keeps
// none.
func (d *Decoder) text(raw []byte) string {
	if d == nil || len(raw) > maxCommon {
		return string(raw)
	}
	hash := uint32(2166136261) // FNV-1a
	for _, c := range raw {
		hash = (hash ^ uint32(c)) * 16777619
	}
	place := &d.common[(hash^hash>>16)%uint32(len(d.common))]
	if *place != string(raw) {
		*place = string(raw)
	}
	return *place
}
