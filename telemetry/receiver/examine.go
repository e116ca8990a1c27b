package receiver

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

const (
	sealedByte = 0xd1 // begins every COSE_Mac0, no bare message does
	mapBits    = 0xa0 // the upper three of every bare message
)

// examiner tells who sent a datagram and what it says. It is where bytes of
// strangers are looked at: it makes no state for them, but for the bounded
// count of failures. It is for one goroutine.
type examiner struct {
	keys      KeyStore // nil = none
	allowBare bool
	known     func(serial string) bool
	sealed    func(serial string) bool // whether the device's latest message was
	failures  *limiter                 // shared
	decoder   telemetry.Decoder
}

// examine reads a datagram into the record and the key of it, cheap checks
// first. It keeps nothing of b.
func (x *examiner) examine(ctx context.Context, b []byte, from netip.AddrPort, now time.Time, it *item) outcome {
	o := x.open(ctx, b, from, now, it)
	switch o {
	case received:
		it.record.Received, it.record.Source = now, from
		it.record.Raw = append(make([]byte, 0, len(b)), b...)
		it.record.Device = it.record.Message.Serial
	case malformed, version, bare, unknown, badMAC:
		x.failures.failed(from.Addr(), now)
	}
	return o
}

func (x *examiner) open(ctx context.Context, b []byte, from netip.AddrPort, now time.Time, it *item) outcome {
	switch {
	case len(b) > MaxPacket:
		return truncated
	case len(b) > 0 && b[0] == sealedByte:
		return x.openSealed(ctx, b, from, now, it)
	case len(b) == 0 || b[0]&0xe0 != mapBits:
		return malformed
	case !x.allowBare:
		return bare
	}
	return x.openBare(ctx, b, from, now, it)
}

func (x *examiner) openSealed(ctx context.Context, b []byte, from netip.AddrPort, now time.Time, it *item) outcome {
	e, err := telemetry.ParseEnvelope(b)
	if err != nil {
		return malformed
	}
	key, o := x.key(ctx, e.Serial, from, now)
	switch {
	case o != received:
		return o
	case key.IsZero():
		return unknown
	case !e.Verify(key):
		return badMAC
	}
	m := new(telemetry.Message) // the record's own, from now on
	if err := x.decoder.DecodeEnvelope(&e, m); err != nil {
		return reason(err)
	}
	it.key, it.record.Sealed, it.record.Message = key, true, m
	return acceptable(m)
}

// openBare takes a message without MAC only if the device has no key, and has
// had none: else leaving the MAC away would be the way around it.
func (x *examiner) openBare(ctx context.Context, b []byte, from netip.AddrPort, now time.Time, it *item) outcome {
	m := new(telemetry.Message)
	if err := x.decoder.Decode(b, m); err != nil {
		return reason(err)
	}
	switch {
	case m.Serial == "":
		return unknown
	case len(m.Serial) > telemetry.MaxSerial:
		return malformed
	}
	key, o := x.key(ctx, m.Serial, from, now)
	switch {
	case o != received:
		return o
	case !key.IsZero(), x.sealed(m.Serial):
		return bare
	}
	it.key, it.record.Sealed, it.record.Message = telemetry.Key{}, false, m
	return acceptable(m)
}

// key returns the key of a device, zero when it has none.
func (x *examiner) key(ctx context.Context, serial string, from netip.AddrPort, now time.Time) (telemetry.Key, outcome) {
	if x.failures.limited(from.Addr(), now) && !x.known(serial) {
		return telemetry.Key{}, limited
	}
	if x.keys == nil {
		return telemetry.Key{}, received
	}
	key, exists, err := x.keys.Key(ctx, serial)
	switch {
	case err != nil:
		return telemetry.Key{}, keyError
	case !exists:
		return telemetry.Key{}, received
	}
	return key, received
}

func reason(err error) outcome {
	if errors.Is(err, telemetry.ErrVersion) {
		return version
	}
	return malformed
}

func acceptable(m *telemetry.Message) outcome {
	if m.Part.Count > MaxParts {
		return malformed
	}
	return received
}
