package management_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/internal/management"
)

func TestQuote(t *testing.T) {
	for value, want := range map[string]string{
		"joe": "joe", "": `""`, "a b": `"a b"`, `a"b\c`: `"a\"b\\c"`, "#x": `"#x"`, ";": `";"`, "it's": `"it's"`, "é": `"é"`,
		strings.Repeat("x", 255): strings.Repeat("x", 255),
	} {
		got, err := management.Quote(value)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, value := range []string{"a\nb", "a\rb", "a\x00b", "\t", "\x7f", strings.Repeat("x", 256)} {
		_, err := management.Quote(value)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), value)
	}
}

// A command shows its name, never its text.
func TestCommandsKeepSecrets(t *testing.T) {
	c, err := management.Password("Auth", "hunter2")
	require.NoError(t, err)
	assert.Equal(t, "password", c.String())
	for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(form, c), "hunter2")
	}
	_, err = management.Password("Auth", "hunter2\n")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "hunter2")
	_, err = management.Username("Auth", strings.Repeat("x", 300))
	assert.ErrorContains(t, err, "255")
}

func TestAdmitRefuses(t *testing.T) {
	for name, o := range map[string]openvpn.Option{
		"END":       {Name: "END"},
		"no name":   {},
		"dashes":    {Name: "--push"},
		"blank":     {Name: "push route"},
		"line feed": {Name: "push", Args: []string{"a\nEND\nsignal SIGTERM"}},
		"too long":  {Name: "push", Args: []string{strings.Repeat("x", 200), strings.Repeat("y", 100)}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := management.Admit(1, 2, []openvpn.Option{o})
			assert.Error(t, err)
		})
	}
}

func TestThrowRefuses(t *testing.T) {
	_, err := management.Throw("SIGTERM\nkill x")
	assert.Error(t, err)
}

func TestParsePID(t *testing.T) {
	pid, err := management.ParsePID("pid=14034")
	require.NoError(t, err)
	assert.Equal(t, 14034, pid)
	for _, text := range []string{"", "pid=", "pid=0", "pid=-1", "pid=99999999999999", "14034"} {
		_, err := management.ParsePID(text)
		assert.Error(t, err, text)
	}
}

// Whatever the value, openvpn reads one word back, or the value is refused.
func FuzzQuote(f *testing.F) {
	f.Add(`a "b\ c`)
	f.Fuzz(func(t *testing.T, value string) {
		quoted, err := management.Quote(value)
		if err != nil {
			return
		}
		assert.NotContains(t, quoted, "\n")
		if inner, ok := strings.CutPrefix(quoted, `"`); ok {
			inner = strings.TrimSuffix(inner, `"`)
			assert.Equal(t, value, strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(inner))
		} else {
			assert.Equal(t, value, quoted)
		}
	})
}
