package config_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/config"
)

func TestErrorsKeepEveryFaultInOrder(t *testing.T) {
	var faults config.Errors
	require.NoError(t, faults.Err())
	assert.True(t, faults.Err() == nil, "no typed nil")

	faults.Addf("destinations[2].port", "%d is out of range", 70000)
	faults.Addf("", "nothing is enabled")
	faults.Addf("period", "required")
	err := faults.Err()
	require.EqualError(t, err, "destinations[2].port: 70000 is out of range\nnothing is enabled\nperiod: required")

	for name, err := range map[string]error{"plain": err, "wrapped": fmt.Errorf("telemetry: %w", err)} {
		t.Run(name, func(t *testing.T) {
			var all config.Errors
			require.ErrorAs(t, err, &all)
			assert.Equal(t, faults, all)
			var first *config.FieldError
			require.ErrorAs(t, err, &first)
			assert.Equal(t, "destinations[2].port", first.Path)
			for _, fault := range faults {
				assert.ErrorIs(t, err, fault)
			}
			assert.NotErrorIs(t, err, errors.New("period: required"))
		})
	}
}

func TestWarningNamesItsPlace(t *testing.T) {
	assert.Equal(t, "users[0].key: it is short", config.Warning{Path: "users[0].key", Text: "it is short"}.String())
	assert.Equal(t, "it is weak", config.Warning{Text: "it is weak"}.String())
}

type parity string

func TestParseEnum(t *testing.T) {
	allowed := []parity{"none", "even", "odd"}
	for _, want := range allowed {
		got, err := config.ParseEnum([]byte(want), allowed...)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", "mark", "None", "EVEN", " odd", "odd ", "od", "odd\n", "none, even"} {
		t.Run(text, func(t *testing.T) {
			got, err := config.ParseEnum([]byte(text), allowed...)
			require.EqualError(t, err, fmt.Sprintf("unknown word %q, want none, even, odd", text))
			assert.Empty(t, got)
		})
	}
	// The empty word can be one of the allowed, as "not set".
	got, err := config.ParseEnum([]byte(""), parity(""), "none")
	require.NoError(t, err)
	assert.Empty(t, got)
}
