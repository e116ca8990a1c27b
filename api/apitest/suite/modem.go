package suite

import (
	"context"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

// TestModem runs the conformance tests of [api.Modem], each on what open
// returns: a modem that answers and knows at least its IMEI.
func TestModem(t *testing.T, open func(t *testing.T) api.Modem) {
	for name, run := range map[string]func(*testing.T, api.Modem){
		"facts_are_sound":     modemFactsAreSound,
		"identity_stays":      modemIdentityStays,
		"ended_context":       modemEndedContext,
		"concurrent_readings": modemConcurrentReadings,
	} {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

// TestNoModem demands what [api.Modem] says of a modem that is not there, or
// does not answer, which is what open returns.
func TestNoModem(t *testing.T, open func(t *testing.T) api.Modem) {
	m := open(t)
	for range 2 {
		info, err := m.ModemInfo(t.Context())
		require.ErrorIs(t, err, api.ErrNotReady)
		assert.Equal(t, api.ModemInfo{}, info)
	}
}

func modemFactsAreSound(t *testing.T, m api.Modem) {
	info, err := m.ModemInfo(t.Context())
	require.NoError(t, err)
	for fact, text := range map[string]string{
		"manufacturer": info.Manufacturer, "model": info.Model, "revision": info.Revision,
		"operator": info.Operator, "registration": info.Registration, "technology": info.Technology,
		"IMEI": info.IMEI, "IMSI": info.IMSI, "ICCID": info.ICCID,
		"cell": info.CellID, "area": info.AreaCode, "IP address": info.IPAddress,
	} {
		assert.True(t, utf8.ValidString(text), "%s is not UTF-8: %q", fact, text)
		assert.Equal(t, strings.TrimSpace(text), text, "%s has white space around it", fact)
		assert.False(t, strings.ContainsFunc(text, unicode.IsControl), "%s holds a control character: %q", fact, text)
	}
	assert.Regexp(t, `^[0-9]{14,16}$`, info.IMEI, "IMEI")
	assert.Regexp(t, `^([0-9]{6,15})?$`, info.IMSI, "IMSI")
	assert.Regexp(t, `^([0-9]{18,22}|[0-9]{18,21}F)?$`, info.ICCID, "ICCID")
	assert.Regexp(t, `^[0-9A-Fa-f]*$`, info.CellID, "cell")
	assert.Regexp(t, `^[0-9A-Fa-f]*$`, info.AreaCode, "area")
	assert.Contains(t, []string{"", "not registered", "home", "searching", "denied", "unknown", "roaming"}, info.Registration)
	if info.SignalDBm != nil {
		assert.Less(t, *info.SignalDBm, 0, "signal in dBm")
		assert.Greater(t, *info.SignalDBm, -200, "signal in dBm")
	}
}

func modemIdentityStays(t *testing.T, m api.Modem) {
	before, err := m.ModemInfo(t.Context())
	require.NoError(t, err)
	if before.SignalDBm != nil {
		*before.SignalDBm = 0 // the caller's own
	}
	after, err := m.ModemInfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before.IMEI, after.IMEI)
	assert.Equal(t, before.Model, after.Model)
	if after.SignalDBm != nil {
		assert.NotZero(t, *after.SignalDBm, "changed by a caller")
	}
}

func modemEndedContext(t *testing.T, m api.Modem) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := m.ModemInfo(ctx)
	require.ErrorIs(t, err, context.Canceled)
	_, err = m.ModemInfo(t.Context())
	require.NoError(t, err, "one caller's end is not another's")
}

func modemConcurrentReadings(t *testing.T, m api.Modem) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			info, err := m.ModemInfo(t.Context())
			if assert.NoError(t, err) {
				assert.NotEmpty(t, info.IMEI)
			}
		})
	}
	wg.Wait()
}
