package ovpn_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// words returns what options a text has, blocks as "<name>content".
func words(t *testing.T, text string) []string {
	t.Helper()
	lines, err := ovpn.Lex([]byte(text))
	require.NoError(t, err)
	var all []string
	for _, l := range lines {
		switch {
		case l.Err != nil:
			all = append(all, "error: "+l.Err.Error())
		case l.Inline:
			all = append(all, "<"+l.Name()+">"+l.Block)
		default:
			all = append(all, strings.Join(l.Words, " "))
		}
	}
	return all
}

func TestLex(t *testing.T) {
	filler := strings.Repeat("x", 255)
	tooLong := "error: " + ovpn.ErrLineTooLong.Error()
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"mark of UTF-8":              {"\xef\xbb\xbfclient\ndev tun", []string{"client", "dev tun"}},
		"mark in the second line":    {"client\n\xef\xbb\xbfdev tun\n", []string{"client", "\xef\xbb\xbfdev tun"}},
		"mark before a comment":      {"\xef\xbb\xbf# x\nclient\n", []string{"client"}},
		"CR LF":                      {"client\r\ndev tun\r\n", []string{"client", "dev tun"}},
		"dashes":                     {"--client\n-- x\n--\n---up\n", []string{"client", "-- x", "--", "-up"}},
		"quoted dashes":              {`"--client"`, []string{"client"}},
		"255 bytes":                  {"#" + filler[:253] + "\nup\n", []string{"up"}},
		"256 bytes":                  {"#" + filler[:254] + "\nup\n", []string{tooLong, "up"}},
		"256 bytes split the rest":   {"#" + filler + "up\n", []string{tooLong, "up"}},
		"NUL ends a line":            {"no\x00 script\nup\n", []string{"no", "up"}},
		"NUL hides a second line":    {"#\x00" + strings.Repeat(".", 254) + "up x\n", []string{"up x"}},
		"block":                      {"<ca>\na\n b\n</ca>\nup\n", []string{"<ca>a\n b\n", "up"}},
		"block with CR LF":           {"<ca>\r\na\r\n</ca>\r\n", []string{"<ca>a\r\n"}},
		"quoted block":               {"\"<ca>\"\na\n</ca>\n", []string{"<ca>a\n"}},
		"block with dashes":          {"--<ca>\na\n</ca>\n", []string{"<ca>a\n"}},
		"block after blanks":         {"  <ca> # x\na\n  </ca>\n", []string{"<ca>a\n"}},
		"two words are no block":     {"<ca> x\nup\n", []string{"<ca> x", "up"}},
		"junk after the end":         {"<ca>\na\n</ca>junk\nup\n", []string{"<ca>a\n", "up"}},
		"another tag":                {"<ca>\na\n</cert>\n</ca>\n", []string{"<ca>a\n</cert>\n"}},
		"quoted end is none":         {"<ca>\n\"</ca>\"\n</ca>\n", []string{"<ca>\"</ca>\"\n"}},
		"255 bytes and an end":       {"<ca>\n" + filler + "</ca>\nup\n", []string{"<ca>" + filler, "up"}},
		"254 bytes and no end":       {"<ca>\n" + filler[:254] + "</ca>\nup\n</ca>\n", []string{"<ca>" + filler[:254] + "</ca>\nup\n"}},
		"256 bytes and no end":       {"<ca>\n" + filler + "x</ca>\nup\n</ca>\n", []string{"<ca>" + filler + "x</ca>\nup\n"}},
		"510 bytes and an end":       {"<ca>\n" + filler + filler + "</ca>\nup\n", []string{"<ca>" + filler + filler, "up"}},
		"NUL in a block":             {"<ca>\na\x00b\nc\n</ca>\n", []string{"<ca>ac\n"}},
		"a line openvpn cannot read": {"u\\p x\nclient\n", []string{"error: " + ovpn.ErrBackslash.Error(), "client"}},
		"no end of line":             {"client", []string{"client"}},
		"nothing":                    {"", nil},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, words(t, c.text)) })
	}
}

func TestLexNumbersLines(t *testing.T) {
	lines, err := ovpn.Lex([]byte("\n# x\nclient\n<ca>\na\nb\n</ca>\ndev tun\n"))
	require.NoError(t, err)
	require.Len(t, lines, 3)
	assert.Equal(t, []int{3, 4, 8}, []int{lines[0].Number, lines[1].Number, lines[2].Number})
	assert.Equal(t, 2, lines[1].Longest-4, "</ca> is the longest")
}

func TestLexBlockWithoutEnd(t *testing.T) {
	lines, err := ovpn.Lex([]byte("client\n<ca>\na\n< /ca>\n"))
	var open *ovpn.UnterminatedError
	require.True(t, errors.As(err, &open))
	assert.Equal(t, ovpn.UnterminatedError{Number: 2, Tag: "ca"}, *open)
	assert.Len(t, lines, 1)
}

// Nothing crashes, numbers rise, and there is never more than was given.
func FuzzLex(f *testing.F) {
	for _, seed := range []string{"client\ndev tun\n", "<ca>\na\n</ca>x\n", "\xef\xbb\xbf--<a>\n</a>", "a\x00" + strings.Repeat("b", 255) + "c", `"a\"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, _ := ovpn.Lex(text)
		last, size := 0, 0
		for _, l := range lines {
			require.Greater(t, l.Number, last)
			last = l.Number
			require.LessOrEqual(t, len(l.Words), ovpn.MaxWords)
			for _, w := range l.Words {
				require.LessOrEqual(t, len(w), ovpn.MaxWord)
				require.NotContains(t, w, "\x00")
				size += len(w)
			}
			size += len(l.Block)
		}
		require.LessOrEqual(t, size, len(text))
	})
}
