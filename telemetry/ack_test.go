package telemetry_test

import (
	"encoding/hex"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

// ackVector answers sealedVector; it was made by the standard library of Python.
const ackVector = "d18443a10104a10446474b3030303149831861051a6afd6d0148976547a80ad93f0d"

func TestAckRoundTrip(t *testing.T) {
	for name, a := range map[string]telemetry.Ack{
		"whole":   {Serial: serial, Boot: 97, Seq: 5, Time: 1794993409},
		"part":    {Serial: serial, Boot: 97, Seq: 5, Part: 2, Time: 1794993409},
		"largest": {Serial: serial, Boot: math.MaxUint32, Seq: math.MaxUint64, Part: math.MaxUint64, Time: math.MaxUint64},
		"zero":    {Serial: serial},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := telemetry.AppendAck([]byte("head"), &a, key(t))
			require.NoError(t, err)
			assert.Equal(t, "head", string(b[:4]))
			got, err := telemetry.ParseAck(b[4:], key(t))
			require.NoError(t, err)
			assert.Equal(t, &a, got)
			other := telemetry.NewKey()
			_, err = telemetry.ParseAck(b[4:], other)
			require.ErrorIs(t, err, telemetry.ErrForged)
		})
	}
}

func TestParseAckRefuses(t *testing.T) {
	for name, payload := range map[string]string{
		"a message":           "a200010300",
		"too short":           "820005",
		"a text":              "83006105",
		"boot above 32 bits":  "831b00000001000000000500",
		"negative":            "83002000",
		"truncated":           "83000500"[:6],
		"bytes after the end": "8300050000",
		"nothing":             "",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := telemetry.ParseAck(seal(t, serial, unhex(t, payload)), key(t))
			require.ErrorIs(t, err, telemetry.ErrMalformed)
		})
	}
	_, err := telemetry.ParseAck(unhex(t, sealedVector), key(t))
	require.ErrorIs(t, err, telemetry.ErrMalformed, "a message that comes back is no ack")
	e, err := telemetry.ParseEnvelope(seal(t, serial, unhex(t, "83000500")))
	require.NoError(t, err)
	_, err = e.Decode()
	require.ErrorIs(t, err, telemetry.ErrMalformed, "an ack is no message")
}

func TestParseAckOfALaterVersion(t *testing.T) {
	a, err := telemetry.ParseAck(seal(t, serial, unhex(t, "8618610518640263782e798101")), key(t))
	require.NoError(t, err)
	assert.Equal(t, &telemetry.Ack{Serial: serial, Boot: 97, Seq: 5, Time: 100, Part: 2}, a)
}

func TestAckAllocatesNothing(t *testing.T) {
	a, k, dst := &telemetry.Ack{Serial: serial, Boot: 97, Seq: 5, Part: 2, Time: 1794993409}, key(t), make([]byte, 0, 128)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := telemetry.AppendAck(dst, a, k); err != nil {
			t.Error(err)
		}
	}))
}

// An ack is never longer than a message that the agent sends, which always
// has boot or not, an uptime or not, period and stats.
func TestAckIsNoLongerThanItsMessage(t *testing.T) {
	for _, seq := range []uint64{0, 23, 24, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxUint64} {
		for _, boot := range []telemetry.Maybe[uint32]{{}, telemetry.Known(uint32(0)), telemetry.Known(uint32(97)), telemetry.Known(uint32(math.MaxUint32))} {
			for _, part := range []telemetry.Part{{}, {Index: 1, Count: 2}, {Index: 300, Count: 300}} {
				m := &telemetry.Message{
					Version: 1, Serial: serial, Boot: boot, Seq: seq, Period: 1, Part: part,
				}
				if part.Index < 2 {
					m.Stats = telemetry.Stats{SendErrors: num(0), Dropped: num(0), CollectMS: num(0)}
				}
				request, err := telemetry.AppendSealed(nil, m, key(t))
				require.NoError(t, err)
				ack, err := telemetry.AppendAck(nil, &telemetry.Ack{
					Serial: serial, Boot: boot.Value, Seq: seq, Part: part.Index, Time: 1794993409,
				}, key(t))
				require.NoError(t, err)
				assert.LessOrEqual(t, len(ack), len(request), "boot %v seq %d part %v", boot, seq, part)
			}
		}
	}
}

func TestAckVector(t *testing.T) {
	b, err := telemetry.AppendAck(nil, &telemetry.Ack{Serial: serial, Boot: 97, Seq: 5, Time: 1794993409}, key(t))
	require.NoError(t, err)
	assert.Equal(t, ackVector, hex.EncodeToString(b))
}

// Whatever a server with the key sends, an ack that is accepted is one that
// AppendAck can write.
func FuzzParseAck(f *testing.F) {
	f.Add(unhex(f, ackVector), unhex(f, "831861051a6afd6d01"))
	f.Add(unhex(f, sealedVector), unhex(f, "8618610518640263782e798101"))
	f.Add([]byte{}, []byte{0x9f})
	k := key(f)
	f.Fuzz(func(t *testing.T, datagram, payload []byte) {
		if a, err := telemetry.ParseAck(datagram, k); err == nil {
			again, err := telemetry.AppendAck(nil, a, k)
			require.NoError(t, err)
			require.LessOrEqual(t, len(again), len(datagram))
		}
		if len(payload) >= 24 {
			return
		}
		a, err := telemetry.ParseAck(seal(t, serial, payload), k)
		if err != nil {
			require.ErrorIs(t, err, telemetry.ErrMalformed)
			return
		}
		again, err := telemetry.AppendAck(nil, a, k)
		require.NoError(t, err)
		b, err := telemetry.ParseAck(again, k)
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}
