// Package docs reads the documents of this repository, so that tests can do
// what they say. Its own tests let every block of every document be run,
// compiled or checked by something; a block that nothing answers for fails.
//
// A block is a fenced or indented piece of text. A comment on a line of its
// own before it says what it is:
//
//	<!-- run -->                 shell, run by the tests in the top folder
//	<!-- run: gateway -->        shell, run beside a gateway with -simulate; KEY is an API key of it, URL its API
//	<!-- run: collector -->      shell, run beside a collector with a report
//	<!-- test: TestName -->      shell for a laptop, run by the test of that name
//	<!-- debian: TestName -->    shell for a device with the .deb, run by the test of that name
//	<!-- openwrt: TestName -->   shell for a device with the .ipk, run by the test of that name
//	<!-- by hand: REASON -->     shell that no test can run, and why; what it names is checked
//	<!-- file: NAME -->          a Go file of the vendor guide's module
//	<!-- prints: NAME -->        what that file prints
//	<!-- in: PATH -->            text that stands in a file of the tree, too
//	<!-- output -->              what somebody sees
//	<!-- hub -->                 YAML of api/hubconfig
//
// Without a comment, a block of Go has to parse, one of YAML has to be a part
// of a configuration that the gateway takes, one of JSON has to be JSON, text
// is text, and of shell only commands of make and go that a test can check by
// themselves are taken.
package docs

import (
	"strings"
)

// Block is a piece of a document.
type Block struct {
	File string // the path from the top folder
	Line int    // of its first line, from 1
	Lang string // after the fence; empty for an indented one
	Kind string // the word of the comment before it; empty: none
	Arg  string // what stands behind the colon there
	Text string // without fence and indentation, ending with a newline
}

// Blocks returns the blocks of a document in Markdown, in their order.
func Blocks(file, text string) []Block {
	var all []Block
	var kind, arg string // of the comment that was seen last
	lines := strings.Split(text, "\n")
	list := false // within a list, where indentation is no code
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
		case strings.HasPrefix(trimmed, "<!--") && strings.HasSuffix(trimmed, "-->"):
			kind, arg, _ = strings.Cut(strings.TrimSpace(trimmed[len("<!--"):len(trimmed)-len("-->")]), ":")
			arg, list = strings.TrimSpace(arg), false // at the beginning of a line it ends a list
		case strings.HasPrefix(trimmed, "```"):
			b := Block{File: file, Line: i + 2, Lang: strings.TrimPrefix(trimmed, "```"), Kind: kind, Arg: arg}
			indent := line[:strings.Index(line, "```")]
			for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
				b.Text += strings.TrimPrefix(lines[i], indent) + "\n"
			}
			all = append(all, b)
			kind, arg = "", ""
		case strings.HasPrefix(line, "    ") && !list:
			b := Block{File: file, Line: i + 1, Kind: kind, Arg: arg}
			for ; i < len(lines) && (strings.HasPrefix(lines[i], "    ") || strings.TrimSpace(lines[i]) == ""); i++ {
				b.Text += strings.TrimPrefix(lines[i], "    ") + "\n"
			}
			i--
			b.Text = strings.TrimRight(b.Text, "\n") + "\n"
			all = append(all, b)
			kind, arg = "", ""
		default:
			kind, arg = "", ""
			item := strings.HasPrefix(trimmed, "- ") || strings.HasPrefix(trimmed, "* ") || startsWithNumber(trimmed)
			list = item || list && strings.HasPrefix(line, " ")
		}
	}
	return all
}

// Find returns the text of the blocks of a document that have a comment with
// that kind and argument, one after the other; empty when there is none.
func Find(file, text, kind, arg string) string {
	var found strings.Builder
	for _, b := range Blocks(file, text) {
		if b.Kind == kind && b.Arg == arg {
			found.WriteString(b.Text)
		}
	}
	return found.String()
}

// startsWithNumber reports whether a line begins an item such as "2. Then".
func startsWithNumber(line string) bool {
	number, _, dot := strings.Cut(line, ". ")
	return dot && number != "" && strings.Trim(number, "0123456789") == ""
}
