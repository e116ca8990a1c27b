package telemetry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

func TestCBORBare(t *testing.T) {
	datagrams, err := telemetry.CBOR{}.Encode(large(), telemetry.MaxDatagram)
	require.NoError(t, err)
	require.Len(t, datagrams, 2)
	var parts []telemetry.Message
	for _, d := range datagrams {
		assert.LessOrEqual(t, len(d), telemetry.MaxDatagram)
		m, err := telemetry.Decode(d)
		require.NoError(t, err)
		parts = append(parts, *m)
	}
	assert.Equal(t, *large(), join(parts))
}

func TestCBORSealed(t *testing.T) {
	for _, limit := range []int{512, telemetry.MaxDatagram, 65535} {
		datagrams, err := telemetry.CBOR{Key: key(t)}.Encode(large(), limit)
		require.NoError(t, err)
		require.Greater(t, len(datagrams), 1)
		var parts []telemetry.Message
		for _, d := range datagrams {
			assert.LessOrEqual(t, len(d), min(limit, telemetry.MaxDatagram))
			e, err := telemetry.ParseEnvelope(d)
			require.NoError(t, err)
			require.True(t, e.Verify(key(t)))
			m, err := e.Decode()
			require.NoError(t, err)
			parts = append(parts, *m)
		}
		assert.Equal(t, *large(), join(parts))
	}
}

func TestCBORRefuses(t *testing.T) {
	m := snapshot()
	_, err := telemetry.CBOR{}.Encode(m, 16)
	require.ErrorIs(t, err, telemetry.ErrUnencodable)
	_, err = telemetry.CBOR{Key: key(t)}.Encode(m, 64)
	require.ErrorIs(t, err, telemetry.ErrUnencodable)
	m.Serial = ""
	_, err = telemetry.CBOR{Key: key(t)}.Encode(m, telemetry.MaxDatagram)
	require.ErrorIs(t, err, telemetry.ErrUnencodable)
	m.Version = 2
	_, err = telemetry.CBOR{}.Encode(m, telemetry.MaxDatagram)
	require.ErrorIs(t, err, telemetry.ErrVersion)
}
