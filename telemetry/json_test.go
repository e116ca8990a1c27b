package telemetry_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

func TestMaybeJSON(t *testing.T) {
	b, err := json.Marshal([]telemetry.Maybe[uint64]{num(0), {}, {Value: 7}})
	require.NoError(t, err)
	assert.JSONEq(t, "[0, null, null]", string(b))
	back := []telemetry.Maybe[uint64]{num(1), num(2)}
	require.NoError(t, json.Unmarshal(b, &back))
	assert.Equal(t, []telemetry.Maybe[uint64]{num(0), {}, {}}, back)
}

func TestTechnologyText(t *testing.T) {
	for tech, text := range map[telemetry.Technology]string{
		telemetry.TechNone: "none", telemetry.TechGSM: "gsm", telemetry.TechEDGE: "edge",
		telemetry.TechUMTS: "umts", telemetry.TechHSPA: "hspa", telemetry.TechLTE: "lte",
		telemetry.TechNR: "nr", 7: "7", 18446744073709551615: "18446744073709551615",
	} {
		b, err := tech.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, text, string(b))
		var back telemetry.Technology
		require.NoError(t, back.UnmarshalText(b))
		assert.Equal(t, tech, back)
	}
	var tech telemetry.Technology
	require.ErrorContains(t, tech.UnmarshalText([]byte("6g")), `"6g"`)
}

func TestExtraJSON(t *testing.T) {
	list := []telemetry.Extra{{ID: 24, Raw: []byte{0x19, 0x03, 0xe8}}, {Name: "24", Raw: []byte{0xf6}}}
	b, err := json.Marshal(list)
	require.NoError(t, err)
	assert.JSONEq(t, `[{"key":24,"cbor":"1903e8"},{"key":"24","cbor":"f6"}]`, string(b))
	var back []telemetry.Extra
	require.NoError(t, json.Unmarshal(b, &back))
	assert.Equal(t, list, back)
	for _, bad := range []string{`[{"key":24,"cbor":"xy"}]`, `[{"key":true,"cbor":"00"}]`, `[{"cbor":"00"}]`, `[7]`} {
		require.Error(t, json.Unmarshal([]byte(bad), &back), bad)
	}
}
