package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/config"
)

const hidden = "hunter2"

// account holds a secret in all the ways a Config or its owner may.
type account struct {
	User    string                   `json:"user"`
	Key     config.Secret            `json:"key"`
	Pointer *config.Secret           `json:"pointer"`
	List    []config.Secret          `json:"list"`
	Map     map[string]config.Secret `json:"map"`
	Any     any                      `json:"any"`
	private config.Secret
	deeper  struct{ list []config.Secret }
}

func newAccount() account {
	s := config.NewSecret(hidden)
	a := account{
		User: "field", Key: s, Pointer: &s, List: []config.Secret{s},
		Map: map[string]config.Secret{"k": s}, Any: s, private: s,
	}
	a.deeper.list = a.List
	return a
}

// leaks reports whether text gives the secret away, plain, in hex, or as a
// list of byte values.
func leaks(text string) bool {
	lower := strings.ToLower(text)
	for _, form := range []string{"%s", "%x", "% x", "%d"} {
		if strings.Contains(lower, strings.Trim(fmt.Sprintf(form, []byte(hidden)), "[]")) {
			return true
		}
	}
	return false
}

func TestLeaksFindsEveryForm(t *testing.T) {
	for _, verb := range []string{"%v", "%q", "%x", "%X", "% x", "% X"} {
		assert.True(t, leaks(fmt.Sprintf(verb, hidden)), verb)
	}
	assert.True(t, leaks(fmt.Sprint([]byte(hidden))))
	assert.False(t, leaks("[redacted]"))
}

func TestSecretIsNeverFormatted(t *testing.T) {
	s := config.NewSecret(hidden)
	a := newAccount()
	values := map[string]any{
		"value":             s,
		"pointer":           &s,
		"pointer_pointer":   new(&s),
		"slice":             []config.Secret{s},
		"array":             [1]config.Secret{s},
		"map_value":         map[int]config.Secret{1: s},
		"map_key":           map[config.Secret]int{s: 1},
		"struct":            a,
		"struct_pointer":    &a,
		"unexported_field":  struct{ s config.Secret }{s},
		"unexported_nested": struct{ a account }{a},
		"anonymous":         struct{ config.Secret }{s},
		"error_argument":    fmt.Errorf("login with %s: %v", s, a),
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%+q", "%#q", "%x", "%X", "% x", "%#x",
		"%d", "%o", "%b", "%c", "%U", "%e", "%g", "%t", "%p", "%w", "%z", "%40v", "%-40s", "%.3s", "%040d"}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			for _, verb := range verbs {
				got := fmt.Sprintf(verb, value)
				assert.False(t, leaks(got), "%s prints %s", verb, got)
			}
		})
	}
}

func TestSecretFormats(t *testing.T) {
	for _, c := range []struct{ verb, full, empty string }{
		{"%v", "[redacted]", ""},
		{"%+v", "[redacted]", ""},
		{"%s", "[redacted]", ""},
		{"%x", "[redacted]", ""},
		{"%d", "[redacted]", ""},
		{"%q", `"[redacted]"`, `""`},
		{"%#v", `Secret("[redacted]")`, `Secret("")`},
	} {
		t.Run(c.verb, func(t *testing.T) {
			assert.Equal(t, c.full, fmt.Sprintf(c.verb, config.NewSecret(hidden)))
			assert.Equal(t, c.empty, fmt.Sprintf(c.verb, config.Secret{}))
		})
	}
	assert.Equal(t, "<nil>", fmt.Sprintf("%v", (*config.Secret)(nil)))
}

func TestSecretIsNeverLogged(t *testing.T) {
	s, a := config.NewSecret(hidden), newAccount()
	var out bytes.Buffer
	for name, handler := range map[string]slog.Handler{
		"text": slog.NewTextHandler(&out, nil),
		"json": slog.NewJSONHandler(&out, nil),
	} {
		t.Run(name, func(t *testing.T) {
			out.Reset()
			slog.New(handler).With("with", s).WithGroup("g").Info("start",
				"value", s, "pointer", &s, "nil", (*config.Secret)(nil), "struct", a, "struct_pointer", &a,
				"list", a.List, "map", a.Map, slog.Group("group", "key", s), "error", fmt.Errorf("bad %v", s))
			assert.False(t, leaks(out.String()), out.String())
			assert.Contains(t, out.String(), "[redacted]")
		})
	}
}

func TestSecretIsNeverMarshalled(t *testing.T) {
	a := newAccount()
	a.Map[""] = config.Secret{}

	b, err := json.Marshal(a)
	require.NoError(t, err)
	assert.JSONEq(t, `{"user":"field","key":"[redacted]","pointer":"[redacted]","list":["[redacted]"],
		"map":{"k":"[redacted]","":""},"any":"[redacted]"}`, string(b))

	b, err = json.Marshal(map[config.Secret]int{a.Key: 1})
	require.NoError(t, err)
	assert.JSONEq(t, `{"[redacted]":1}`, string(b))
}

func TestSecretReadsJSON(t *testing.T) {
	for text, want := range map[string]string{
		`"hunter2"`: hidden, `""`: "", `"[redacted] "`: "[redacted] ",
		`"two\nlines"`: "two\nlines", `"päss"`: "päss", `"null"`: "null",
	} {
		var a account
		require.NoError(t, json.Unmarshal([]byte(`{"key": `+text+`}`), &a), text)
		assert.Equal(t, want, a.Key.Reveal(), text)
		assert.Equal(t, config.NewSecret(want), a.Key, text)
	}
	a := account{Key: config.NewSecret("before")}
	require.ErrorContains(t, json.Unmarshal([]byte(`{"key": "[redacted]"}`), &a), "put the secret itself here")
	assert.Equal(t, "before", a.Key.Reveal(), "a refused text leaves the secret alone")
}

func TestSecretCompares(t *testing.T) {
	first, same, other := config.NewSecret("one"), config.NewSecret(string([]byte("one"))), config.NewSecret("two")
	assert.True(t, first == same)
	assert.False(t, first == other)
	assert.True(t, config.NewSecret("") == config.Secret{})
	assert.True(t, config.Secret{}.IsZero())
	assert.False(t, config.NewSecret("a").IsZero())
	assert.Empty(t, config.Secret{}.Reveal())

	b, err := json.Marshal(struct {
		Key config.Secret `json:"key,omitzero"`
	}{})
	require.NoError(t, err)
	assert.JSONEq(t, `{}`, string(b))
}
