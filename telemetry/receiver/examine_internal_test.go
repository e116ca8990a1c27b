package receiver

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

var fuzzSource = netip.MustParseAddrPort("192.0.2.7:40112")

func fuzzKey() telemetry.Key {
	k, err := telemetry.ParseKey("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	if err != nil {
		panic(err)
	}
	return k
}

// Whatever the bytes: no panic, and no state for whom has not proven to be a
// device. What is a bare message is tried once more with a valid seal.
func FuzzDatagram(f *testing.F) {
	key := telemetry.DeriveKey(fuzzKey(), "GK0001")
	m := &telemetry.Message{
		Version: telemetry.Version, Serial: "GK0001", Boot: telemetry.Known(uint32(3)), Seq: 70000,
		Time: telemetry.Known(uint64(1794993408)), Sample: telemetry.Sample{Uptime: telemetry.Known(uint64(1000))},
		Period: 60, Part: telemetry.Part{Index: 2, Count: 3}, Late: true,
	}
	b, err := telemetry.AppendSealed(nil, m, key)
	require.NoError(f, err)
	f.Add(b)
	b, err = telemetry.AppendMessage(nil, m)
	require.NoError(f, err)
	f.Add(b)
	m.Serial = "XX0001"
	b, err = telemetry.AppendMessage(nil, m)
	require.NoError(f, err)
	f.Add(b)
	b, err = telemetry.AppendAck(nil, &telemetry.Ack{Serial: "GK0001"}, key)
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte{})
	f.Add([]byte{0xd0})
	f.Fuzz(func(t *testing.T, b []byte) {
		tryDatagram(t, b)
		if m, err := telemetry.Decode(b); err == nil {
			m.Serial = "GK0001"
			if b, err := telemetry.AppendSealed(nil, m, key); err == nil {
				require.Equal(t, m.Part.Count <= MaxParts, tryDatagram(t, b))
			}
		}
	})
}

// tryDatagram takes b all the way to the sink, three times, and back. It
// reports whether it was let through.
func tryDatagram(t *testing.T, b []byte) bool {
	x := newFuzzExaminer()
	k := &keeper{table: newTable(4), count: new(counters)}
	for range 3 { // new, again, again
		var it item
		if x.examine(context.Background(), b, fuzzSource, time.Unix(1794993408, 0), &it) != received {
			require.Zero(t, it.record.Device)
			require.Zero(t, it.record.Raw)
			return false
		}
		mustBeProven(t, b, &it)
		k.items = append(k.items, it)
	}
	k.admit()
	require.Len(t, k.records, 1)
	require.Equal(t, uint64(2), k.count.stats().Duplicate)
	require.Equal(t, 1, k.table.n)
	entry := appendEntry(nil, k.table.at(0), k.table.parts[0])
	require.LessOrEqual(t, len(entry), maxEntry)
	k.giveUp()
	require.Zero(t, k.table.used)
	return true
}

func newFuzzExaminer() *examiner {
	return &examiner{
		allowBare: true,
		failures:  new(limiter),
		known:     func(string) bool { return false },
		sealed:    func(string) bool { return false },
		keys: KeyFunc(func(_ context.Context, serial string) (telemetry.Key, bool, error) {
			if len(serial) > 2 && serial[:2] == "GK" {
				return telemetry.DeriveKey(fuzzKey(), serial), true, nil
			}
			return telemetry.Key{}, false, nil
		}),
	}
}

// mustBeProven tests what is let through by another way: sealing the message
// again must give the same bytes.
func mustBeProven(t *testing.T, b []byte, it *item) {
	require.Equal(t, b, it.record.Raw)
	require.Equal(t, it.record.Message.Serial, it.record.Device)
	if !it.record.Sealed {
		require.False(t, len(it.record.Device) > 2 && it.record.Device[:2] == "GK")
		return
	}
	e, err := telemetry.ParseEnvelope(b)
	require.NoError(t, err)
	key := telemetry.DeriveKey(fuzzKey(), it.record.Device)
	require.True(t, e.Verify(key))
}

func TestLimiterIsBounded(t *testing.T) {
	var l limiter
	now := time.Unix(1000, 0)
	addr := netip.MustParseAddr("10.0.0.0")
	for range maxSources + 10 {
		l.failed(addr, now)
		addr = addr.Next()
	}
	require.Len(t, l.counts, maxSources)
	require.False(t, l.limited(addr, now))

	v6 := netip.MustParseAddr("2001:db8::1%eth0")
	for range failuresAllowed {
		l.failed(v6, now.Add(time.Second))
	}
	require.True(t, l.limited(netip.MustParseAddr("2001:db8::2"), now.Add(time.Second)), "one /64 is one source")
	require.False(t, l.limited(netip.MustParseAddr("2001:db8:0:1::2"), now.Add(time.Second)))
	require.False(t, l.limited(v6, now.Add(2*time.Second)))
	l.failed(netip.Addr{}, now) // a socket that does not tell
}
