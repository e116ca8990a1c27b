package isolation_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testModules may stand in the go.sum of anyone who imports a service: its
// tests need them, its packages do not.
var testModules = map[string]string{
	"github.com/stretchr/testify": "assertions",
	"go.yaml.in/yaml/v3":          "testify's",
	"go.uber.org/goleak":          "finds goroutines left over",
}

// serviceModules are further modules that may stand there, per service.
var serviceModules = map[string]map[string]string{
	"ser2net": {"golang.org/x/sys": "its tests open pseudo terminals"},
}

const consumerMod = `module example.com/consumer

go 1.26.0

require %[1]s v0.0.0

replace %[1]s => %[2]s
`

// A module outside of this tree that imports one service gets that service,
// the internal packages below it, and nothing else.
func TestConsumerOfOneService(t *testing.T) {
	written := make(map[string]bool)
	for _, s := range listSources(t) {
		written[s.dir] = true
	}
	tree, err := filepath.Abs(top)
	require.NoError(t, err)
	sums, err := os.ReadFile(filepath.Join(top, "go.sum"))
	require.NoError(t, err)

	checked := 0
	for _, service := range services {
		if !written[service] {
			continue
		}
		checked++
		t.Run(service, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, content string) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
			}
			write("go.mod", fmt.Sprintf(consumerMod, module, tree))
			write("go.sum", string(sums)) // known sums need no network; tidy drops those without use
			write("main.go", fmt.Sprintf("package main\n\nimport _ %q\n\nfunc main() {}\n", module+"/"+service))
			env := []string{"GOFLAGS=-mod=mod", "GOWORK=off"}
			goCommand(t, dir, env, "mod", "tidy")

			deps := goCommand(t, dir, env, "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
			for _, path := range strings.Fields(string(deps)) {
				own, _ := folder(path)
				assert.True(t, path == "example.com/consumer" || own == service || isInternal(service, own),
					"importing %s brings %s", service, path)
			}

			left, err := os.ReadFile(filepath.Join(dir, "go.sum"))
			require.NoError(t, err)
			seen := make(map[string]bool)
			for line := range strings.Lines(string(left)) {
				name, _, _ := strings.Cut(line, " ")
				seen[name] = true
				assert.True(t, testModules[name] != "" || serviceModules[service][name] != "",
					"importing %s puts %s into go.sum", service, name)
			}
			for name := range serviceModules[service] {
				assert.True(t, seen[name], "stale entry: %s no longer brings %s", service, name)
			}
		})
	}
	require.NotZero(t, checked, "no service found")
}
