package hostmib_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/hostmib"
)

// The differential oracle: Debian's snmpd and this agent on the same kernel,
// side by side. Every object type of testdata/snmpd-objects.txt that snmpd
// serves now is served here with the same instances, types and values, or is
// in testdata/differences.txt, which has no entry that is not so.
//
// What moves is compared in brackets: ours is read before snmpd starts and
// after each walk of it, so that whatever snmpd has read and kept lies between
// two of these readings. What jumps in between has a tolerance.
func TestIntegrationSameAsSnmpd(t *testing.T) {
	objects, differences := readObjects(t), readDifferences(t)
	subtrees := []string{
		".1.3.6.1.2.1.1", ".1.3.6.1.2.1.2", ".1.3.6.1.2.1.4", ".1.3.6.1.2.1.5", ".1.3.6.1.2.1.6", ".1.3.6.1.2.1.7",
		".1.3.6.1.2.1.10", ".1.3.6.1.2.1.11", ".1.3.6.1.2.1.25.1", ".1.3.6.1.2.1.25.2", ".1.3.6.1.2.1.25.3",
		".1.3.6.1.2.1.31.1", ".1.3.6.1.4.1.2021", ".1.3.6.1.6.3",
	}
	ours := startOurs(t)
	readings := []walk{walkAll(t, ours, objects, subtrees)}
	theirs := startSnmpd(t)

	// snmpd has nothing but zeros for the processors in its first seconds,
	// and renews most readings every five: what differs gets further chances.
	var verdicts map[string][]finding
	for deadline := time.Now().Add(50 * time.Second); ; time.Sleep(time.Second) {
		of := walkAll(t, theirs, objects, subtrees)
		readings = append(readings, walkAll(t, ours, objects, subtrees))
		now := compare(objects, readings, of)
		if verdicts == nil {
			verdicts = now
		}
		settled := true
		for object := range objects {
			if len(now[object]) < len(verdicts[object]) || differences.explain(object, now[object]) == "" {
				verdicts[object] = now[object]
			}
			settled = settled && differences.explain(object, verdicts[object]) == ""
		}
		if settled || time.Now().After(deadline) {
			differences.check(t, objects, of, verdicts)
			return
		}
	}
}

// walk is the instances of each object type.
type walk map[string]map[string]gosnmp.SnmpPDU

// finding is a difference: of what kind, in which instance, and how.
type finding struct{ kind, instance, text string }

// The kinds of findings.
const (
	absent = "absent" // we do not serve the object type
	rows   = "rows"   // we do not serve all of snmpd's instances
	more   = "more"   // we serve instances that snmpd does not have
	value  = "value"  // ours is another one
)

// compare returns for each object type what differs between all that was read
// of ours, the last of it now, and snmpd's.
func compare(objects map[string]string, ours []walk, theirs walk) map[string][]finding {
	verdicts := make(map[string][]finding)
	last := ours[len(ours)-1]
	for object, typ := range objects {
		if len(theirs[object]) == 0 {
			continue // not served here and now
		}
		if len(last[object]) == 0 {
			verdicts[object] = []finding{{absent, object, ""}}
			continue
		}
		var list []finding
		for _, instance := range slices.Sorted(mapKeys(theirs[object])) {
			their := theirs[object][instance]
			our, served := last[object][instance]
			var readings []gosnmp.SnmpPDU
			for _, w := range ours {
				if p, was := w[object][instance]; was {
					readings = append(readings, p)
				}
			}
			switch {
			case !served:
				list = append(list, finding{rows, instance, fmt.Sprintf("missing (%v)", show(their))})
			case our.Type != their.Type || typeName(our.Type) != typ:
				list = append(list, finding{"type", instance, fmt.Sprintf("%v here, %v there, want %s", our.Type, their.Type, typ)})
			case !equal(object, instance, readings, their):
				list = append(list, finding{value, instance, fmt.Sprintf("was %v, is %v; snmpd has %v", show(readings[0]), show(our), show(their))})
			}
		}
		for _, instance := range slices.Sorted(mapKeys(last[object])) {
			if _, there := theirs[object][instance]; !there {
				list = append(list, finding{more, instance, fmt.Sprintf("too much (%v)", show(last[object][instance]))})
			}
		}
		if list != nil {
			verdicts[object] = list
		}
	}
	return verdicts
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func show(p gosnmp.SnmpPDU) string {
	if b, ok := p.Value.([]byte); ok {
		return strconv.Quote(string(b))
	}
	return fmt.Sprint(p.Value)
}

// tolerance is how far an object may lie outside of what was read of ours: a
// share of the value, or a number.
type tolerance struct{ share, number float64 }

// tolerances are those of object types, or of single instances. What is not
// here has none.
var tolerances = map[string]tolerance{
	".1.3.6.1.6.3.10.2.1.3":      {number: 2},             // snmpEngineTime
	".1.3.6.1.2.1.25.1.1":        {number: 101},           // hrSystemUptime: ours is up to a TTL old
	".1.3.6.1.2.1.25.3.3.1.2":    {number: 50},            // hrProcessorLoad, which snmpd has after a minute only
	".1.3.6.1.4.1.2021.11.3":     {share: 1, number: 100}, // ssSwapIn, and so on: likewise
	".1.3.6.1.4.1.2021.11.4":     {share: 1, number: 100},
	".1.3.6.1.4.1.2021.11.5":     {share: 1, number: 1e5},
	".1.3.6.1.4.1.2021.11.6":     {share: 1, number: 1e5},
	".1.3.6.1.4.1.2021.11.7":     {share: 1, number: 1e4},
	".1.3.6.1.4.1.2021.11.8":     {share: 1, number: 1e5},
	".1.3.6.1.4.1.2021.11.9":     {number: 50},
	".1.3.6.1.4.1.2021.11.10":    {number: 50},
	".1.3.6.1.4.1.2021.11.11":    {number: 50},
	".1.3.6.1.2.1.6.9":           {number: 10},               // tcpCurrEstab
	".1.3.6.1.2.1.25.1.6":        {share: 0.2, number: 10},   // hrSystemProcesses
	".1.3.6.1.2.1.25.2.3.1.5.7":  memory,                     // hrStorageSize of cached memory
	".1.3.6.1.2.1.25.2.3.1.5.8":  small,                      // of shared memory
	".1.3.6.1.2.1.25.2.3.1.5.11": memory,                     // of available memory
	".1.3.6.1.2.1.25.2.3.1.6":    {share: 2e-3, number: 2e4}, // hrStorageUsed of filesystems
	".1.3.6.1.2.1.25.2.3.1.6.1":  memory,
	".1.3.6.1.2.1.25.2.3.1.6.3":  memory,
	".1.3.6.1.2.1.25.2.3.1.6.6":  small,
	".1.3.6.1.2.1.25.2.3.1.6.7":  memory,
	".1.3.6.1.2.1.25.2.3.1.6.8":  small,
	".1.3.6.1.2.1.25.2.3.1.6.10": small,
	".1.3.6.1.2.1.25.2.3.1.6.11": {},
	".1.3.6.1.4.1.2021.4.4":      small,                      // memAvailSwap
	".1.3.6.1.4.1.2021.4.19":     small,                      // memAvailSwapX
	".1.3.6.1.4.1.2021.4.6":      memory,                     // memAvailReal
	".1.3.6.1.4.1.2021.4.11":     memory,                     // memTotalFree
	".1.3.6.1.4.1.2021.4.13":     small,                      // memShared
	".1.3.6.1.4.1.2021.4.14":     small,                      // memBuffer
	".1.3.6.1.4.1.2021.4.15":     memory,                     // memCached
	".1.3.6.1.4.1.2021.4.21":     memory,                     // memAvailRealX
	".1.3.6.1.4.1.2021.4.22":     memory,                     // memTotalFreeX
	".1.3.6.1.4.1.2021.4.24":     small,                      // memSharedX
	".1.3.6.1.4.1.2021.4.25":     small,                      // memBufferX
	".1.3.6.1.4.1.2021.4.26":     memory,                     // memCachedX
	".1.3.6.1.4.1.2021.4.27":     memory,                     // memSysAvail
	".1.3.6.1.4.1.2021.9.1.7":    disk,                       // dskAvail
	".1.3.6.1.4.1.2021.9.1.8":    disk,                       // dskUsed
	".1.3.6.1.4.1.2021.9.1.13":   disk,                       // dskAvailLow
	".1.3.6.1.4.1.2021.9.1.15":   disk,                       // dskUsedLow
	".1.3.6.1.4.1.2021.10.1.3":   {share: 0.05, number: 0.1}, // laLoad
	".1.3.6.1.4.1.2021.10.1.5":   {share: 0.05, number: 10},  // laLoadInt
	".1.3.6.1.4.1.2021.10.1.6":   {share: 0.05, number: 0.1}, // laLoadFloat
}

// In KiB. What snmpd has read lies between two of our readings, and so does
// its value, unless it has jumped in between.
var (
	memory = tolerance{share: 0.01, number: 5e4}
	small  = tolerance{share: 0.01, number: 2e3}
	disk   = tolerance{share: 2e-3, number: 5e4}
)

// equal tells whether snmpd's value lies between ours, or near enough.
func equal(object, instance string, ours []gosnmp.SnmpPDU, their gosnmp.SnmpPDU) bool {
	first, last := ours[0], ours[len(ours)-1]
	want, isNumber := number(their)
	low, is := number(first)
	high, still := number(last)
	if !isNumber || !is || !still {
		switch object {
		case ".1.3.6.1.2.1.25.1.2": // hrSystemDate: big-endian, so it sorts
			before, between, after := first.Value.([]byte), their.Value.([]byte), last.Value.([]byte)
			return len(between) == len(after) && string(before[:7]) <= string(between[:7]) && string(between[:7]) <= string(after[:7]) &&
				string(between[8:]) == string(after[8:])
		case ".1.3.6.1.4.1.2021.10.1.101": // laErrMessage ends with the load
			their, _, _ := strings.Cut(show(their), "(=")
			our, _, _ := strings.Cut(show(last), "(=")
			return their == our
		}
		return show(their) == show(last)
	}
	if low > high && (their.Type == gosnmp.Counter32 || their.Type == gosnmp.TimeTicks) {
		return want >= low || want <= high // it began again at 0
	}
	for _, p := range ours {
		n, _ := number(p)
		low, high = min(low, n), max(high, n)
	}
	t, own := tolerances[instance]
	if !own {
		t = tolerances[object]
	}
	slack := t.number + t.share*max(want, high)
	return low-slack <= want && want <= high+slack
}

// number is the value of a number, also of one that is a text.
func number(p gosnmp.SnmpPDU) (float64, bool) {
	switch v := p.Value.(type) {
	case []byte:
		f, err := strconv.ParseFloat(string(v), 64)
		return f, err == nil
	case int:
		return float64(v), true
	case uint:
		return float64(v), true
	case uint32:
		return float64(v), true
	case uint64:
		return float64(v), true
	case float32:
		return float64(v), true
	}
	return 0, false
}

func typeName(t gosnmp.Asn1BER) string {
	switch t {
	case gosnmp.Integer:
		return "INTEGER"
	case gosnmp.OctetString:
		return "OCTET STRING"
	case gosnmp.ObjectIdentifier:
		return "OBJECT IDENTIFIER"
	case gosnmp.OpaqueFloat:
		return "Opaque"
	}
	return t.String()
}

// walkAll returns the instances of each object type.
func walkAll(t *testing.T, port uint16, objects map[string]string, subtrees []string) walk {
	t.Helper()
	c := &gosnmp.GoSNMP{
		Target: "127.0.0.1", Port: port, Version: gosnmp.Version2c, Community: "oracle",
		Timeout: 5 * time.Second, Retries: 3, MaxRepetitions: 25, MaxOids: 60,
	}
	require.NoError(t, c.Connect())
	defer func() { _ = c.Conn.Close() }()
	found := make(walk)
	keep := func(p gosnmp.SnmpPDU) {
		for name := p.Name; name != ""; name = name[:max(strings.LastIndexByte(name, '.'), 0)] {
			if _, known := objects[name]; known {
				if found[name] == nil {
					found[name] = make(map[string]gosnmp.SnmpPDU)
				}
				found[name][p.Name] = p
				return
			}
		}
	}
	for _, subtree := range subtrees {
		// A table of connections has thousands of rows, and is not asked for:
		// the walk goes on behind an object type that is not in the list.
		for next := subtree; next != ""; {
			r, err := c.GetBulk([]string{next}, 0, 25)
			require.NoError(t, err, "walk of %s at %s", subtree, next)
			next = advance(r.Variables, subtree, next, objects, keep)
		}
	}
	return found
}

// advance keeps the bindings of a reply, and returns where to go on, "" for
// the end.
func advance(binds []gosnmp.SnmpPDU, subtree, at string, objects map[string]string, keep func(gosnmp.SnmpPDU)) string {
	for _, p := range binds {
		if p.Type == gosnmp.EndOfMibView || !strings.HasPrefix(p.Name, subtree+".") {
			return ""
		}
		keep(p)
		at = p.Name
	}
	if len(binds) == 0 {
		return ""
	}
	for object := range objects {
		if strings.HasPrefix(at, object+".") {
			return at
		}
	}
	// Behind the column of a table, or the scalar.
	wanted := ""
	for object := range objects {
		if compareOIDs(object, at) > 0 && strings.HasPrefix(object, subtree+".") && (wanted == "" || compareOIDs(object, wanted) < 0) {
			wanted = object
		}
	}
	return wanted
}

func compareOIDs(a, b string) int { return snmp.MustParseOID(a).Compare(snmp.MustParseOID(b)) }

// startOurs starts the agent on this host and returns its port.
func startOurs(t *testing.T) uint16 {
	t.Helper()
	host := hostmib.New(hostmib.Options{CommandLine: true, MaxLoad: [3]float64{1000, 0.001, 1000}})
	s, err := snmp.New(snmp.Config{
		Enabled: true, Listen: []string{"127.0.0.1:0"},
		Communities: []snmp.Community{{Community: snmp.NewSecret("oracle"), Sources: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}},
		System:      snmp.System{Name: "oracle", Location: "rack 1", Contact: "ops@example.org"},
	}, snmp.Options{Handlers: host.Mounts(), Description: host.Description()})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		assert.NoError(t, s.Stop(ctx))
	})
	addr, err := netip.ParseAddrPort(s.Status().Listening[0])
	require.NoError(t, err)
	waitFor(t, addr.Port())
	return addr.Port()
}

// startSnmpd starts a child process and returns its port.
func startSnmpd(t *testing.T) uint16 {
	t.Helper()
	path := "/usr/sbin/snmpd"
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "scripts/peers installs snmpd")
		}
		t.Skip("snmpd is not installed: scripts/peers installs it")
	}
	dir := t.TempDir()
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	port := free.LocalAddr().(*net.UDPAddr).Port
	require.NoError(t, free.Close())
	config := fmt.Sprintf(`agentAddress udp:127.0.0.1:%d
rocommunity oracle 127.0.0.1
includeAllDisks 10%%
load 1000 0.001 1000
sysName oracle
sysLocation rack 1
sysContact ops@example.org
sysServices 72
`, port)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "snmpd.conf"), []byte(config), 0o600))
	log := filepath.Join(dir, "log")
	cmd := exec.Command(path, "-f", "-Lf", log, "-I", "-smux", "-C", "-c", filepath.Join(dir, "snmpd.conf"), "-p", filepath.Join(dir, "pid"))
	cmd.Env = append(os.Environ(), "MIBS=", "SNMP_PERSISTENT_DIR="+dir)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // it ends by that signal
	})
	waitFor(t, uint16(port))
	return uint16(port)
}

// waitFor gets sysUpTime from an agent; both count that in snmpInGetRequests.
func waitFor(t *testing.T, port uint16) {
	t.Helper()
	c := &gosnmp.GoSNMP{
		Target: "127.0.0.1", Port: port, Version: gosnmp.Version2c, Community: "oracle", Timeout: 500 * time.Millisecond, MaxOids: 1,
	}
	require.NoError(t, c.Connect())
	defer func() { _ = c.Conn.Close() }()
	require.Eventually(t, func() bool {
		_, err := c.Get([]string{".1.3.6.1.2.1.1.3.0"})
		return err == nil
	}, 20*time.Second, 100*time.Millisecond, "the agent does not answer")
}

// readObjects reads object types and their types.
func readObjects(t *testing.T) map[string]string {
	t.Helper()
	objects := make(map[string]string)
	for _, line := range readLines(t, "testdata/snmpd-objects.txt") {
		object, typ, found := strings.Cut(line, " ")
		require.True(t, found, line)
		objects[object] = typ
	}
	return objects
}

// differences is testdata/differences.txt: by object type.
type differences map[string]difference

type difference struct{ kind, reason string }

func readDifferences(t *testing.T) differences {
	t.Helper()
	d := make(differences)
	for _, line := range readLines(t, "testdata/differences.txt") {
		fields := strings.SplitN(line, " ", 3)
		require.Len(t, fields, 3, line)
		for kind := range strings.SplitSeq(fields[1], ",") {
			require.Contains(t, []string{absent, rows, more, value}, strings.TrimSuffix(kind, "?"), line)
		}
		require.NotContains(t, d, fields[0], "twice")
		d[fields[0]] = difference{fields[1], strings.TrimSpace(fields[2])}
	}
	return d
}

// explain returns what of a verdict is not in the table.
func (d differences) explain(object string, verdict []finding) string {
	for _, f := range verdict {
		kinds := d[f.instance].kind + "," + d[object].kind
		if !slices.ContainsFunc(strings.Split(kinds, ","), func(kind string) bool { return strings.TrimSuffix(kind, "?") == f.kind }) {
			return f.kind + ": " + f.instance + " " + f.text
		}
	}
	return ""
}

// check fails the test for each difference that is not in the table, and for
// each entry that is not so. An entry with "?" depends on the host.
func (d differences) check(t *testing.T, objects map[string]string, theirs walk, verdicts map[string][]finding) {
	t.Helper()
	served, equals := 0, 0
	for _, object := range slices.SortedFunc(mapKeys(objects), compareOIDs) {
		if len(theirs[object]) > 0 {
			served++
			if len(verdicts[object]) == 0 {
				equals++
			}
		}
		if problem := d.explain(object, verdicts[object]); problem != "" {
			assert.Fail(t, "a difference that differences.txt does not have", "%s %s", object, problem)
		}
	}
	for oid, entry := range d {
		object := objectOf(objects, oid)
		assert.NotEmpty(t, object, "stale: no object type has %s", oid)
		for kind := range strings.SplitSeq(entry.kind, ",") {
			found := slices.ContainsFunc(verdicts[object], func(f finding) bool {
				return f.kind == kind && (oid == object || oid == f.instance)
			})
			if len(theirs[object]) > 0 && !found && !strings.HasSuffix(kind, "?") {
				assert.Fail(t, "stale entry of differences.txt", "%s %s: there is no such difference", oid, kind)
			}
		}
	}
	t.Logf("%d object types, %d served by snmpd now, %d equal", len(objects), served, equals)
}

// objectOf returns the object type of an entry, which may be an instance of it.
func objectOf(objects map[string]string, oid string) string {
	for ; oid != ""; oid = oid[:strings.LastIndexByte(oid, '.')] {
		if _, there := objects[oid]; there {
			return oid
		}
	}
	return ""
}

func readLines(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	var lines []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := strings.TrimSpace(s.Text()); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}
