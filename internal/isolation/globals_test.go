package isolation_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// globalExceptions are package variables, as "folder.name", that break the
// rule of globals for a reason.
var globalExceptions = map[string]string{}

// fixedValues are the functions whose results nobody changes.
var fixedValues = map[string]bool{
	"regexp.MustCompile": true, "strings.NewReplacer": true, "template.Must": true,
	"netip.MustParseAddr": true, "netip.MustParsePrefix": true, "time.Date": true,
	"crc32.MakeTable": true,
}

var sentinelName = regexp.MustCompile(`^[Ee]rr[A-Z]`)

// No package has state of its own: there is no init, and a package variable
// is a guard (var _ I = ...), an error sentinel, an embedded file, or an
// unexported table: a map, slice or array that is written down in full, or a
// result of fixedValues, and that its package never writes to.
func TestNoGlobals(t *testing.T) {
	byDir := make(map[string][]source)
	for _, s := range listSources(t) {
		byDir[s.dir] = append(byDir[s.dir], s)
	}
	used := make(map[string]bool)
	for dir, sources := range byDir {
		for name, problem := range globals(sources) {
			key := dir + "." + name
			used[key] = true
			if globalExceptions[key] == "" {
				assert.Fail(t, "package state", "%s: %s", key, problem)
			}
		}
	}
	for key := range globalExceptions {
		assert.True(t, used[key], "stale exception: %s", key)
	}
}

// globals returns what is wrong with the package-level names of one package.
func globals(sources []source) map[string]string {
	problems := make(map[string]string)
	written := writtenVars(sources)
	for _, s := range sources {
		for _, decl := range s.file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil && decl.Name.Name == "init" {
					problems["init"] = s.at(decl) + ": work at import time cannot be declined or tested"
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					v, ok := spec.(*ast.ValueSpec)
					if !ok || decl.Tok != token.VAR {
						continue
					}
					for i, name := range v.Names {
						problem := varProblem(v, decl.Doc, i)
						if problem == "" && written[name.Name] {
							problem = "its package writes to it"
						}
						if problem != "" {
							problems[name.Name] = s.at(name) + ": " + problem
						}
					}
				}
			}
		}
	}
	return problems
}

// varProblem says what is wrong with the i-th variable of v, "" if nothing.
func varProblem(v *ast.ValueSpec, doc *ast.CommentGroup, i int) string {
	name := v.Names[i]
	switch {
	case name.Name == "_", isEmbed(doc), isEmbed(v.Doc):
		return ""
	case i >= len(v.Values):
		return "it starts without a value, so it is there to change"
	case sentinelName.MatchString(name.Name) && isSentinel(v.Values[i]):
		return ""
	case name.IsExported():
		return "any importer can change it; offer a constant or a function"
	}
	switch value := v.Values[i].(type) {
	case *ast.CompositeLit:
		if len(value.Elts) == 0 {
			return "it starts empty, so it is there to change"
		}
		switch value.Type.(type) {
		case *ast.MapType, *ast.ArrayType:
			return ""
		}
	case *ast.CallExpr:
		_, conversion := value.Fun.(*ast.ArrayType) // such as []byte("text")
		if conversion || fixedValues[types.ExprString(value.Fun)] {
			return ""
		}
	}
	return "it is no table; make it a constant, a function or a field"
}

func isEmbed(doc *ast.CommentGroup) bool {
	return doc != nil && strings.HasPrefix(doc.List[len(doc.List)-1].Text, "//go:embed ")
}

// isSentinel reports whether value is a new error, of a type of the package's
// own or not, or another sentinel.
func isSentinel(value ast.Expr) bool {
	switch value := value.(type) {
	case *ast.CallExpr:
		fun := types.ExprString(value.Fun)
		return fun == "errors.New" || fun == "fmt.Errorf"
	case *ast.UnaryExpr:
		_, literal := value.X.(*ast.CompositeLit)
		return value.Op == token.AND && literal
	case *ast.SelectorExpr:
		return sentinelName.MatchString(value.Sel.Name)
	}
	return false
}

// writtenVars returns the package variables that the files assign to, in
// whole or in part, or take the address of.
func writtenVars(sources []source) map[string]bool {
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	files := make([]*ast.File, len(sources))
	for i, s := range sources {
		files[i] = s.file
	}
	// Only the package's own names matter: imports are left unresolved, and
	// the errors that this brings are none of ours.
	checker := types.Config{Importer: noImports{}, Error: func(error) {}}
	scope, _ := checker.Check("p", sources[0].fset, files, info)

	written := make(map[string]bool)
	write := func(targets ...ast.Expr) {
		for _, target := range targets {
			if v, ok := info.Uses[base(target)].(*types.Var); ok && v.Parent() == scope.Scope() {
				written[v.Name()] = true
			}
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				write(n.Lhs...)
			case *ast.IncDecStmt:
				write(n.X)
			case *ast.RangeStmt:
				write(n.Key, n.Value)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					write(n.X)
				}
			case *ast.CallExpr:
				switch types.ExprString(n.Fun) {
				case "append", "clear", "copy", "delete":
					write(n.Args[0])
				}
			}
			return true
		})
	}
	return written
}

// base returns the variable that x is a part of, nil if there is none.
func base(x ast.Expr) *ast.Ident {
	switch x := x.(type) {
	case *ast.Ident:
		return x
	case *ast.IndexExpr:
		return base(x.X)
	case *ast.SelectorExpr:
		return base(x.X)
	case *ast.SliceExpr:
		return base(x.X)
	case *ast.StarExpr:
		return base(x.X)
	case *ast.ParenExpr:
		return base(x.X)
	}
	return nil
}

type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	return nil, errors.New("not resolved: " + path)
}

// The rule itself, on packages of a few lines.
func TestRuleOfGlobals(t *testing.T) {
	const (
		toChange = "so it is there to change"
		exported = "any importer can change it"
		noTable  = "it is no table"
		written  = "its package writes to it"
	)
	for code, want := range map[string]string{
		`var _ error = x{}`:                               "",
		`const n = 1`:                                     "",
		`var ErrGone = errors.New("gone")`:                "",
		`var errGone = fmt.Errorf("gone %d", 1)`:          "",
		`var ErrStarted = lifecycle.ErrStarted`:           "",
		`var names = map[int]string{1: "a"}`:              "",
		`var sizes = [...]int{1, 2}`:                      "",
		`var magic = []byte("FG")`:                        "",
		`var word = regexp.MustCompile("^a$")`:            "",
		"//go:embed page.html\nvar page []byte":           "",
		"var (\n\t//go:embed page.html\n\tpage []byte\n)": "",
		`type t struct{}; func (t) init() {}`:             "",
		`var a = []int{1}; func f() int { return a[0] }`:  "",
		`var a = []int{1}; func f() { a := 1; a++; _ = a }; func g(a int) { a = 2; _ = a }`: "",

		`func init() {}`:                                       "work at import time",
		`var count int`:                                        toChange,
		`var a, b = []int{1}, []int{}`:                         toChange,
		`var cache = map[int]int{}`:                            toChange,
		`var mu sync.Mutex`:                                    toChange,
		`var Names = []string{"a"}`:                            exported,
		`var ErrTable = []string{"a"}`:                         exported,
		`var ErrCount = 1`:                                     exported,
		`var version = "dev"`:                                  noTable,
		`var now = time.Now`:                                   noTable,
		`var hook = func() {}`:                                 noTable,
		`var cache = make(map[int]int)`:                        noTable,
		`var pool = sync.Pool{New: f}`:                         noTable,
		`var one = &t{}`:                                       noTable,
		`var v = load()`:                                       noTable,
		`var a = []int{1}; func f() { a = nil }`:               written,
		`var a = []int{1}; func f() { a[0] = 2 }`:              written,
		`var a = []int{1}; func f() { (a)[0]++ }`:              written,
		`var a = []int{1}; func f() { _ = &a }`:                written,
		`var a = []int{1}; func f() { _ = &a[0] }`:             written,
		`var a = []int{1}; func f() { _ = append(a, 2) }`:      written,
		`var a = []int{1}; func f() { copy(a[1:], a) }`:        written,
		`var a = []t{{}}; func f() { a[0].x = 2 }`:             written,
		`var a = []int{1}; func f() { for a[0] = range 3 {} }`: written,
		`var m = map[int]int{1: 1}; func f() { delete(m, 1) }`: written,
		`var m = map[int]int{1: 1}; func f() { clear(m) }`:     written,
		`var errA = &t{}; func f() { errA.x = 1 }`:             written,
		`var ErrA = errors.New("a"); func f() { ErrA = nil }`:  written,
	} {
		t.Run(code, func(t *testing.T) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, "p.go", "package p\n"+code, parser.ParseComments)
			require.NoError(t, err)
			found := globals([]source{{".", file, fset}})
			if want == "" {
				assert.Empty(t, found)
			} else {
				assert.Len(t, found, 1)
				assert.Contains(t, fmt.Sprint(found), want)
			}
		})
	}
}
