package fieldgatemib_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/fieldgatemib"
	"github.com/fieldgate/fieldgate/snmp/snmptest/suite"
)

func TestConforms(t *testing.T) {
	suite.TestHandler(t, func(t *testing.T) suite.HandlerRig {
		g := newGateway()
		h := newHandler(t, g.options())
		var objects []snmp.OID
		for _, o := range parseMIB(t, h.MIB()).objects {
			objects = append(objects, o.oid)
		}
		n := 0
		return suite.HandlerRig{Handler: h, Prefix: h.Root(), Objects: objects, Change: func() {
			g.change(func() {
				n++
				g.tunnels = append(g.tunnels[:n%2], fieldgatemib.Tunnel{Name: fmt.Sprint("t", n), State: fieldgatemib.TunnelConnecting})
				g.modems = g.modems[:0]
				g.vpns[0].InOctets++
			})
			time.Sleep(time.Microsecond) // the facts are kept for a nanosecond
		}}
	})
}

func TestValues(t *testing.T) {
	assert.Equal(t, `.1.1.1.0 = STRING: "gw"
.1.1.2.0 = STRING: "M1"
.1.1.3.0 = STRING: "S2"
.1.1.4.0 = STRING: "1.2.11"
.1.1.5.0 = STRING: "6.1"
.1.2.1.1.2.5.105.112.115.101.99 = INTEGER: 4
.1.2.1.1.2.9.116.101.108.101.109.101.116.114.121 = INTEGER: 3
.1.2.1.1.3.5.105.112.115.101.99 = STRING: "no such file"
.1.2.1.1.3.9.116.101.108.101.109.101.116.114.121 = STRING: ""
.1.3.1.1.2.1.98 = INTEGER: 1
.1.3.1.1.2.6.115.105.116.101.45.97 = INTEGER: 3
.1.3.1.1.3.1.98 = STRING: ""
.1.3.1.1.3.6.115.105.116.101.45.97 = STRING: "192.0.2.1"
.1.3.1.1.4.1.98 = TimeTicks: 0
.1.3.1.1.4.6.115.105.116.101.45.97 = TimeTicks: 9000
.1.3.1.1.5.1.98 = Counter64: 0
.1.3.1.1.5.6.115.105.116.101.45.97 = Counter64: 1099511627776
.1.3.1.1.6.1.98 = Counter64: 0
.1.3.1.1.6.6.115.105.116.101.45.97 = Counter64: 7
.1.3.1.1.7.1.98 = STRING: "no answer"
.1.3.1.1.7.6.115.105.116.101.45.97 = STRING: ""
.1.4.1.1.2.6.111.102.102.105.99.101 = INTEGER: 2
.1.4.1.1.3.6.111.102.102.105.99.101 = INTEGER: 3
.1.4.1.1.4.6.111.102.102.105.99.101 = Gauge32: 3
.1.4.1.1.5.6.111.102.102.105.99.101 = Counter64: 5
.1.4.1.1.6.6.111.102.102.105.99.101 = Counter64: 6
.1.4.1.1.7.6.111.102.102.105.99.101 = STRING: ""
.1.5.1.1.2.5.109.101.116.101.114 = STRING: "/dev/ttyUSB0"
.1.5.1.1.3.5.109.101.116.101.114 = INTEGER: 5
.1.5.1.1.4.5.109.101.116.101.114 = Gauge32: 1
.1.5.1.1.5.5.109.101.116.101.114 = Counter64: 8
.1.5.1.1.6.5.109.101.116.101.114 = Counter64: 9
.1.5.1.1.7.5.109.101.116.101.114 = Counter64: 2
.1.5.1.1.8.5.109.101.116.101.114 = STRING: "unplugged"
.1.6.1.1.2.5.119.119.97.110.48 = STRING: "Tele"
.1.6.1.1.3.5.119.119.97.110.48 = INTEGER: 6
.1.6.1.1.4.5.119.119.97.110.48 = STRING: "LTE"
.1.6.1.1.5.5.119.119.97.110.48 = INTEGER: -71
.1.6.1.1.6.5.119.119.97.110.48 = STRING: "490154203237518"
.1.6.1.1.7.5.119.119.97.110.48 = STRING: "8931"
.1.6.1.1.8.5.119.119.97.110.48 = STRING: "192.0.2.9"
.1.7.1.1.2.8.47.111.118.101.114.108.97.121 = Gauge32: 40
.1.7.1.1.3.8.47.111.118.101.114.108.97.121 = Gauge32: 90
.1.7.1.1.4.8.47.111.118.101.114.108.97.121 = INTEGER: 1
`, print(newHandler(t, newGateway().options())))
}

func TestRowsThatCannotBe(t *testing.T) {
	g := newGateway()
	long := strings.Repeat("a", 96)
	g.services = []fieldgatemib.Service{
		{Name: "b", State: fieldgatemib.ServiceStopped},
		{Name: "", State: fieldgatemib.ServiceRunning},
		{Name: long + "a", State: fieldgatemib.ServiceRunning},
		{Name: "b", State: fieldgatemib.ServiceRunning},
		{Name: long, State: 0, LastError: strings.Repeat("ä", 200)},
	}
	g.disks = []fieldgatemib.Disk{{Path: "/a", Used: 1}, {Path: "/b", Used: 101, Limit: 101}, {Path: "/c", Used: 300, Limit: 100}, {Path: "/d", Used: -5, Limit: 1}}
	g.modems = []fieldgatemib.Modem{{Name: "m", SignalDBm: 0}}
	h := newHandler(t, g.options())
	at := func(text string) snmp.Value { return h.Get(h.Root().Append(snmp.MustParseOID(text)...)) }

	assert.Equal(t, snmp.Integer(2), at(".1.2.1.1.2.1.98"), "the first counts")
	whole := snmp.OID{1, 2, 1, 1, 3}.Append(snmp.StringIndex(long)...)
	assert.Equal(t, snmp.OctetString(strings.Repeat("ä", 127)), at(whole.String()), "cut between characters")
	whole[4] = 2
	assert.Equal(t, snmp.NoSuchInstance(), at(whole.String()), "no state")
	assert.Equal(t, 3, strings.Count(print(h), "\n.1.2."), "two texts and a state")

	assert.Equal(t, snmp.NoSuchInstance(), at(".1.7.1.1.2.2.47.97"))
	assert.Equal(t, snmp.NoSuchInstance(), at(".1.7.1.1.2.2.47.98"))
	assert.Equal(t, snmp.Gauge32(100), at(".1.7.1.1.2.2.47.99"))
	assert.Equal(t, snmp.Gauge32(0), at(".1.7.1.1.2.2.47.100"))
	assert.Equal(t, snmp.NoSuchInstance(), at(".1.6.1.1.5.1.109"), "no signal")
	assert.Equal(t, snmp.OctetString(""), at(".1.6.1.1.2.1.109"))
}

func TestNothingInjected(t *testing.T) {
	h := newHandler(t, fieldgatemib.Options{})
	_, ok := h.Next(nil)
	assert.False(t, ok)
	for _, o := range parseMIB(t, h.MIB()).objects {
		assert.Equal(t, snmp.NoSuchInstance(), h.Get(o.oid.Append(0)), "%s", o.name)
	}
}

func TestRoot(t *testing.T) {
	long := snmp.MustParseOID(".1.3.6.1.4.1").Append(slices.Repeat([]uint32{1}, 20)...)
	for _, root := range []snmp.OID{nil, snmp.MustParseOID(".1.3.6.1.4.1.4242"), long} {
		g := newGateway()
		g.disks = []fieldgatemib.Disk{{Path: strings.Repeat("/", 96), Limit: 1}}
		o := g.options()
		o.Root = root
		h := newHandler(t, o)
		if root != nil {
			assert.Equal(t, root, h.Root())
		}
		b, ok := h.Next(nil)
		require.True(t, ok)
		assert.True(t, b.OID.HasPrefix(h.Root()))
		assert.Equal(t, h.Root(), parseMIB(t, h.MIB()).root)
	}
	for _, root := range []snmp.OID{{}, {1, 3, 6, 1, 4, 1}, {1, 3, 6, 1, 4, 2, 7}, long.Append(1)} {
		_, err := fieldgatemib.New(fieldgatemib.Options{Root: root})
		assert.ErrorContains(t, err, "fieldgatemib: the root "+root.String())
	}
	for _, o := range []fieldgatemib.Options{{TTL: -1}, {Interval: -1}} {
		_, err := fieldgatemib.New(o)
		assert.ErrorContains(t, err, "must not be negative")
	}
}

// The facts are asked for when they are needed, and kept for the TTL.
func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		o := g.options()
		o.TTL = 0
		h := newHandler(t, o)
		assert.Zero(t, g.asked)
		for range 10 {
			h.Get(h.Root())
			h.Next(nil)
			h.Snapshot()
		}
		once := g.asked
		assert.Equal(t, 6, once)
		time.Sleep(time.Second - 1)
		h.Snapshot()
		assert.Equal(t, once, g.asked)
		time.Sleep(time.Nanosecond)
		h.Snapshot()
		assert.Equal(t, 2*once, g.asked)
	})
}

// The rows that a program tells of are only read.
func TestRowsAreNotChanged(t *testing.T) {
	rows := []fieldgatemib.Disk{{Path: "b", Used: 200, Limit: 1}, {Path: "", Limit: 1}, {Path: "a", Used: 200, Limit: 1}}
	before := slices.Clone(rows)
	h := newHandler(t, fieldgatemib.Options{Disks: func() []fieldgatemib.Disk { return rows }})
	h.Snapshot()
	assert.Equal(t, before, rows)
}
