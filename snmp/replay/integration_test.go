package replay_test

import (
	"context"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/replay"
)

// every is a List with values of every kind.
func every(t *testing.T) *snmp.List {
	t.Helper()
	var b snmp.Builder
	column := snmp.MustParseOID(".1.3.6.1.4.1.8072.9999.9999.1.1")
	b.Object(column)
	for i, v := range []snmp.Value{
		snmp.Integer(math.MinInt32), snmp.Integer(7), snmp.Counter32(math.MaxUint32), snmp.Gauge32(5),
		snmp.TimeTicks(math.MaxUint32), snmp.Counter64(math.MaxUint64),
		snmp.OctetString(""), snmp.OctetString("plain"), snmp.OctetString(`with "quotes" and \ and \" and \\`),
		snmp.OctetString("two\nlines, and\ttab\r\n"), snmp.OctetString("ends with a backslash\\"), snmp.OctetString(`"`),
		snmp.OctetString("\n"), snmp.OctetString("\n.1.3.6.1.1 = INTEGER: 5\n"), snmp.OctetString("\x00\x01\xff"),
		snmp.OctetString(strings.Repeat("\x00\xfe", 40)), snmp.OctetString("gr\xc3\xbc\xc3\x9fe"), snmp.OctetString(strings.Repeat("long ", 200)),
		snmp.ObjectID(snmp.OID{0, 0}), snmp.ObjectID(snmp.MustParseOID(".1.3.6.1.4.1.4294967295")), snmp.ObjectID(snmp.OID{2, 999, 3}),
		snmp.IPAddress(netip.MustParseAddr("192.0.2.1")),
		snmp.Float(1.828125), snmp.Opaque("\x04\x01a"),
	} {
		b.Add(column, []uint32{uint32(i), 4294967295}, v)
	}
	l, err := b.List()
	require.NoError(t, err)
	return l
}

// What snmpbulkwalk prints of an agent, replays as the agent.
func TestIntegrationWalk(t *testing.T) {
	program, err := exec.LookPath("snmpbulkwalk")
	if err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "apt install snmp")
		t.Skip("needs snmpbulkwalk (apt install snmp)")
	}
	want := every(t)
	s, err := snmp.New(snmp.Config{
		Enabled:     true,
		Listen:      []string{"127.0.0.1:0"},
		Communities: []snmp.Community{{Community: snmp.NewSecret("secret-name")}},
	}, snmp.Options{Handlers: []snmp.Mount{{Prefix: snmp.MustParseOID(".1.3.6.1.4.1.8072"), Handler: want}}})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	defer func() { assert.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) }()

	for _, form := range []string{"-On", "-One", "-OnT", "-Onx", "-OnU"} {
		t.Run(form, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, form, "-v2c", "-c", "secret-name", "-t20", "-r2", s.Status().Listening[0], ".1.3.6.1.4.1.8072")
			cmd.Env = append(os.Environ(), "MIBS=", "SNMPCONFPATH="+t.TempDir())
			out, err := cmd.Output()
			require.NoError(t, err)
			got, err := replay.Read(strings.NewReader(string(out)))
			require.NoError(t, err, "%s", out)
			assert.Equal(t, print(want), print(got))
		})
	}
}
