package senml_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry/senml"
)

// The examples of RFC 8428 section 5.1, by section.
const (
	singleDatapoint = `[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]`

	multipleDatapoints = `[
		{"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},
		{"n":"current","u":"A","v":1.2}]`

	datapointsOverTime = `[
		{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},
		{"n":"current","t":-5,"v":1.2},
		{"n":"current","t":-4,"v":1.3},
		{"n":"current","t":-3,"v":1.4},
		{"n":"current","t":-2,"v":1.5},
		{"n":"current","t":-1,"v":1.6},
		{"n":"current","v":1.7}]`

	multipleMeasurements = `[
		{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":20},
		{"u":"lon","v":24.30621},
		{"u":"lat","v":60.07965},
		{"t":60,"v":20.3},
		{"u":"lon","t":60,"v":24.30622},
		{"u":"lat","t":60,"v":60.07965},
		{"t":120,"v":20.7},
		{"u":"lon","t":120,"v":24.30623},
		{"u":"lat","t":120,"v":60.07966},
		{"u":"%EL","t":150,"v":98},
		{"t":180,"v":21.2},
		{"u":"lon","t":180,"v":24.30628},
		{"u":"lat","t":180,"v":60.07967}]`

	resolvedData = `[
		{"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067464e+09,"v":20},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067464e+09,"v":24.30621},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067464e+09,"v":60.07965},
		{"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067524e+09,"v":20.3},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067524e+09,"v":24.30622},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067524e+09,"v":60.07965},
		{"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067584e+09,"v":20.7},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067584e+09,"v":24.30623},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067584e+09,"v":60.07966},
		{"n":"urn:dev:ow:10e2073a01080063","u":"%EL","t":1.320067614e+09,"v":98},
		{"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067644e+09,"v":21.2},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067644e+09,"v":24.30628},
		{"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067644e+09,"v":60.07967}]`

	dataTypes = `[
		{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},
		{"n":"label","vs":"Machine Room"},
		{"n":"open","vb":false},
		{"n":"nfv-reader","vd":"aGkgCg"}]`

	collection = `[
		{"bn":"2001:db8::2/","bt":1.320078429e+09,"n":"temperature","u":"Cel","v":27.2},
		{"n":"humidity","u":"%RH","v":80},
		{"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},
		{"n":"humidity","u":"%RH","v":67}]`

	thermostat = `[
		{"bn":"urn:dev:ow:10e2073a01080063:"},
		{"n":"temp","u":"Cel","v":23.1},
		{"n":"heat","u":"/","v":1},
		{"n":"fan","u":"/","v":0}]`

	lights = `[
		{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":1},
		{"n":"2001:db8::4","v":1}]`

	dimmed = `[
		{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":0.5},
		{"n":"2001:db8::4","v":0.5},
		{"n":"2001:db8::3","t":0.1,"v":0},
		{"n":"2001:db8::4","t":0.1,"v":0}]`
)

var examples = map[string]string{
	"5.1.1 single datapoint":      singleDatapoint,
	"5.1.2 multiple datapoints":   multipleDatapoints,
	"5.1.2 over time":             datapointsOverTime,
	"5.1.3 multiple measurements": multipleMeasurements,
	"5.1.4 resolved data":         resolvedData,
	"5.1.5 data types":            dataTypes,
	"5.1.6 collection":            collection,
	"5.1.7 thermostat":            thermostat,
	"5.1.7 two lights":            lights,
	"5.1.7 dimmed":                dimmed,
}

// Reading and writing loses nothing, not even how a number is written.
func TestExamplesOfRFC8428RoundTrip(t *testing.T) {
	for name, text := range examples {
		t.Run(name, func(t *testing.T) {
			p, err := senml.Parse([]byte(text))
			require.NoError(t, err)
			again, err := json.Marshal(p)
			require.NoError(t, err)
			assert.JSONEq(t, text, string(again))
			twice, err := senml.Parse(again)
			require.NoError(t, err)
			assert.Equal(t, p, twice)
		})
	}
	p, err := senml.Parse([]byte(datapointsOverTime))
	require.NoError(t, err)
	again, err := json.Marshal(p[:1])
	require.NoError(t, err)
	assert.Equal(t, `[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1}]`, string(again))
}

// resolve returns the resolved records with numbers as floats.
func resolve(t *testing.T, text string, now time.Time) []map[string]any {
	p, err := senml.Parse([]byte(text))
	require.NoError(t, err)
	resolved, err := p.Resolve(now)
	require.NoError(t, err)
	b, err := json.Marshal(resolved)
	require.NoError(t, err)
	var list []map[string]any
	require.NoError(t, json.Unmarshal(b, &list))
	return list
}

func TestExamplesOfRFC8428Resolve(t *testing.T) {
	now := time.Unix(1700000000, 0)
	var want []map[string]any
	require.NoError(t, json.Unmarshal([]byte(resolvedData), &want))
	assert.Equal(t, want, resolve(t, multipleMeasurements, now), "5.1.4 is 5.1.3")
	assert.Equal(t, want, resolve(t, resolvedData, now), "what is resolved stays as it is")

	type m = map[string]any
	assert.Equal(t, []m{{"n": "urn:dev:ow:10e2073a01080063", "u": "Cel", "v": 23.1, "t": 1.7e9}},
		resolve(t, singleDatapoint, now), "roughly now")
	overTime := resolve(t, datapointsOverTime, now)
	assert.Len(t, overTime, 7)
	assert.Equal(t, m{"bver": 5.0, "n": "urn:dev:ow:10e2073a0108006:current", "u": "A", "t": 1276020071.001, "v": 1.2},
		overTime[0], "in the order of time, each with a version that is not 10")
	assert.Equal(t, m{"bver": 5.0, "n": "urn:dev:ow:10e2073a0108006:voltage", "u": "V", "t": 1276020076.001, "v": 120.1}, overTime[5])
	assert.Equal(t, []m{
		{"n": "urn:dev:ow:10e2073a01080063:temp", "u": "Cel", "v": 23.1, "t": 1.7e9},
		{"n": "urn:dev:ow:10e2073a01080063:label", "vs": "Machine Room", "t": 1.7e9},
		{"n": "urn:dev:ow:10e2073a01080063:open", "vb": false, "t": 1.7e9},
		{"n": "urn:dev:ow:10e2073a01080063:nfv-reader", "vd": "aGkgCg", "t": 1.7e9},
	}, resolve(t, dataTypes, now))
	assert.Equal(t, m{"n": "2001:db8::1/humidity", "u": "%RH", "v": 67.0, "t": 1320078429.0},
		resolve(t, collection, now)[3], "base name of the third record, base time of the first")
	assert.Len(t, resolve(t, thermostat, now), 3, "a record of base fields only is none")
	assert.Equal(t, m{"n": "2001:db8::4", "u": "/", "v": 0.0, "t": 1320078429.1}, resolve(t, dimmed, now)[3])
}
