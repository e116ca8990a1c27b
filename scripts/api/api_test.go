package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func listing(t *testing.T, source string) []string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "p.go", "package p\n"+source, 0)
	require.NoError(t, err)
	config := types.Config{Importer: importer.ForCompiler(files, "source", nil)}
	pkg, err := config.Check(module+"/p", files, []*ast.File{file}, nil)
	require.NoError(t, err)
	return list(listed{"p", pkg})
}

func TestListing(t *testing.T) {
	assert.Equal(t, []string{
		"p: const Max untyped int = 3",
		"p: func Do(func(int) error, ...string) (int, error)",
		"p: func Known[T any](v T) Maybe[T]",
		"p: method (*Config) Set(int)",
		"p: method (Config) Get() []byte",
		"p: type Alias = []byte",
		"p: type Config struct",
		"p: type Config struct, Port int json:\"port\"",
		"p: type Maybe[T any] struct",
		"p: type Maybe[T any] struct, Value T",
		"p: type Source interface { Close() error; Read([]byte) (int, error); unexported methods }",
		"p: type Word string",
		"p: var ErrX error",
	}, listing(t, `
const Max = 3
const hidden = 4
var ErrX error
type Word string
type Alias = []byte
type Maybe[T any] struct { Value T }
type Config struct { Port int `+"`json:\"port\"`"+`; secret string }
func (c Config) Get() []byte { return nil }
func (c *Config) Set(port int) {}
func (c *Config) hide() {}
type Source interface { Read(p []byte) (n int, err error); Close() error; own() }
func Do(f func(code int) error, names ...string) (n int, err error) { return 0, nil }
func Known[T any](v T) Maybe[T] { return Maybe[T]{v} }
`))
}

func TestIncompatible(t *testing.T) {
	const before = `
const Max = 3
type Config struct { Port int; Host string }
func (c *Config) Set(port int) {}
type Source interface { Read(p []byte) error }
func Do(n int) error { return nil }
`
	for name, c := range map[string]struct{ old, with, want string }{
		"nothing":                  {"", "", ""},
		"a name of a parameter":    {"Do(n int)", "Do(count int)", ""},
		"a further field":          {"Host string", "Host string; Path string", ""},
		"a further function":       {"func Do", "func More() {}\nfunc Do", ""},
		"a further method":         {"func Do", "func (c *Config) Get() {}\nfunc Do", ""},
		"a function gone":          {"func Do(n int) error { return nil }", "", "- p: func Do(int) error"},
		"a function changed":       {"Do(n int)", "Do(n int64)", "- p: func Do(int) error\n+ p: func Do(int64) error"},
		"a field gone":             {"Port int; ", "", "- p: type Config struct, Port int"},
		"a field changed":          {"Port int", "Port uint16", "- p: type Config struct, Port int\n+ p: type Config struct, Port uint16"},
		"a method changed":         {"Set(port int)", "Set(port string)", "- p: method (*Config) Set(int)\n+ p: method (*Config) Set(string)"},
		"a constant changed":       {"Max = 3", "Max = 4", "- p: const Max untyped int = 3\n+ p: const Max untyped int = 4"},
		"an interface with more":   {"error }", "error; Close() error }", "- p: type Source interface { Read([]byte) error }\n+ p: type Source interface { Close() error; Read([]byte) error }"},
		"a stored name of a field": {"Port int", "Port int `json:\"p\"`", "- p: type Config struct, Port int\n+ p: type Config struct, Port int json:\"p\""},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			now := strings.Replace(before, c.old, c.with, 1)
			assert.Equal(t, c.want, strings.Join(incompatible(listing(t, before), listing(t, now)), "\n"))
		})
	}
}
