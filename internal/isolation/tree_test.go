// Package isolation_test proves on the source itself what keeps the services
// apart and light: who imports what, that nothing global changes, and what a
// program that imports a single service takes along.
package isolation_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/fieldgate/fieldgate"
	top    = "../.." // of the source tree, from here
)

// services names the six service packages; one without a folder is not yet
// written.
var services = []string{"api", "ipsec", "openvpn", "ser2net", "snmp", "telemetry"}

// pkg is what go list tells about a package, its test files left aside.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string // direct
	Deps       []string // direct and indirect
}

// folder returns the path within the tree of a package of ours ("." for the
// root), and false for all others.
func folder(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// area returns the top-level folder that dir is in.
func area(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	return first
}

// isTestSupport reports whether the package in dir is there for tests:
// the kits that a test builds its surroundings with, and everything in a folder
// called <something>test.
func isTestSupport(dir string) bool {
	switch dir {
	case "internal/memnet", "internal/netns", "internal/uml", "internal/uml/suite", "internal/twohosts":
		return true
	}
	return slices.ContainsFunc(strings.Split(dir, "/"), func(part string) bool {
		return strings.HasSuffix(part, "test")
	})
}

// takesT reports whether the functions of the package in dir take a
// *testing.T: the conformance suites and the contract test.
func takesT(dir string) bool {
	return filepath.Base(dir) == "suite" || filepath.Base(dir) == "lifecycletest"
}

// listPackages returns the packages of the tree and all that they need, by
// import path.
func listPackages(t *testing.T) map[string]pkg {
	t.Helper()
	// go test caches results by the files that a test opens, not by those
	// that go list opens: walking the tree makes a change of it count.
	listSources(t)
	out := goCommand(t, top, nil, "list", "-deps", "-json=ImportPath,Standard,Imports,Deps", "./...")
	packages := make(map[string]pkg)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		packages[p.ImportPath] = p
	}
	require.Contains(t, packages, module+"/internal/lifecycle")
	return packages
}

// ours returns the packages of the tree by folder.
func ours(packages map[string]pkg) map[string]pkg {
	found := make(map[string]pkg)
	for path, p := range packages {
		if dir, ok := folder(path); ok {
			found[dir] = p
		}
	}
	return found
}

// source is one file of Go in the tree that is no test.
type source struct {
	dir  string // within the tree
	file *ast.File
	fset *token.FileSet
}

func (s source) at(n ast.Node) string {
	return strings.TrimPrefix(s.fset.Position(n.Pos()).String(), top+"/")
}

// listSources parses every file that is no test, whatever its build tags.
func listSources(t *testing.T) []source {
	t.Helper()
	var found []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case d.IsDir() && path != top && (name == "testdata" || name == "bin" || name[0] == '.' || name[0] == '_'):
			return fs.SkipDir // bin is what make has made, whole systems among it
		case err != nil:
			return err
		case d.IsDir(), filepath.Ext(name) != ".go", strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		dir, _ := filepath.Rel(top, filepath.Dir(path))
		found = append(found, source{filepath.ToSlash(dir), file, fset})
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found
}

// goCommand returns what the go tool prints in dir, with env added.
func goCommand(t *testing.T, dir string, env []string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), &stderr)
	return out
}
