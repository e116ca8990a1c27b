package senml_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/senml"
)

func TestParseRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"nothing":            {``, "unexpected end"},
		"no array":           {`{"n":"a","v":1}`, "cannot unmarshal object"},
		"null":               {`null`, "no array"},
		"a null record":      {`[null]`, "no record"},
		"a number as record": {`[1]`, "cannot unmarshal number"},
		"value as text":      {`[{"n":"a","v":"1"}]`, `label "v": "1" is no number`},
		"time as bool":       {`[{"n":"a","v":1,"t":true}]`, `label "t"`},
		"name as number":     {`[{"n":1,"v":1}]`, `label "n"`},
		"bool as number":     {`[{"n":"a","vb":1}]`, `label "vb"`},
		"null value":         {`[{"n":"a","vs":null}]`, `label "vs" is null`},
		"must be understood": {`[{"n":"a","v":1,"new_":2}]`, `label "new_" must be understood`},
		"after the end":      {`[] []`, "after top-level value"},
		"cut off":            {`[{"n":"a"`, "unexpected end"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := senml.Parse([]byte(tc.text))
			require.ErrorIs(t, err, telemetry.ErrMalformed)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestParseIgnoresWhatItDoesNotKnow(t *testing.T) {
	p, err := senml.Parse([]byte(`[{"n":"a","v":1,"new":{"x":null},"N":"b","V":2}]`))
	require.NoError(t, err)
	assert.Equal(t, senml.Pack{{Name: "a", Value: "1"}}, p, "labels are exact")
	p, err = senml.Parse([]byte(`[]`))
	require.NoError(t, err)
	assert.Empty(t, p)
}

func TestResolveRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		text, want string
		is         error
	}{
		"no name":             {`[{"v":1}]`, "record 0: the name", telemetry.ErrMalformed},
		"blank in name":       {`[{"n":"a","v":1},{"n":"a b","v":1}]`, `record 1: the name "a b"`, telemetry.ErrMalformed},
		"begins with a dash":  {`[{"bn":"-","n":"a","v":1}]`, `the name "-a"`, telemetry.ErrMalformed},
		"two values":          {`[{"n":"a","v":1,"vb":true}]`, "more than one value", telemetry.ErrMalformed},
		"no value":            {`[{"n":"a","t":1}]`, "neither value nor sum", telemetry.ErrMalformed},
		"base value only":     {`[{"bv":1,"n":"a"}]`, "neither value nor sum", telemetry.ErrMalformed},
		"later version":       {`[{"bver":11,"n":"a","v":1}]`, "version 11", telemetry.ErrVersion},
		"mixed versions":      {`[{"bver":5,"n":"a","v":1},{"bver":10,"n":"a","v":1}]`, "record 1: version 10 in a pack of version 5", telemetry.ErrMalformed},
		"version begins late": {`[{"n":"a","v":1},{"bver":5,"n":"a","v":1}]`, "record 1: version 5", telemetry.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := senml.Parse([]byte(tc.text))
			require.NoError(t, err)
			_, err = p.Resolve(time.Unix(1700000000, 0))
			require.ErrorIs(t, err, tc.is)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestResolveAddsBases(t *testing.T) {
	got := resolve(t, `[
		{"bn":"a:","bu":"V","bv":100,"bs":10,"bt":1.6e9,"bver":10,"n":"b","v":1.5,"s":2,"ut":60},
		{"n":"c","s":1,"u":"A"},
		{"n":"d","vs":"","t":-1}]`, time.Unix(1700000000, 0))
	assert.Equal(t, []map[string]any{
		{"n": "a:d", "u": "V", "vs": "", "s": 10.0, "t": 1599999999.0},
		{"n": "a:b", "u": "V", "v": 101.5, "s": 12.0, "t": 1.6e9, "ut": 60.0},
		{"n": "a:c", "u": "A", "s": 11.0, "t": 1.6e9},
	}, got)
}

// Times below 2^28 count from now on.
func TestResolveRelativeTimes(t *testing.T) {
	now := time.UnixMilli(1700000000500)
	got := resolve(t, `[{"n":"a","v":1,"t":268435456},{"n":"b","v":1,"t":-10},{"n":"c","v":1},{"n":"d","v":1,"t":268435455}]`, now)
	times := make(map[any]any)
	for _, r := range got {
		times[r["n"]] = r["t"]
	}
	assert.Equal(t, map[any]any{"a": 268435456.0, "b": 1699999990.5, "c": 1700000000.5, "d": 1968435455.5}, times)
}

func TestNumber(t *testing.T) {
	for _, text := range []string{"", "abc", `"1"`, "1 ", "01", "--1", "NaN", "+1", "1,2"} {
		_, err := json.Marshal(senml.Record{Name: "a", Value: "x" + senml.Number(text)})
		assert.Error(t, err, text)
	}
	b, err := json.Marshal(senml.Pack{{Name: "a", Value: "18446744073709551615"}})
	require.NoError(t, err)
	assert.Equal(t, `[{"n":"a","v":18446744073709551615}]`, string(b))
	assert.Zero(t, senml.Number("").Float())
	assert.InDelta(t, 0.07, senml.Number("0.07").Float(), 1e-12)
}

func FuzzParse(f *testing.F) {
	for _, text := range examples {
		f.Add([]byte(text))
	}
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := senml.Parse(b)
		if err != nil {
			assert.ErrorIs(t, err, telemetry.ErrMalformed)
			return
		}
		text, err := json.Marshal(p)
		require.NoError(t, err, "what was read can be written")
		again, err := senml.Parse(text)
		require.NoError(t, err)
		assert.Len(t, again, len(p))
		resolved, err := p.Resolve(time.Unix(1700000000, 0))
		if err == nil {
			assert.LessOrEqual(t, len(resolved), len(p))
		}
	})
}
