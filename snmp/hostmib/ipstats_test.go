package hostmib_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/hostmib"
)

const ipSystemStats = ".1.3.6.1.2.1.4.31.1.1."

// What is derived from more than one count, for IPv4 (.1) and IPv6 (.2). The
// golden walk has the rest.
func TestIPStats(t *testing.T) {
	r := newRouter(t, hostmib.Options{})
	for instance, want := range map[string]snmp.Value{
		"5.1":  snmp.Counter32(9876543210 & 0xffffffff),
		"6.1":  snmp.Counter64(9876543210),
		"6.2":  snmp.Counter64(5123456789),
		"12.1": snmp.Counter32(6100200 + 21), // passed on, and without a route
		"13.2": snmp.Counter64(50 + 3),
		"24.1": snmp.Counter64(6100200),
		"26.1": snmp.Counter32(11 + 12), // FragOKs and FragFails
		"31.1": snmp.Counter64(990130),  // the kernel's own count
		// That of an older one: requests and passed on, without what was cut
		// into pieces, and the pieces.
		"31.2": snmp.Counter64(900 + 50 - 14 - 15 + 30),
		"42.1": snmp.Counter32(25),
		"42.2": snmp.NoSuchInstance(), // IPv6 has no broadcasts
		"47.1": snmp.Gauge32(1000),
	} {
		assert.Equal(t, want, r.value(ipSystemStats+instance), instance)
	}
}

func TestIPStatsWithoutIPv6(t *testing.T) {
	r := newRouter(t, hostmib.Options{})
	require.NoError(t, os.Remove(filepath.Join(r.root, "proc/net/snmp6")))
	assert.Equal(t, snmp.Counter32(7301234), r.value(ipSystemStats+"3.1"))
	assert.Equal(t, snmp.NoSuchInstance(), r.value(ipSystemStats+"3.2"))
	assert.Equal(t, snmp.NoSuchInstance(), r.value(ipSystemStats+"46.2"))
}
