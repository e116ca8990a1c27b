package ovpn_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// What openvpn says about the first line that it does not take. It knows none
// of the options of these files, so that is the first with any word.
func verdict(text []byte) string {
	lines, err := ovpn.Lex(text)
	for _, l := range lines {
		switch l.Err {
		case nil:
			return fmt.Sprintf("unknown %d %s", l.Number, l.Name())
		case ovpn.ErrLineTooLong:
			return fmt.Sprintf("long line %d", l.Number)
		case ovpn.ErrWordTooLong:
			return fmt.Sprintf("long word %d", l.Number)
		case ovpn.ErrBackslash:
			return fmt.Sprintf("backslash %d", l.Number)
		default:
			return fmt.Sprintf("residue %d", l.Number)
		}
	}
	if err != nil {
		return "no end"
	}
	return "nothing"
}

// said reads the same out of what openvpn wrote.
func said(output string) string {
	for form, pattern := range map[string]string{
		"unknown %s %s": `(?s)Unrecognized option or missing or extra parameter\(s\) in x\.conf:(\d+): (.*) \(2\.\d`,
		"long line %s":  `In x\.conf:(\d+): Maximum option line length`,
		"long word %s":  `Parameter at x\.conf:(\d+) is too long`,
		"backslash %s":  `Bad backslash \('\\'\) usage in x\.conf:(\d+)`,
		"residue %s":    `(?:No closing (?:single )?quotation \(["']\)|Residual parse state \(\d\)) in x\.conf:(\d+)`,
	} {
		if m := regexp.MustCompile(pattern).FindStringSubmatch(output); m != nil {
			if len(m) == 3 {
				return fmt.Sprintf(form, m[1], m[2])
			}
			return fmt.Sprintf(form, m[1])
		}
	}
	if strings.Contains(output, "Endtag") {
		return "no end"
	}
	return "nothing"
}

// openvpn and our lexer stop at the same line for the same reason, and see
// the same first word, in files of the marks that matter.
func TestIntegrationLexerIsOpenvpns(t *testing.T) {
	const path = "/usr/sbin/openvpn"
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			require.Fail(t, "openvpn is not installed")
		}
		t.Skip("openvpn is not installed")
	}
	pieces := []string{
		" ", "\t", "\r", "\v", "\f", "\n", "\n", "\r\n", `"`, `"`, "'", `\`, `\\`, "#", ";", "<q>", "</q>", "<q>\n", "\n</q>\n", "--", "zz", "y", "\x00",
		"\xef\xbb\xbf", "é", "\u00a0", strings.Repeat("k", 60), strings.Repeat("m", 120), strings.Repeat("n", 249), strings.Repeat("o ", 15),
	}
	rnd := rand.New(rand.NewPCG(7, 2026))
	kinds := make(map[string]int)
	folder := t.TempDir()
	for n := range 400 {
		var text strings.Builder
		if rnd.IntN(3) == 0 { // shapes that chance seldom meets
			text.WriteString([]string{"<q>\n", "# " + strings.Repeat("x", 240+rnd.IntN(20)), "\xef\xbb\xbf", "#\x00" + strings.Repeat(".", 250+rnd.IntN(8)), `"`}[rnd.IntN(5)])
		}
		if rnd.IntN(4) == 0 {
			text.WriteString("<q>\n" + strings.Repeat("x", 253+rnd.IntN(4)) + "</q>\n")
		}
		for range rnd.IntN(9) {
			text.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		input := []byte(text.String())
		require.NoError(t, os.WriteFile(filepath.Join(folder, "x.conf"), input, 0o600))
		cmd := exec.CommandContext(t.Context(), path, "--config", "x.conf")
		cmd.Dir = folder
		output, _ := cmd.CombinedOutput() // it always fails
		want := verdict(input)
		kinds[strings.Fields(want)[0]]++
		if !assert.Equal(t, said(string(output)), want, "file %d: %s\nopenvpn: %s", n, strconv.Quote(string(input)), output) {
			return
		}
	}
	t.Log(kinds)
	for _, kind := range []string{"unknown", "long", "backslash", "residue", "no", "nothing"} {
		assert.NotZero(t, kinds[kind], kind)
	}
}
