package senml

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/fieldgate/fieldgate/telemetry"
)

// Encoder makes datagrams of SenML JSON. The zero value is ready for use.
type Encoder struct {
	// Prefix begins every name, to make it unique in the world, such as a
	// device URN up to the serial: "urn:dev:os:32473-" (RFC 9039). Empty:
	// names begin with the serial.
	Prefix string
}

var _ telemetry.Encoder = Encoder{}

// Encode implements [telemetry.Encoder]. Each datagram is a whole pack. The
// error wraps [telemetry.ErrVersion] or [telemetry.ErrUnencodable], as that of
// [telemetry.Split] does, also when limit has no room for a pack of one
// record; a limit of 1,200 has, while Prefix and serial have 250 bytes or less.
func (e Encoder) Encode(m *telemetry.Message, limit int) ([][]byte, error) {
	whole, err := telemetry.Split(m, math.MaxInt) // bounds and mends the texts
	if err != nil {
		return nil, fmt.Errorf("senml: %w", err)
	}
	base := e.base(&whole[0])
	var datagrams [][]byte
	var pack []byte // without its last bracket
	for _, r := range records(&whole[0]) {
		b, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("senml: %w", err)
		}
		if pack != nil && len(pack)+1+len(b)+1 <= limit {
			pack = append(append(pack, ','), b...)
			continue
		}
		if pack != nil {
			datagrams = append(datagrams, append(pack, ']'))
		}
		r.BaseName, r.BaseTime = base.BaseName, base.BaseTime
		if b, err = json.Marshal(r); err != nil {
			return nil, fmt.Errorf("senml: %w", err)
		}
		if len(b)+2 > limit {
			return nil, fmt.Errorf("senml: %s cannot fit into %d bytes: %w", r.Name, limit, telemetry.ErrUnencodable)
		}
		pack = append([]byte{'['}, b...)
	}
	return append(datagrams, append(pack, ']')), nil
}

// base returns the base fields of every pack.
func (e Encoder) base(m *telemetry.Message) (r Record) {
	if name := e.Prefix + m.Serial; name != "" {
		if !isAlphanumeric(name[0]) {
			name = "x" + name
		}
		r.BaseName = tidyName(name) + ":"
	}
	if m.Time.Known && m.Time.Value >= absolute {
		r.BaseTime = Number(strconv.FormatUint(m.Time.Value, 10))
	}
	return r
}

// tidyName replaces what a name may not have.
func tidyName(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r < 0x80 && isNameByte(byte(r)) {
			b = append(b, byte(r))
		} else {
			b = append(b, '_')
		}
	}
	return string(b)
}
