package automation

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
)

// While keys are renewed a connection has several channels: their bytes are
// added up, and the one that is up tells where it leads.
func TestIPsecOf(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	up := ipsec.SA{
		State: "ESTABLISHED", RemoteHost: netip.MustParseAddrPort("192.0.2.1:4500"), Algorithms: "aes256-sha256-modp2048",
		Children: []ipsec.ChildSA{{State: "INSTALLED", BytesIn: 1 << 40, BytesOut: 2}, {State: "REKEYED", BytesIn: 5, BytesOut: 7}},
	}
	out := ipsecOf(ipsec.Status{
		Daemon: ipsec.DaemonStatus{State: ipsec.DaemonReady, Version: "6.0.1", Restarts: 3},
		Connections: []ipsec.ConnectionStatus{
			{Name: "demo0", Enabled: true, Configured: true, State: ipsec.StateUp, Since: at, SAs: []ipsec.SA{{State: "CONNECTING"}, up}},
			{Name: "demo1", State: ipsec.StateFailed, RetryAt: at, Notices: []string{"ends soon"}, LastError: &ipsec.Failure{}},
		},
	})
	assert.Equal(t, Connection{
		Name: "demo0", Enabled: true, Configured: true, State: ipsec.StateUp, Since: at, Remote: "192.0.2.1:4500",
		Algorithms: "aes256-sha256-modp2048", BytesIn: 1<<40 + 5, BytesOut: 9, Notices: []string{},
	}, out.Connections[0])
	assert.Equal(t, (&ipsec.Failure{}).Error(), out.Connections[1].Error)
	assert.Equal(t, []string{"ends soon"}, out.Connections[1].Notices)
	assert.Equal(t, uint64(3), out.Restarts)
}

func TestOtherStatuses(t *testing.T) {
	v := openvpnOf(openvpn.Status{Version: "2.6.14", Instances: []openvpn.InstanceStatus{{
		Name: "site", Started: true, PID: 4711, State: openvpn.StateConnected, Port: 1194, Protocol: "UDP", BytesIn: 1, BytesOut: 2, Restarts: 4,
		Clients: make([]openvpn.ConnectedClient, 3),
	}}})
	assert.Equal(t, OpenVPNInstance{
		Name: "site", Started: true, PID: 4711, State: "connected", Port: 1194, Protocol: "UDP", BytesIn: 1, BytesOut: 2, Restarts: 4, Clients: 3,
	}, v.Instances[0])
	l := l2tpOf(l2tp.Status{
		Daemon: l2tp.DaemonStatus{Running: true}, Server: l2tp.ServerStatus{Sessions: make([]l2tp.Session, 2)},
		Clients: []l2tp.ClientStatus{{Name: "office", State: l2tp.StateUp}, {Name: "home", LastError: &l2tp.Failure{}}},
	})
	assert.True(t, l.Running)
	assert.Equal(t, int64(2), l.Sessions)
	assert.Equal(t, L2TPClient{Name: "office", State: "up"}, l.Clients[0])
	assert.Equal(t, (&l2tp.Failure{}).Error(), l.Clients[1].Error)
	p := ser2netOf(ser2net.Status{Ports: []ser2net.PortStatus{{Name: "meter", State: ser2net.StateOpen, ToDevice: 1, ToNetwork: 2, Clients: make([]ser2net.ClientStatus, 2)}}})
	assert.Equal(t, Port{Name: "meter", State: "open", ToDevice: 1, ToNetwork: 2, Clients: 2}, p.Ports[0])
	s := snmpOf(snmp.Status{Counters: snmp.Counters{Received: 9, BadCommunities: 1, UnknownUsers: 2, WrongDigests: 3}})
	assert.Equal(t, uint64(6), s.Wrong)
	assert.NotNil(t, s.Listening)

	var e exposition
	detailMetrics(&e, details{OpenVPN: &v, L2TP: &l, Ser2net: &p, SNMP: &s})
	for _, line := range []string{
		`fieldgate_item_bytes_total{service="openvpn",item="site",direction="in"} 1`,
		`fieldgate_item_bytes_total{service="ser2net",item="meter",direction="in"} 2`,
		`fieldgate_item_clients{service="openvpn",item="site"} 3`,
		`fieldgate_item_restarts_total{service="openvpn",item="site"} 4`,
		`fieldgate_messages_total{service="snmp",peer="",what="wrong"} 6`,
	} {
		assert.Contains(t, e.String(), line+"\n")
	}
}

func TestUnknownErrorsAreProblems(t *testing.T) {
	a := New(Options{})
	p := a.problemOf(errors.New("the disk is full"))
	assert.Equal(t, 500, p.Code)
	assert.Equal(t, "the disk is full", p.Detail)
}

// JSON that is taken means the same after its way through YAML.
func FuzzTree(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `{"a":{"b":[1,-2.5e300,true,false,null,"x"]}}`, `{"a":"yes","b":"0x10","c":"1e3","d":"~","e":"2027-01-01","f":"<<","g":"\n \t\u0000\u2028\ud83d\ude00"}`,
		`{"a":1,"a":2}`, `{"a":18446744073709551615}`, `{"a":1}x`, "\"\xff\"", `{"a":-0,"b":0.10}`, strings.Repeat("[", 100), `{"":"","- a":"# b",": ":"!!int 3"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		node, err := toYAML(text)
		if err != nil {
			return
		}
		require.True(t, json.Valid(text), "%q is taken", text)
		written, err := yaml.Marshal(node)
		require.NoError(t, err)
		var read yaml.Node
		if err := yaml.Load(written, &read); err != nil {
			return // characters that YAML has no place for are refused where the document is parsed
		}
		back, err := toJSON(&read)
		require.NoError(t, err)
		var was, is any
		if json.Unmarshal(text, &was) != nil || json.Unmarshal(back, &is) != nil {
			return // a number that only big numbers hold
		}
		assert.Equal(t, was, is, "%s", written)
	})
}
