package telemetry

import (
	"fmt"
	"math"
)

// Limits of [Decode].
const (
	// MaxRows is the most elements of an array in a message: of disks, of
	// interfaces, and of any other array.
	MaxRows = 256
	// maxPairs is the most pairs of a map: the message map's first byte is
	// 0xB8 at most.
	maxPairs = 255
	// maxDepth is how deep maps and arrays may lie in each other; the message
	// map is the first.
	maxDepth = 8
	// maxMessage is the largest UDP payload there is.
	maxMessage = 65535
)

// Decode reads one bare message, which must fill b. It is as strict as
// [AppendMessage] is: floats, tags, indefinite lengths, integers longer than
// needed, keys twice or not ascending, and bytes after the end are refused.
// It is open to later additions: unknown keys are kept in Extra, further
// elements of known arrays are skipped, and a missing tail, null or a missing
// key is unknown. Only v and seq are required.
//
// The message shares no memory with b. An input of up to 65,535 bytes
// allocates less than 128 KiB plus three times its length.
//
// The error names the byte and the field, and wraps [ErrMalformed],
// [ErrVersion] or [ErrSealed].
func Decode(b []byte) (*Message, error) {
	if err := checkMessage(b); err != nil {
		return nil, err
	}
	r := reader{b: b}
	m := new(Message)
	if err := r.message(m); err != nil {
		return nil, err
	}
	return m, nil
}

// checkMessage refuses what shows at first sight to be no bare message.
func checkMessage(b []byte) error {
	switch {
	case len(b) == 0:
		return fmt.Errorf("telemetry: decode: empty: %w", ErrMalformed)
	case len(b) > maxMessage:
		return fmt.Errorf("telemetry: decode: %d bytes, allowed are %d: %w", len(b), maxMessage, ErrMalformed)
	case b[0] == 0xd0 || b[0] == 0xd1:
		return fmt.Errorf("telemetry: decode: first byte %#02x: %w", b[0], ErrSealed)
	case b[0] < 0xa0 || b[0] > 0xb8:
		return fmt.Errorf("telemetry: decode: first byte %#02x is no message map: %w", b[0], ErrMalformed)
	}
	return nil
}

func (r *reader) message(m *Message) error {
	pairs, err := r.open(majorMap, maxPairs)
	if err != nil {
		return err
	}
	var seen uint32 // one bit per known key that has a value
	var last []byte
	for i := range pairs {
		key, raw, err := r.messageKey(last)
		if err != nil {
			return err
		}
		last = raw
		if i == 0 && (key.Name != "" || key.ID != keyVersion) {
			return r.fail("the first key is not 0 (v)")
		}
		if key.Name != "" || key.ID >= keyExtra {
			key.Raw, err = r.raw()
			m.Extra = append(m.Extra, key)
		} else if r.field = fieldNames[key.ID]; !r.null() {
			seen |= 1 << key.ID
			err = r.value(m, key.ID)
		}
		if err != nil {
			return err
		}
		r.field = ""
	}
	switch {
	case r.at < len(r.b):
		return r.fail("%d bytes after the end", len(r.b)-r.at)
	case seen&(1<<keyVersion) == 0:
		return r.fail("no version (key 0)")
	case seen&(1<<keySeq) == 0:
		return r.fail("no sequence number (key 3)")
	}
	return nil
}

// messageKey reads a key of the message map, which must come after last.
func (r *reader) messageKey(last []byte) (key Extra, raw []byte, err error) {
	start := r.at
	major, n, err := r.head()
	switch {
	case err != nil:
		return key, nil, err
	case major == majorUint:
		key.ID = n
	case major == majorText && n > 0:
		name, err := r.textOf(n)
		if err != nil {
			return key, nil, err
		}
		key.Name = string(name)
	default:
		r.at = start
		return key, nil, r.fail("a key is neither an unsigned integer nor a text")
	}
	return key, r.b[start:r.at], r.ascending(last, r.b[start:r.at])
}

// value reads the value of a known key.
func (r *reader) value(m *Message, key uint64) (err error) {
	switch key {
	case keyVersion:
		m.Version, err = r.uint(math.MaxUint64)
		if err == nil && m.Version != Version {
			err = fmt.Errorf("telemetry: decode: version %d, want %d: %w", m.Version, Version, ErrVersion)
		}
	case keySerial:
		m.Serial, err = r.text()
	case keyBoot:
		var n uint64
		n, err = r.uint(math.MaxUint32)
		m.Boot = Known(uint32(n))
	case keySeq:
		m.Seq, err = r.uint(math.MaxUint64)
	case keyTime:
		m.Time, err = known(r.uint(math.MaxUint64))
	case keyUptime:
		m.Uptime, err = known(r.uint(math.MaxUint64))
	case keyHost:
		m.Host, err = known(r.text())
	case keyFirmware:
		m.Firmware, err = known(r.common())
	case keyLoad:
		e := m.Load.elements()
		err = r.group(e[:])
	case keyCPU:
		e := m.CPU.elements()
		err = r.group(e[:])
	case keyMemory:
		e := m.Memory.elements()
		err = r.group(e[:])
	case keyDisks:
		m.Disks, err = rows(r, r.disks, func(d *Disk) error {
			e := d.elements()
			return r.row(&d.Mount, e[:])
		})
	case keyInterfaces:
		m.Interfaces, err = rows(r, r.interfaces, func(i *Interface) error {
			e := i.elements()
			return r.row(&i.Name, e[:])
		})
	case keyModem:
		err = r.modem(&m.Modem)
	case keyIPsec:
		e := m.IPsec.elements()
		err = r.group(e[:])
	case keyOpenVPN:
		e := m.OpenVPN.elements()
		err = r.group(e[:])
	case keyPart:
		err = r.part(&m.Part)
	case keyLate:
		var n uint64
		n, err = r.uint(math.MaxUint64)
		m.Late = n != 0
	case keyPeriod:
		m.Period, err = r.uint(math.MaxUint64)
	case keyStats:
		e := m.Stats.elements()
		err = r.group(e[:])
	}
	return err
}
