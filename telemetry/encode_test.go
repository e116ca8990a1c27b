package telemetry_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

// The vector of an independent encoder, from the notes of the wire format.
func TestAppendMessageKnownBytes(t *testing.T) {
	m := minimal()
	m.Boot, m.Seq, m.Time, m.Uptime = telemetry.Known(uint32(97)), 5, num(1794993408), num(1000)
	b, err := telemetry.AppendMessage(nil, m)
	require.NoError(t, err)
	assert.Equal(t, "a500010218610305041a6afd6d00051903e8", hex.EncodeToString(b))
}

func TestAppendMessageKeepsWhatIsThere(t *testing.T) {
	b, err := telemetry.AppendMessage([]byte("head"), minimal())
	require.NoError(t, err)
	assert.Equal(t, "head\xa2\x00\x01\x03\x00", string(b))
}

func TestSnapshotIsCompact(t *testing.T) {
	b, err := telemetry.AppendMessage(nil, snapshot())
	require.NoError(t, err)
	assert.LessOrEqual(t, len(b), 320, "65 values")
}

func TestAppendMessageAllocatesNothing(t *testing.T) {
	m, dst := full(), make([]byte, 0, telemetry.MaxDatagram)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := telemetry.AppendMessage(dst, m); err != nil {
			t.Error(err)
		}
	}))
}

// A map of 24 pairs and more has a head of two bytes.
func TestAppendMessageManyPairs(t *testing.T) {
	for _, n := range []int{21, 22, 235, 253} {
		m := minimal()
		for i := range n {
			m.Extra = append(m.Extra, telemetry.Extra{ID: uint64(20 + i), Raw: []byte{0x01}})
		}
		b, err := telemetry.AppendMessage([]byte("head"), m)
		require.NoError(t, err, "%d pairs", n+2)
		got, err := telemetry.Decode(b[4:])
		require.NoError(t, err, "%d pairs", n+2)
		assert.Equal(t, m, got)
	}
}

func TestAppendMessageRefuses(t *testing.T) {
	extra := func(list ...telemetry.Extra) func(*telemetry.Message) {
		return func(m *telemetry.Message) { m.Extra = list }
	}
	one := []byte{0x01}
	for name, c := range map[string]struct {
		change func(*telemetry.Message)
		want   error
	}{
		"version 0":           {func(m *telemetry.Message) { m.Version = 0 }, telemetry.ErrVersion},
		"version 2":           {func(m *telemetry.Message) { m.Version = 2 }, telemetry.ErrVersion},
		"serial not UTF-8":    {func(m *telemetry.Message) { m.Serial = "\xff" }, telemetry.ErrUnencodable},
		"interface not UTF-8": {func(m *telemetry.Message) { m.Interfaces[1].Name = "eth\xc3" }, telemetry.ErrUnencodable},
		"too many rows":       {func(m *telemetry.Message) { m.Disks = make([]telemetry.Disk, 257) }, telemetry.ErrUnencodable},
		"part 0 of 2":         {func(m *telemetry.Message) { m.Part.Count = 2 }, telemetry.ErrUnencodable},
		"part 3 of 2":         {func(m *telemetry.Message) { m.Part = telemetry.Part{Index: 3, Count: 2} }, telemetry.ErrUnencodable},
		"extra on a field":    {extra(telemetry.Extra{ID: 19, Raw: one}), telemetry.ErrUnencodable},
		"extra twice":         {extra(telemetry.Extra{ID: 24, Raw: one}, telemetry.Extra{ID: 24, Raw: one}), telemetry.ErrUnencodable},
		"extra not ascending": {extra(telemetry.Extra{Name: "x.y", Raw: one}, telemetry.Extra{ID: 24, Raw: one}), telemetry.ErrUnencodable},
		"extra empty":         {extra(telemetry.Extra{ID: 24}), telemetry.ErrUnencodable},
		"extra of two values": {extra(telemetry.Extra{ID: 24, Raw: []byte{1, 1}}), telemetry.ErrUnencodable},
		"extra with a float":  {extra(telemetry.Extra{ID: 24, Raw: []byte{0xf9, 0, 0}}), telemetry.ErrUnencodable},
		"too many extras": {func(m *telemetry.Message) {
			for i := range uint64(300) {
				m.Extra = append(m.Extra, telemetry.Extra{ID: 20 + i, Raw: one})
			}
		}, telemetry.ErrUnencodable},
	} {
		t.Run(name, func(t *testing.T) {
			m := snapshot()
			c.change(m)
			b, err := telemetry.AppendMessage([]byte("head"), m)
			require.ErrorIs(t, err, c.want)
			assert.Equal(t, "head", string(b))
		})
	}
}

func BenchmarkAppendMessage(b *testing.B) {
	for name, m := range map[string]*telemetry.Message{"snapshot": snapshot(), "full": full()} {
		b.Run(name, func(b *testing.B) {
			dst := make([]byte, 0, telemetry.MaxDatagram)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := telemetry.AppendMessage(dst, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	raw, err := telemetry.AppendMessage(nil, snapshot())
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := telemetry.Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
