package telemetry_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

// One Decoder and one Message for messages of every kind, in turn: nothing of
// the one before shows in the next.
func TestDecoderAgreesWithDecode(t *testing.T) {
	var d telemetry.Decoder
	var m telemetry.Message
	for range 3 {
		for name, want := range vectors(t) {
			b, err := telemetry.AppendMessage(nil, want)
			require.NoError(t, err)
			require.NoError(t, d.Decode(b, &m))
			assert.Equal(t, want, &m, name)
			clear(b)
			assert.Equal(t, want, &m, "%s: it shares memory with the datagram", name)
			require.ErrorIs(t, d.Decode([]byte{0xa2, 0, 1}, &m), telemetry.ErrMalformed)
		}
	}
	require.ErrorIs(t, d.Decode(nil, &m), telemetry.ErrMalformed)
}

// Texts that share a place do not become each other.
func TestDecoderKeepsTextsApart(t *testing.T) {
	var d telemetry.Decoder
	var got telemetry.Message
	var kept []string
	for range 2 {
		for i := range 2000 {
			want := minimal()
			want.Firmware = telemetry.Known(fmt.Sprintf("%d.%d", i, i%7))
			b, err := telemetry.AppendMessage(nil, want)
			require.NoError(t, err)
			require.NoError(t, d.Decode(b, &got))
			require.Equal(t, want, &got)
			kept = append(kept, got.Firmware.Value)
		}
	}
	assert.Equal(t, kept[:2000], kept[2000:], "what was handed out does not change")
}

func TestDecodeEnvelope(t *testing.T) {
	var d telemetry.Decoder
	m := *full()
	e, err := telemetry.ParseEnvelope(unhex(t, sealedVector))
	require.NoError(t, err)
	require.NoError(t, d.DecodeEnvelope(&e, &m))
	assert.Equal(t, small(), &m)
	e, err = telemetry.ParseEnvelope(seal(t, "GK0002", unhex(t, "a3000101 66474b30303031 0300")))
	require.NoError(t, err)
	require.ErrorIs(t, d.DecodeEnvelope(&e, &m), telemetry.ErrMalformed)
}

// What a server does with each datagram, with memory used again.
func BenchmarkOpenReusing(b *testing.B) {
	k := key(b)
	raw, err := telemetry.AppendSealed(nil, snapshot(), k)
	require.NoError(b, err)
	var d telemetry.Decoder
	var m telemetry.Message
	b.ReportAllocs()
	for b.Loop() {
		e, err := telemetry.ParseEnvelope(raw)
		if err != nil || !e.Verify(k) {
			b.Fatal("not verified", err)
		}
		if err := d.DecodeEnvelope(&e, &m); err != nil {
			b.Fatal(err)
		}
	}
}
