package document

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/telemetry"
)

// A configuration is saved only if something differs, so nothing may be
// missed.
func TestDiffMissesNothing(t *testing.T) {
	off, on := false, true
	port := func(dtr *bool) Document {
		d := Default()
		d.Ser2net.Ports = []ser2net.PortConfig{{Name: "a", Mode: ser2net.Mode{DTR: dtr}}}
		return d
	}
	pool := func(p *ipsec.Pool) Document {
		d := Default()
		d.IPsec.Connections = []ipsec.Connection{{Name: "a", Pool: p}}
		return d
	}
	names := func(gateways ...string) Document {
		d := Default()
		d.IPsec.Connections = []ipsec.Connection{{Name: "1", Gateway: gateways[0]}, {Gateway: gateways[1]}}
		return d
	}
	for name, c := range map[string]struct{ from, to Document }{
		"off_is_not_unset":    {port(nil), port(&off)},
		"unset_is_not_off":    {port(&off), port(nil)},
		"on_is_not_off":       {port(&on), port(&off)},
		"an_empty_group":      {pool(nil), pool(&ipsec.Pool{})},
		"a_name_is_a_number":  {names("a", "b"), names("c", "b")},
		"a_number_is_a_name":  {names("a", "b"), names("a", "c")},
		"a_record_of_nothing": {Default(), func() Document { d := Default(); d.Telemetry.Destinations = []telemetry.Destination{{}}; return d }()},
	} {
		t.Run(name, func(t *testing.T) { assert.NotEmpty(t, Diff(c.from, c.to)) })
	}
}

// A record under another name is one that goes and one that comes.
func TestDiffOfARenamedRecord(t *testing.T) {
	a, b := Default(), Default()
	a.IPsec.Connections = []ipsec.Connection{{Name: "a", Gateway: "g"}}
	b.IPsec.Connections = []ipsec.Connection{{Name: "b", Gateway: "g"}}
	assert.Equal(t, []Difference{
		{"ipsec.connections[a].gateway", "g", ""}, {"ipsec.connections[a].name", "a", ""},
		{"ipsec.connections[b].gateway", "", "g"}, {"ipsec.connections[b].name", "", "b"},
	}, Diff(a, b))
}
