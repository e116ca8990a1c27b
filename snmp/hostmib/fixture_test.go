package hostmib_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/hostmib"
	"github.com/fieldgate/fieldgate/snmp/snmptest/suite"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const routerFiles = "../../internal/hostfacts/testdata/root"

// router is a copy of the host of internal/hostfacts: an OpenWrt device with
// an SD card.
type router struct {
	*testing.T
	*hostmib.Host
	root   string
	mounts []snmp.Mount
}

// spaces are the filesystems of the router.
var spaces = map[string]hostmib.Space{
	"/":        {TotalKiB: 8448, FreeKiB: 6100, AvailableKiB: 6100, BlockBytes: 4096},
	"/overlay": {TotalKiB: 8448, FreeKiB: 6100, AvailableKiB: 6100, BlockBytes: 4096},
	"/rom":     {TotalKiB: 4096, BlockBytes: 131072},
	"/tmp":     {TotalKiB: 29828, FreeKiB: 29300, AvailableKiB: 29300, Inodes: 7457, InodesFree: 7400, BlockBytes: 4096},
	"/dev":     {TotalKiB: 512, FreeKiB: 512, AvailableKiB: 512, Inodes: 7457, InodesFree: 7455, BlockBytes: 4096},
	// Three times 2 TiB, and what is reserved for the superuser.
	"/mnt/sd": {TotalKiB: 3 << 31, FreeKiB: 5 << 30, AvailableKiB: 4 << 30, Inodes: 488640, InodesFree: 488000, BlockBytes: 1024},
	"/srv":    {TotalKiB: 3 << 31, FreeKiB: 5 << 30, AvailableKiB: 4 << 30, Inodes: 488640, InodesFree: 488000, BlockBytes: 4096},
}

func statfs(path string) (hostmib.Space, error) {
	if s, there := spaces[path]; there {
		return s, nil
	}
	return hostmib.Space{}, fmt.Errorf("%s is not mounted", path)
}

func newRouter(t *testing.T, o hostmib.Options) *router {
	t.Helper()
	r := &router{T: t, root: t.TempDir()}
	require.NoError(t, os.CopyFS(r.root, os.DirFS(routerFiles)))
	o.Root = r.root
	if o.Statfs == nil {
		o.Statfs = statfs
	}
	r.Host = hostmib.New(o)
	r.mounts = r.Mounts()
	return r
}

// write replaces a file.
func (r *router) write(name, text string) {
	r.Helper()
	path := filepath.Join(r.root, name)
	require.NoError(r, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(r, os.WriteFile(path, []byte(text), 0o644))
}

// edit replaces a text in a file.
func (r *router) edit(name, old, with string) {
	r.Helper()
	text, err := os.ReadFile(filepath.Join(r.root, name))
	require.NoError(r, err)
	require.Contains(r, string(text), old)
	r.write(name, strings.ReplaceAll(string(text), old, with))
}

// value asks the handler of an instance.
func (r *router) value(instance string) snmp.Value {
	r.Helper()
	oid := snmp.MustParseOID(instance)
	for _, m := range r.mounts {
		if oid.HasPrefix(m.Prefix) {
			return m.Handler.Get(oid)
		}
	}
	require.Fail(r, "nobody serves it", instance)
	return snmp.Value{}
}

// watch runs the Watch of a subtree until the test ends.
func (r *router) watch(prefix string) *notifications {
	r.Helper()
	n := &notifications{}
	for _, m := range r.mounts {
		if m.Prefix.String() == prefix {
			go m.Handler.(snmp.Watcher).Watch(r.Context(), n.add)
			return n
		}
	}
	require.Fail(r, "nobody serves it", prefix)
	return nil
}

func (r *router) walk() []snmp.VarBind {
	var all []snmp.VarBind
	for _, m := range r.mounts {
		h := m.Handler.(snmp.Snapshotter).Snapshot()
		for b, ok := h.Next(nil); ok; b, ok = h.Next(b.OID) {
			all = append(all, b)
		}
	}
	return all
}

// Every object of the router, as a golden file that was checked against the
// files of the router and the formulas of the MIBs.
func TestGoldenWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		for _, bind := range newRouter(t, hostmib.Options{CommandLine: true}).walk() {
			fmt.Fprintf(&b, "%v = %v\n", bind.OID, bind.Value)
		}
		const golden = "testdata/router.walk"
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		assert.Equal(t, string(want), b.String())
	})
}

// Each object type has the type that snmpd gives it, and none that snmpd
// serves is missing that the table of differences does not have.
func TestTypesOfSnmpd(t *testing.T) {
	r := newRouter(t, hostmib.Options{CommandLine: true})
	differences := readDifferences(t)
	served := make(map[string]string)
	for _, b := range r.walk() {
		for n := len(b.OID) - 1; n > 0; n-- {
			served[b.OID[:n].String()] = b.Value.Kind().String()
		}
	}
	checked := 0
	for object, typ := range readObjects(t) {
		oid := snmp.MustParseOID(object)
		for _, m := range r.mounts {
			if !oid.HasPrefix(m.Prefix) {
				continue
			}
			checked++
			if _, there := served[object]; !there {
				assert.Equal(t, absent, differences[object].kind, "%s is not served", object)
				continue
			}
			assert.Equal(t, typ, served[object], object)
		}
	}
	assert.Greater(t, checked, 200)
}

func TestSuite(t *testing.T) {
	names := []string{
		"interfaces", "ip", "icmp", "tcp", "udp", "dot3", "hrSystem", "hrStorage", "hrDevice", "ifMIB", "memory", "dskTable",
		"laTable", "systemStats", "diskIOTable",
	}
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			suite.TestHandler(t, func(t *testing.T) suite.HandlerRig {
				changes := name == "interfaces" || name == "ifMIB"
				r := &router{T: t, Host: hostmib.New(hostmib.Options{Root: routerFiles, Statfs: statfs})}
				if r.mounts = r.Mounts(); changes {
					r = newRouter(t, hostmib.Options{})
				}
				m := r.mounts[i]
				rig := suite.HandlerRig{Handler: m.Handler, Prefix: m.Prefix, Objects: objectsOf(t, m.Prefix)}
				if changes {
					plugged := true
					rig.Change = func() {
						if plugged = !plugged; plugged {
							require.NoError(t, os.Rename(filepath.Join(r.root, "unplugged"), filepath.Join(r.root, "sys/class/net/eth0")))
						} else {
							require.NoError(t, os.Rename(filepath.Join(r.root, "sys/class/net/eth0"), filepath.Join(r.root, "unplugged")))
						}
						r.Expire(m.Handler)
					}
				}
				return rig
			})
		})
	}
}

// objectsOf are the object types below a prefix that snmpd has and we have.
func objectsOf(t *testing.T, prefix snmp.OID) []snmp.OID {
	t.Helper()
	differences := readDifferences(t)
	var list []snmp.OID
	for _, ours := range []string{ // which snmpd lacks
		".1.3.6.1.2.1.31.1.1.1.14", ".1.3.6.1.2.1.10.7.2.1.2", ".1.3.6.1.2.1.10.7.2.1.8", ".1.3.6.1.2.1.10.7.2.1.9",
	} {
		if oid := snmp.MustParseOID(ours); oid.HasPrefix(prefix) {
			list = append(list, oid)
		}
	}
	for object := range readObjects(t) {
		oid := snmp.MustParseOID(object)
		if oid.HasPrefix(prefix) && differences[object].kind != absent && object != ".1.3.6.1.2.1.25.1.4" {
			list = append(list, oid)
		}
	}
	return list
}

func TestDescription(t *testing.T) {
	r := newRouter(t, hostmib.Options{})
	assert.Equal(t, "Linux fieldgate-7 5.15.167 #0 Wed Oct 9 21:44:01 2024 mips", r.Description())
	require.NoError(t, os.Remove(filepath.Join(r.root, "proc/sys/kernel/version")))
	assert.Equal(t, "Linux fieldgate-7 5.15.167 mips", r.Description())

	said := make(map[string]bool)
	for _, m := range r.mounts {
		assert.NotEmpty(t, m.Description, "%v", m.Prefix)
		assert.False(t, said[m.Description], "two subtrees are %q", m.Description)
		said[m.Description] = true
	}
}

// What cannot be read is absent; its object types are not.
func TestNothingReadable(t *testing.T) {
	h := hostmib.New(hostmib.Options{Root: t.TempDir()})
	for _, m := range h.Mounts() {
		for _, object := range objectsOf(t, m.Prefix) {
			got := m.Handler.Get(object.Append(0))
			if !got.Exists() {
				assert.Equal(t, snmp.NoSuchInstance(), got, "%v", object)
			}
		}
	}
}
