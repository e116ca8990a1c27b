package ovpn_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

func TestSplit(t *testing.T) {
	long := strings.Repeat("x", ovpn.MaxWord)
	for line, want := range map[string][]string{
		"":                                 nil,
		" \t\r\n":                          nil,
		"# comment":                        nil,
		"; comment":                        nil,
		"verb 3":                           {"verb", "3"},
		"verb\t3\r\n":                      {"verb", "3"},
		"verb\v3\f":                        {"verb", "3"},
		"a\rb":                             {"a", "b"},
		"a\u00a0b":                         {"a\u00a0b"},
		"verb 3 # how much":                {"verb", "3"},
		"verb 3;4":                         {"verb", "3;4"},
		"verb 3 ;4":                        {"verb", "3"},
		"a#b":                              {"a#b"},
		`"a b" 'c d'`:                      {"a b", "c d"},
		`"a"b`:                             {"a", "b"},
		`a"b`:                              {`a"b`},
		`a'b c'`:                           {"a'b", "c'"},
		`"" x`:                             {"", "x"},
		`"#" ';'`:                          {"#", ";"},
		`a\ b`:                             {"a b"},
		`a\\b`:                             {`a\b`},
		`\"a`:                              {`"a`},
		`\ a`:                              {"a"},
		"a\\\n":                            {"a\n"},
		`\#x`:                              nil,
		`"a\"b"`:                           {`a"b`},
		`'a\b'`:                            {`a\b`},
		"no\x00 up":                        {"no"},
		long:                               {long},
		strings.Repeat("w ", 16) + `"open`: strings.Fields(strings.Repeat("w ", 16)),
		strings.Repeat("w ", 20):           strings.Fields(strings.Repeat("w ", 16)),
	} {
		t.Run(line, func(t *testing.T) {
			words, err := ovpn.Split(line)
			require.NoError(t, err)
			assert.Equal(t, want, words)
		})
	}
	for line, want := range map[string]error{
		`"a`: ovpn.ErrQuote, `'a`: ovpn.ErrQuote, `a 'b"`: ovpn.ErrQuote, `u\p`: ovpn.ErrBackslash, `\'a`: ovpn.ErrBackslash,
		`"a\b"`: ovpn.ErrBackslash, `a\`: ovpn.ErrResidual, long + "x": ovpn.ErrWordTooLong,
	} {
		t.Run(line, func(t *testing.T) {
			_, err := ovpn.Split(line)
			assert.ErrorIs(t, err, want)
		})
	}
}

func TestJoinRefuses(t *testing.T) {
	for name, words := range map[string][]string{
		"no words": nil, "no name": {""}, "dashes": {"--up"}, "a block": {"<ca>"}, "a new line": {"a", "b\nup"},
		"a carriage return": {"a\r"}, "NUL": {"a\x00"}, "DEL": {"a\x7f"}, "17 words": strings.Fields(strings.Repeat("a ", 17)),
		"a long line": {"a", strings.Repeat("b", 253)}, "a long word": {"a", strings.Repeat("b", 257)},
		"long by its quotes": {"a", strings.Repeat(`"`, 200)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ovpn.Join(words...)
			assert.Error(t, err)
		})
	}
}

// What is written reads back as the same words, in one line.
func FuzzJoin(f *testing.F) {
	for _, seed := range []string{"verb\x013", "push\x01route 10.0.0.0 255.0.0.0", "a\x01\x01b", `x` + "\x01" + `it's "a" \ b; # c`, "<ca>\x01x", "a\x01\xff\u2028", "'a\x01'", "#\x01;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Split(text, "\x01")
		line, err := ovpn.Join(words...)
		if err != nil {
			return
		}
		lines, err := ovpn.Lex([]byte(line + "end\n"))
		require.NoError(t, err)
		require.Len(t, lines, 2)
		require.NoError(t, lines[0].Err)
		require.Equal(t, words, lines[0].Words)
		require.False(t, lines[0].Inline)
		require.Equal(t, []string{"end"}, lines[1].Words)
	})
}
