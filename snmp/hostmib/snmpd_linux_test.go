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
// What moves is compared in brackets: ours is read before snmpd starts, so
// that whatever snmpd has read and kept lies between that and our reading
// afterwards. What only fluctuates may lie somewhat outside.
func TestIntegrationSameAsSnmpd(t *testing.T) {
	objects, differences := readObjects(t), readDifferences(t)
	subtrees := []string{
		".1.3.6.1.2.1.1", ".1.3.6.1.2.1.2", ".1.3.6.1.2.1.4", ".1.3.6.1.2.1.5", ".1.3.6.1.2.1.6", ".1.3.6.1.2.1.7",
		".1.3.6.1.2.1.10", ".1.3.6.1.2.1.11", ".1.3.6.1.2.1.25.1", ".1.3.6.1.2.1.25.2", ".1.3.6.1.2.1.25.3",
		".1.3.6.1.2.1.31.1", ".1.3.6.1.4.1.2021", ".1.3.6.1.6.3",
	}
	ours := startOurs(t)
	before := walkAll(t, ours, objects, subtrees)
	theirs := startSnmpd(t)

	// snmpd has nothing but zeros for the processors in its first seconds,
	// and renews most readings every five: what differs gets further chances.
	var verdicts map[string][]string
	for deadline := time.Now().Add(25 * time.Second); ; time.Sleep(2 * time.Second) {
		of := walkAll(t, theirs, objects, subtrees)
		after := walkAll(t, ours, objects, subtrees)
		now := compare(objects, before, of, after)
		if verdicts == nil {
			verdicts = now
		}
		settled := true
		for object := range objects {
			if len(now[object]) < len(verdicts[object]) || len(now[object]) == 0 {
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

// finding kinds.
const (
	absent = "absent" // we do not serve the object type
	rows   = "rows"   // we do not serve all of snmpd's instances
	value  = "value"  // ours is another one
)

// compare returns for each object type what differs: lines that begin with a
// finding kind.
func compare(objects map[string]string, before, theirs, after map[string]map[string]gosnmp.SnmpPDU) map[string][]string {
	verdicts := make(map[string][]string)
	for object, typ := range objects {
		if len(theirs[object]) == 0 {
			continue // not served here and now
		}
		if len(after[object]) == 0 {
			verdicts[object] = []string{absent}
			continue
		}
		var list []string
		for _, instance := range slices.Sorted(mapKeys(theirs[object])) {
			their := theirs[object][instance]
			our, served := after[object][instance]
			switch {
			case !served:
				list = append(list, fmt.Sprintf("%s: %s is missing (%v)", rows, instance, show(their)))
			case our.Type != their.Type || typeName(our.Type) != typ:
				list = append(list, fmt.Sprintf("type: %s is %v here, %v there, want %s", instance, our.Type, their.Type, typ))
			case !equal(object, before[object][instance], their, our):
				list = append(list, fmt.Sprintf("%s: %s was %v, is %v; snmpd has %v",
					value, instance, show(before[object][instance]), show(our), show(their)))
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

// tolerances are how far an object may lie outside of the bracket: a share of
// the value, or a number.
var tolerances = map[string]struct{ share, number float64 }{
	".1.3.6.1.6.3.10.2.1.3":      {number: 2},             // snmpEngineTime
	".1.3.6.1.2.1.25.3.3.1.2":    {number: 50},            // hrProcessorLoad, which snmpd has after a minute only
	".1.3.6.1.4.1.2021.11.3":     {share: 1, number: 100}, // ssSwapIn, and so on: averages of another minute
	".1.3.6.1.4.1.2021.11.4":     {share: 1, number: 100},
	".1.3.6.1.4.1.2021.11.5":     {share: 1, number: 1e5},
	".1.3.6.1.4.1.2021.11.6":     {share: 1, number: 1e5},
	".1.3.6.1.4.1.2021.11.7":     {share: 1, number: 1e4},
	".1.3.6.1.4.1.2021.11.8":     {share: 1, number: 1e5},
	".1.3.6.1.4.1.2021.11.9":     {number: 50},
	".1.3.6.1.4.1.2021.11.10":    {number: 50},
	".1.3.6.1.4.1.2021.11.11":    {number: 50},
	".1.3.6.1.2.1.6.9":           {number: 20},               // tcpCurrEstab
	".1.3.6.1.2.1.25.1.6":        {share: 0.5, number: 20},   // hrSystemProcesses
	".1.3.6.1.2.1.25.2.3.1.5":    {share: 0.05, number: 1e5}, // hrStorageSize: cached, shared and available memory
	".1.3.6.1.2.1.25.2.3.1.6":    {share: 0.05, number: 1e6}, // hrStorageUsed
	".1.3.6.1.4.1.2021.4.6":      {share: 0.05, number: 1e6}, // memAvailReal
	".1.3.6.1.4.1.2021.4.11":     {share: 0.05, number: 1e6}, // memTotalFree
	".1.3.6.1.4.1.2021.4.13":     {share: 0.05, number: 1e5}, // memShared
	".1.3.6.1.4.1.2021.4.14":     {share: 0.05, number: 1e5}, // memBuffer
	".1.3.6.1.4.1.2021.4.15":     {share: 0.05, number: 1e6}, // memCached
	".1.3.6.1.4.1.2021.4.21":     {share: 0.05, number: 1e6}, // memAvailRealX
	".1.3.6.1.4.1.2021.4.22":     {share: 0.05, number: 1e6}, // memTotalFreeX
	".1.3.6.1.4.1.2021.4.24":     {share: 0.05, number: 1e5}, // memSharedX
	".1.3.6.1.4.1.2021.4.25":     {share: 0.05, number: 1e5}, // memBufferX
	".1.3.6.1.4.1.2021.4.26":     {share: 0.05, number: 1e6}, // memCachedX
	".1.3.6.1.4.1.2021.4.27":     {share: 0.05, number: 1e6}, // memSysAvail
	".1.3.6.1.4.1.2021.9.1.7":    {share: 0.02, number: 1e5}, // dskAvail
	".1.3.6.1.4.1.2021.9.1.8":    {share: 0.02, number: 1e5}, // dskUsed
	".1.3.6.1.4.1.2021.9.1.9":    {number: 1},                // dskPercent
	".1.3.6.1.4.1.2021.9.1.10":   {number: 1},                // dskPercentNode
	".1.3.6.1.4.1.2021.9.1.13":   {share: 0.02, number: 1e5}, // dskAvailLow
	".1.3.6.1.4.1.2021.9.1.15":   {share: 0.02, number: 1e5}, // dskUsedLow
	".1.3.6.1.4.1.2021.10.1.3":   {share: 0.2, number: 1},    // laLoad
	".1.3.6.1.4.1.2021.10.1.5":   {share: 0.2, number: 100},  // laLoadInt
	".1.3.6.1.4.1.2021.10.1.6":   {share: 0.2, number: 1},    // laLoadFloat
	".1.3.6.1.4.1.2021.10.1.100": {number: 1},                // laErrorFlag
}

// equal tells whether snmpd's value lies between ours, or near enough.
func equal(object string, before, their, after gosnmp.SnmpPDU) bool {
	their0, isNumber := number(their)
	low, was := number(before)
	high, is := number(after)
	if !isNumber || !is {
		if same := show(their) == show(after); same {
			return true
		}
		if object == ".1.3.6.1.2.1.25.1.2" { // hrSystemDate: big-endian, so it sorts
			return before.Value != nil && show(before)[:1] == "\"" &&
				string(before.Value.([]byte)[:7]) <= string(their.Value.([]byte)[:7]) &&
				string(their.Value.([]byte)[:7]) <= string(after.Value.([]byte)[:7]) &&
				string(their.Value.([]byte)[8:]) == string(after.Value.([]byte)[8:])
		}
		if object == ".1.3.6.1.4.1.2021.10.1.101" { // laErrMessage: the load may cross its limit in between
			return true
		}
		return false
	}
	if !was {
		low = high
	}
	if low > high && (their.Type == gosnmp.Counter32 || their.Type == gosnmp.TimeTicks) {
		return their0 >= low || their0 <= high // it began again at 0
	}
	low, high = min(low, high), max(low, high)
	t := tolerances[object]
	slack := t.number + t.share*max(their0, high)
	if their.Type == gosnmp.TimeTicks && object == ".1.3.6.1.2.1.25.1.1" {
		slack = 101 // ours is up to a TTL old
	}
	return low-slack <= their0 && their0 <= high+slack
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
func walkAll(t *testing.T, port uint16, objects map[string]string, subtrees []string) map[string]map[string]gosnmp.SnmpPDU {
	t.Helper()
	c := &gosnmp.GoSNMP{
		Target: "127.0.0.1", Port: port, Version: gosnmp.Version2c, Community: "oracle",
		Timeout: 5 * time.Second, Retries: 3, MaxRepetitions: 25, MaxOids: 60,
	}
	require.NoError(t, c.Connect())
	defer func() { _ = c.Conn.Close() }()
	found := make(map[string]map[string]gosnmp.SnmpPDU)
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
	host := hostmib.New(hostmib.Options{CommandLine: true})
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
		require.Contains(t, []string{absent, rows, value}, strings.TrimSuffix(fields[1], "?"), line)
		require.NotContains(t, d, fields[0], "twice")
		d[fields[0]] = difference{fields[1], strings.TrimSpace(fields[2])}
	}
	return d
}

// explain returns what of a verdict is not in the table.
func (d differences) explain(object string, verdict []string) string {
	kind := strings.TrimSuffix(d[object].kind, "?")
	for _, line := range verdict {
		if found, _, _ := strings.Cut(line, ":"); kind == "" || found != kind {
			return line
		}
	}
	return ""
}

// check fails the test for each difference that is not in the table, and for
// each entry that is not so. An entry with "?" depends on the host.
func (d differences) check(t *testing.T, objects map[string]string, theirs map[string]map[string]gosnmp.SnmpPDU, verdicts map[string][]string) {
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
	for object, entry := range d {
		assert.Contains(t, objects, object, "stale: no such object type")
		if len(theirs[object]) > 0 && len(verdicts[object]) == 0 && !strings.HasSuffix(entry.kind, "?") {
			assert.Fail(t, "stale entry of differences.txt", "%s %s: there is no difference", object, entry.kind)
		}
	}
	t.Logf("%d object types, %d served by snmpd now, %d equal", len(objects), served, equals)
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
