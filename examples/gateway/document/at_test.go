package document

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/telemetry"
)

func TestGroupsAndLists(t *testing.T) {
	doc := Default()
	doc.Ser2net.Ports = []ser2net.PortConfig{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	before := doc

	group, err := doc.Group("telemetry")
	require.NoError(t, err)
	group.(*telemetry.Config).KeyFile = "/k"
	assert.Equal(t, "/k", doc.Telemetry.KeyFile)
	assert.Empty(t, before.Telemetry.KeyFile)

	ports, err := doc.List("ser2net.ports")
	require.NoError(t, err)
	assert.Equal(t, 1, ports.Find("b"))
	assert.Equal(t, -1, ports.Find("x"))
	ports.Record(1).(*ser2net.PortConfig).Device = "/dev/ttyS1"
	assert.Equal(t, "/dev/ttyS1", doc.Ser2net.Ports[1].Device)
	assert.Empty(t, before.Ser2net.Ports[1].Device, "other copies keep theirs")
	ports.Remove(0)
	i := ports.Add(ser2net.DefaultPort())
	assert.Equal(t, 2, i)
	assert.Equal(t, "ser2net.ports[2]", ports.Path(i))
	assert.Equal(t, "3", ports.Name(i), "one without a name has its number")
	assert.Len(t, before.Ser2net.Ports, 3)

	connections, err := doc.List("ipsec.connections")
	require.NoError(t, err)
	connections.Add(nil)
	assert.Equal(t, []ipsec.Connection{{}}, doc.IPsec.Connections)
	connections.Remove(0)
	assert.Nil(t, doc.IPsec.Connections)

	for _, path := range []string{"", "nowhere", "ipsec.connections", "web.listen", "telemetry.nowhere"} {
		_, err := doc.Group(path)
		assert.Error(t, err, path)
	}
	for _, path := range []string{"", "nowhere", "ipsec", "web.listen"} {
		_, err := doc.List(path)
		assert.Error(t, err, path)
	}
}
