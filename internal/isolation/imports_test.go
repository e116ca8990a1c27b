package isolation_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A package imports its own tree and internal/. Only the examples, which are
// programs, put several services together.
func TestServicesDoNotKnowEachOther(t *testing.T) {
	for dir, p := range ours(listPackages(t)) {
		for _, path := range p.Imports {
			to, own := folder(path)
			if !own || area(to) == "internal" || area(dir) == area(to) || area(dir) == "examples" {
				continue
			}
			assert.Fail(t, "forbidden import", "%s imports %s", dir, to)
		}
	}
}

// rootExceptions are packages from outside that a service root needs, as
// "root path", with the reason.
var rootExceptions = map[string]string{}

// rootBans are packages of the standard library that no service root links,
// not even indirectly.
var rootBans = []struct {
	path, why string
	except    []string // roots that are about just this
}{
	{"net/http", "a device without web pages should not carry a web server", []string{"api"}},
	{"os/exec", "child processes are for the real backends, in sub-packages", nil},
	{"encoding/gob", "it is heavy, and no peer speaks it", nil},
	{"html/template", "pages are made by programs; templates keep the linker from dropping methods", nil},
	{"testing", "test code has no place on a device", nil},
}

// A service root needs the standard library, internal/ and its own internal/
// only; what needs more is a sub-package, linked by those who use it.
func TestServiceRootsAreLight(t *testing.T) {
	packages := listPackages(t)
	checked := 0
	used := make(map[string]bool)
	for _, root := range services {
		p, exists := packages[module+"/"+root]
		if !exists {
			continue
		}
		checked++
		for _, path := range p.Deps {
			if dir, own := folder(path); own {
				assert.True(t, isInternal(root, dir), "%s depends on %s: a root imports no sub-package but its internal ones", root, path)
			} else if !packages[path].Standard {
				used[root+" "+path] = true
				assert.NotEmpty(t, rootExceptions[root+" "+path],
					"%s depends on %s, which is not in the standard library", root, path)
			}
		}
		for _, ban := range rootBans {
			if !slices.Contains(ban.except, root) {
				assert.NotContains(t, p.Deps, ban.path, "%s: %s", root, ban.why)
			}
		}
	}
	require.NotZero(t, checked, "no service root found")
	for key := range rootExceptions {
		assert.True(t, used[key], "stale exception: %s", key)
	}
}

// isInternal reports whether the package in dir is one that a service root may
// stand on.
func isInternal(root, dir string) bool {
	return area(dir) == "internal" || strings.HasPrefix(dir, root+"/internal/")
}

// Fakes and suites are for tests, and for programs that play a device. Only
// suites meet the testing package.
func TestTestSupportStaysInTests(t *testing.T) {
	packages := listPackages(t)
	for dir, p := range ours(packages) {
		if !takesT(dir) {
			for _, path := range []string{"testing", "github.com/stretchr/testify/require",
				"github.com/stretchr/testify/assert", "go.uber.org/goleak"} {
				assert.NotContains(t, p.Deps, path, "%s: what takes a *testing.T lives in a suite/ folder", dir)
			}
		}
		if isTestSupport(dir) || !inLibrary(dir) {
			continue
		}
		for _, path := range p.Imports {
			to, own := folder(path)
			assert.False(t, own && isTestSupport(to), "%s imports %s, which is for tests", dir, path)
		}
	}
}

func anywhere(string) bool { return true }

// inLibrary leaves out the programs: examples, scripts, and the frame that
// those that measure have in common.
func inLibrary(dir string) bool {
	return area(dir) != "examples" && area(dir) != "scripts" && dir != "internal/benchkit"
}

// outsideKernelCalls leaves out the places that make system calls which x/sys
// has not: termio with structures of its own (TIOCGICOUNT and TIOCGRS485), whose
// layouts its tests compare with the kernel's on every processor, nowait with
// the address of a buffer, and datagram with the structures of package syscall.
func outsideKernelCalls(dir string) bool {
	switch dir {
	case "ser2net/internal/termio", "ser2net/internal/nowait", "snmp/internal/datagram":
		return false
	}
	return true
}

// withoutFiles leaves out the one package of the library that is about a file:
// hub configurations come and are kept as YAML.
func withoutFiles(dir string) bool { return inLibrary(dir) && dir != "api/hubconfig" }

// importBans are packages that no file imports, whatever its build tags.
var importBans = []struct {
	path   string
	within func(dir string) bool
	why    string
}{
	{"C", anywhere, "gateways are cross-compiled without a C compiler"},
	{"plugin", anywhere, "it needs cgo; a backend is passed in Options"},
	{"unsafe", outsideKernelCalls, "layouts differ between the processors; golang.org/x/sys has the system calls"},
	{"log", anywhere, "its logger is global; log through Options.Logger"},
	{"expvar", anywhere, "its init publishes on the global HTTP mux"},
	{"net/http/pprof", anywhere, "its init publishes on the global HTTP mux"},
	{"math/rand", anywhere, "use math/rand/v2 for jitter and crypto/rand for keys"},
	{"go.yaml.in/yaml/v3", anywhere, "it is testify's; ours is v4"},
	{"flag", inLibrary, "a library is told its settings by Config and Options"},
	{"os/signal", inLibrary, "signals belong to the program"},
	{"go.yaml.in/yaml/v4", withoutFiles, "files are read by the program; a Config carries only the tags"},
	{"github.com/thejerf/suture/v4", inLibrary, "supervision is the program's choice"},
}

func TestBannedImports(t *testing.T) {
	for _, s := range listSources(t) {
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			for _, ban := range importBans {
				if path == ban.path && ban.within(s.dir) {
					assert.Fail(t, "banned import", "%s: %s: %s", s.at(spec), path, ban.why)
				}
			}
		}
	}
}

// A ban on a package that is gone, or that moved, protects nothing.
func TestBansNameRealPackages(t *testing.T) {
	args := []string{"list", "-find"}
	for _, ban := range importBans {
		if ban.path != "C" { // known to the compiler only
			args = append(args, ban.path)
		}
	}
	for _, ban := range rootBans {
		args = append(args, ban.path)
		for _, root := range ban.except {
			assert.Contains(t, services, root)
		}
	}
	goCommand(t, top, nil, args...) // fails on a path that it cannot find
}
