package docs_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withoutExample are packages that go doc shows no example of, with the reason.
var withoutExample = map[string]string{
	".": "holds no code",
}

// public are the folders of all packages that others import.
func public(t *testing.T) []string {
	t.Helper()
	folders := make(map[string]bool)
	var all []string
	for _, file := range sources(t, ".go") {
		dir, err := filepath.Rel(top, filepath.Dir(file))
		require.NoError(t, err)
		inside := "/" + dir + "/"
		if folders[dir] || strings.Contains(inside, "/internal/") || strings.Contains(inside, "/testdata/") || strings.HasPrefix(dir, "examples") || strings.HasPrefix(dir, "scripts") {
			continue
		}
		folders[dir] = true
		all = append(all, dir)
	}
	require.Greater(t, len(all), 40)
	return all
}

// go doc tells about every exported name of every public package, and shows an
// example of each but the suites, whose examples are in the vendor guide.
func TestGoDoc(t *testing.T) {
	for _, dir := range public(t) {
		t.Run(strings.ReplaceAll(dir, "/", "_"), func(t *testing.T) { checkPackage(t, dir) })
	}
}

func checkPackage(t *testing.T, dir string) {
	parsed := token.NewFileSet()
	var files []*ast.File
	entries, err := os.ReadDir(filepath.Join(top, dir))
	require.NoError(t, err)
	for _, e := range entries {
		if ours(e) {
			file, err := parser.ParseFile(parsed, filepath.Join(top, dir, e.Name()), nil, parser.ParseComments)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	pkg, err := doc.NewFromFiles(parsed, files, module+"/"+dir)
	require.NoError(t, err)
	assert.NotEmpty(t, pkg.Doc, "no package comment")
	told := func(text, name string) { assert.NotEmpty(t, strings.TrimSpace(text), "%s has no comment", name) }
	values := func(groups []*doc.Value) {
		for _, v := range groups {
			if v.Doc == "" { // then each of them has one of its own
				for _, spec := range v.Decl.Specs {
					s := spec.(*ast.ValueSpec)
					told(s.Doc.Text()+s.Comment.Text(), s.Names[0].Name)
				}
			}
		}
	}
	values(pkg.Consts)
	values(pkg.Vars)
	for _, f := range pkg.Funcs {
		told(f.Doc, f.Name)
	}
	examples := len(pkg.Examples)
	for _, typ := range pkg.Types {
		told(typ.Doc, typ.Name)
		values(typ.Consts)
		values(typ.Vars)
		examples += len(typ.Examples)
		for _, f := range append(typ.Funcs, typ.Methods...) {
			told(f.Doc, typ.Name+"."+f.Name)
			examples += len(f.Examples)
		}
	}
	for _, f := range pkg.Funcs {
		examples += len(f.Examples)
	}
	if reason := withoutExample[dir]; reason != "" {
		assert.Zero(t, examples, "stale: %s", reason)
	} else if filepath.Base(dir) != "suite" {
		assert.NotZero(t, examples, "go doc shows no example")
	}
}

// ours reports whether a file counts for the documentation: go/doc takes the
// tests for their examples. Files of other systems say the same again.
func ours(e fs.DirEntry) bool {
	name := e.Name()
	if e.IsDir() || !strings.HasSuffix(name, ".go") {
		return false
	}
	return !strings.HasSuffix(name, "_test.go") || name == "example_test.go" || strings.HasPrefix(name, "example_")
}
