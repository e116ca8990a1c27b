package docs_test

import (
	"encoding/json"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/internal/docs"
)

const top = "../.." // of the source tree, from here

// documents are what people read, as paths from the top folder.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*/README.md", "examples/*/*/README.md"} {
		paths, err := filepath.Glob(filepath.Join(top, pattern))
		require.NoError(t, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			name, err := filepath.Rel(top, path)
			require.NoError(t, err)
			all[name] = string(text)
		}
	}
	require.Contains(t, all, "README.md")
	return all
}

// tests are the names of all tests of the tree.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, file := range sources(t, "_test.go") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
	}
	return names
}

// sources are the files of the tree whose names end so.
func sources(t *testing.T, suffix string) []string {
	t.Helper()
	var all []string
	require.NoError(t, filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != top && (strings.HasPrefix(d.Name(), ".") || path == filepath.Join(top, "bin")) {
			return filepath.SkipDir // what others keep, or make has made
		}
		if err == nil && !d.IsDir() && strings.HasSuffix(path, suffix) {
			all = append(all, path)
		}
		return err
	}))
	return all
}

// Something answers for each block of each document.
func TestEveryBlock(t *testing.T) {
	named := tests(t)
	for file, text := range documents(t) {
		for _, b := range docs.Blocks(file, text) {
			t.Run(strings.ReplaceAll(file, "/", "_")+"_"+firstWord(b.Text), func(t *testing.T) { checkBlock(t, b, named) })
		}
	}
}

func checkBlock(t *testing.T, b docs.Block, named map[string]bool) {
	where := b.File + ": " + b.Text
	if slices.Contains(drawn, b.File) && b.Lang != "go" {
		checkDrawing(t, b)
		return
	}
	switch b.Kind {
	case "run":
		assert.Contains(t, []string{"", "gateway", "collector"}, b.Arg, where) // TestIntegrationCommands
	case "test", "debian", "openwrt":
		assert.True(t, named[b.Arg], "%s\nthere is no test %q", where, b.Arg)
		checkFlags(t, b)
	case "by hand":
		assert.NotEmpty(t, b.Arg, "%s\nwhy can no test run this?", where)
		checkFlags(t, b)
	case "file", "prints":
		assert.Equal(t, "docs/vendor.md", b.File, where) // TestVendorGuide
	case "in":
		whole, err := os.ReadFile(filepath.Join(top, b.Arg))
		require.NoError(t, err)
		assert.Contains(t, string(whole), b.Text, "%s: this is no part of %s", b.File, b.Arg)
	case "output":
	case "hub":
		_, _, err := hubconfig.Import([]byte(b.Text))
		assert.NoError(t, err, where)
	case "":
		checkLanguage(t, b)
	default:
		assert.Fail(t, "unknown comment", "%s: %q", where, b.Kind)
	}
}

func checkLanguage(t *testing.T, b docs.Block) {
	where := b.File + ": " + b.Text
	switch b.Lang {
	case "text":
	case "go":
		checkGo(t, b)
	case "json":
		assert.True(t, json.Valid([]byte(b.Text)), where)
	case "yaml":
		_, faults := document.Parse([]byte(b.Text))
		assert.Empty(t, faults, where)
	case "", "sh":
		for line := range strings.Lines(b.Text) {
			checkCommand(t, b.File, strings.TrimSpace(line))
		}
	default:
		assert.Fail(t, "unknown language", "%s: %q", where, b.Lang)
	}
}

// drawn are the documents whose indented blocks are drawings of the tree, or
// what a task of make has measured.
var drawn = []string{"ARCHITECTURE.md", "docs/benchmarks.md", "docs/size.md"}

// checkDrawing demands that files and folders in a drawing are there.
func checkDrawing(t *testing.T, b docs.Block) {
	if b.File != "ARCHITECTURE.md" {
		return
	}
	there := names(t)
	for _, m := range regexp.MustCompile(`(?m)(?:^|\s)([a-z0-9_]+)(/|\.go)(?:\s|,|;|$)`).FindAllStringSubmatch(b.Text, -1) {
		name := strings.TrimSuffix(m[1]+m[2], "/")
		assert.True(t, there[name] || name == "fieldgate", "%s: there is no %s", b.File, name)
	}
}

// names are those of all files and folders of the tree.
func names(t *testing.T) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	for _, path := range sources(t, "") {
		for p := path; p != top && p != "."; p = filepath.Dir(p) {
			all[filepath.Base(p)] = true
		}
	}
	return all
}

// checkGo takes a whole file or a part of one.
func checkGo(t *testing.T, b docs.Block) {
	text := b.Text
	if !strings.HasPrefix(text, "package ") {
		text = "package part\n\n" + text
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), b.File, text, parser.SkipObjectResolution)
	require.NoError(t, err, b.Text)
	formatted, err := format.Source([]byte(text))
	require.NoError(t, err)
	assert.Equal(t, string(formatted), text, "not formatted")
	// Names of a package of ours have to be there.
	ast.Inspect(parsed, func(n ast.Node) bool {
		selector, is := n.(*ast.SelectorExpr)
		if !is {
			return true
		}
		if pkg, is := selector.X.(*ast.Ident); is && isService(pkg.Name) {
			out, err := exec.Command("go", "doc", module+"/"+pkg.Name+"."+selector.Sel.Name).CombinedOutput()
			assert.NoError(t, err, "%s: %s", b.File, out)
		}
		return true
	})
}

const module = "github.com/fieldgate/fieldgate"

func isService(name string) bool {
	return slices.Contains([]string{"api", "ipsec", "openvpn", "ser2net", "snmp", "telemetry"}, name)
}

// checkCommand takes commands that can be judged without running them.
func checkCommand(t *testing.T, file, line string) {
	line, _, _ = strings.Cut(line, " #")
	words := strings.Fields(line)
	switch {
	case len(words) >= 2 && words[0] == "make":
		makes(t, words[1:]...)
	case len(words) >= 3 && words[0] == "go" && slices.Contains([]string{"run", "build", "test"}, words[1]):
		folder := words[len(words)-1]
		for _, w := range words[2:] {
			if strings.HasPrefix(w, "./") {
				folder = w
				break
			}
		}
		assert.DirExists(t, filepath.Join(top, strings.TrimSuffix(folder, "...")), "%s: %s", file, line)
	case len(words) == 3 && words[0] == "go" && words[1] == "doc":
		out, err := exec.Command("go", words[1:]...).CombinedOutput()
		assert.NoError(t, err, "%s: %s: %s", file, line, out)
	default:
		assert.Fail(t, "nothing answers for a command", "%s: %s\nput a comment before the block, see internal/docs", file, line)
	}
}

// makes demands that make knows a target; nothing of it is run.
func makes(t *testing.T, target ...string) {
	t.Helper()
	cmd := exec.Command("make", append([]string{"-n"}, target...)...)
	cmd.Dir = top
	out, err := cmd.CombinedOutput()
	assert.NoError(t, err, "make %s: %s", target, out)
}

// What stands in the running text is there as well: targets of make, files
// and folders that links lead to, and places within a document.
func TestLinks(t *testing.T) {
	all := documents(t)
	link := regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	target := regexp.MustCompile("`(?:[A-Z0-9_]+=\\S+ )?make ([a-z0-9-]+)(?: [A-Z0-9_]+=\\S+)*`")
	for file, text := range all {
		prose := withoutBlocks(text)
		for _, m := range target.FindAllStringSubmatch(prose, -1) {
			makes(t, m[1])
		}
		for _, m := range link.FindAllStringSubmatch(prose, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, place, _ := strings.Cut(m[1], "#")
			to := file
			if path != "" {
				to = filepath.Join(filepath.Dir(file), path)
				_, err := os.Stat(filepath.Join(top, to))
				assert.NoError(t, err, "%s: %s leads nowhere", file, m[1])
			}
			if place != "" {
				assert.Contains(t, anchors(all[to]), place, "%s: %s", file, m[1])
			}
		}
	}
}

// withoutBlocks is a document without what stands between fences.
func withoutBlocks(text string) string {
	return regexp.MustCompile("(?s)\n```.*?\n```\n").ReplaceAllString(text, "\n")
}

// anchors are the headings of a document as links name them.
func anchors(text string) []string {
	var all []string
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(withoutBlocks(text), -1) {
		all = append(all, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

// Somebody who has just come here needs two commands, and finds just these.
func TestTwoCommands(t *testing.T) {
	var commands []string
	for _, b := range docs.Blocks("README.md", documents(t)["README.md"]) {
		if b.Lang == "" || b.Lang == "sh" {
			commands = append(commands, strings.TrimSpace(b.Text))
		}
	}
	assert.Equal(t, []string{"go run ./examples/gateway", "make test"}, commands)
}

// The vendor finds the build tags of the gateway, and none that it has not.
func TestBuildTags(t *testing.T) {
	has := make(map[string]bool)
	tag := regexp.MustCompile(`\bno_[a-z0-9]+\b`)
	constraint := regexp.MustCompile(`(?m)^//go:build .*$`)
	for _, file := range sources(t, ".go") {
		if !strings.HasPrefix(file, filepath.Join(top, "examples/gateway")+"/") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, name := range tag.FindAllString(constraint.FindString(string(text)), -1) {
			has[name] = true
		}
	}
	told := make(map[string]bool)
	for _, name := range tag.FindAllString(documents(t)["docs/vendor.md"], -1) {
		told[name] = true
	}
	assert.Equal(t, has, told)
}

// The operator finds every cause that a connection can name.
func TestCauses(t *testing.T) {
	_, table, found := strings.Cut(documents(t)["docs/operator.md"], "\n| cause | what it means")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	source, err := os.ReadFile(filepath.Join(top, "ipsec", "failure.go"))
	require.NoError(t, err)
	causes := regexp.MustCompile(`Cause = "([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	require.NotEmpty(t, causes)
	for _, m := range causes {
		assert.Contains(t, table, m[1])
	}
}

// What the operator is told to click is what the test of the specification's
// walk-through clicks.
func TestWalkThrough(t *testing.T) {
	_, section, found := strings.Cut(documents(t)["docs/operator.md"], "\n## A tunnel step by step\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\nConfigured: no means")
	clicks, err := os.ReadFile(filepath.Join(top, "examples/gateway/browser/ipsec_linux_test.go"))
	require.NoError(t, err)
	labels := regexp.MustCompile(`\*\*([^*]+)\*\*`).FindAllStringSubmatch(section, -1)
	require.Greater(t, len(labels), 20)
	for _, m := range labels {
		assert.Contains(t, string(clicks), `"`+m[1], "the test does not click %q", m[1])
	}
}

func TestBlocks(t *testing.T) {
	const text = "# Title\n\n<!-- run: gateway -->\n\n    one\n\n    two\n\n- item\n\n    more of it\n\n<!-- output -->\n\n    shown\n\n```yaml\na: 1\n```\ntext\n\n    last\n"
	assert.Equal(t, []docs.Block{
		{File: "x.md", Line: 5, Kind: "run", Arg: "gateway", Text: "one\n\ntwo\n"},
		{File: "x.md", Line: 15, Kind: "output", Text: "shown\n"},
		{File: "x.md", Line: 18, Lang: "yaml", Text: "a: 1\n"},
		{File: "x.md", Line: 22, Text: "last\n"},
	}, docs.Blocks("x.md", text))
	assert.Equal(t, "one\n\ntwo\n", docs.Find("x.md", text, "run", "gateway"))
	assert.Empty(t, docs.Find("x.md", text, "run", ""))
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.NewReplacer("/", "_", " ", "_").Replace(word[:min(len(word), 40)])
}

// checkFlags demands that flags of the device daemon are such.
func checkFlags(t *testing.T, b docs.Block) {
	text, err := os.ReadFile(filepath.Join(top, "examples/gateway/options.go"))
	require.NoError(t, err)
	for line := range strings.Lines(b.Text) {
		words := strings.Fields(line)
		at := slices.IndexFunc(words, func(w string) bool { return w == "fieldgate" || strings.HasSuffix(w, "/fieldgate") })
		if at < 0 {
			continue
		}
		for _, w := range words[at+1:] {
			if flag, is := strings.CutPrefix(w, "-"); is {
				assert.Contains(t, string(text), `"`+flag+`"`, "%s: %s", b.File, line)
			}
		}
	}
}
