package strongswan

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What charon gets for a connection, as text. A change here is a change of
// what is on the wire.
func TestEncode(t *testing.T) {
	base := ipsec.Connection{
		Name: "demo0", Enabled: true, Gateway: "192.0.2.2", PreSharedKey: ipsec.NewSecret("thebigsecret"), LocalID: "wcclite",
		LocalSubnets: ipsec.Subnets{"10.10.12.0/24", "10.10.13.0/24"}, RemoteSubnets: ipsec.Subnets{"10.10.10.0/24"},
		Phase1: ipsec.Names{"p1"}, Phase2: ipsec.Names{"p2"},
	}
	for name, change := range map[string]func(*ipsec.Connection){
		"walkthrough": func(*ipsec.Connection) {},
		"host_name":   func(c *ipsec.Connection) { c.Gateway = "ipsec.vpn.net" },
		"ikev1": func(c *ipsec.Connection) {
			c.KeyExchange, c.ExchangeMode = ipsec.IKEv1, ipsec.ModeAggressive
			c.DPDAction, c.StartAction, c.LocalSubnets = ipsec.DPDClear, ipsec.StartNow, c.LocalSubnets[:1]
		},
		"hold": func(c *ipsec.Connection) { c.DPDAction, c.CloseAction = ipsec.DPDHold, ipsec.CloseHold },
		"restart": func(c *ipsec.Connection) {
			c.DPDAction, c.MOBIKE, c.Compression, c.RemoteID = ipsec.DPDRestart, true, true, "peer"
		},
		"transport": func(c *ipsec.Connection) {
			c.Type, c.LocalSubnets, c.RemoteSubnets = ipsec.TypeTransport, nil, nil
			c.LocalPorts, c.RemotePorts, c.LocalID, c.StartAction = "udp/1701", "udp", "", ipsec.StartNone
		},
		"responder": func(c *ipsec.Connection) {
			c.Gateway, c.Pool, c.RemoteSubnets, c.StartAction = "any", &ipsec.Pool{Addresses: "10.9.0.0/24", DNS: []string{"10.9.0.1"}}, nil, ipsec.StartNone
		},
		"road_warrior": func(c *ipsec.Connection) { c.VirtualIP, c.LocalSubnets = true, nil },
		"passthrough":  func(c *ipsec.Connection) { c.PassthroughSubnets = ipsec.Subnets{"10.10.10.128/25"} },
	} {
		t.Run(name, func(t *testing.T) {
			c := base
			change(&c)
			r, err := ipsec.Config{
				Enabled: true, Connections: []ipsec.Connection{c},
				Phase1Proposals: []ipsec.Phase1Proposal{{Name: "p1", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group5}},
				Phase2Proposals: []ipsec.Phase2Proposal{{Name: "p2", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA1}},
			}.Resolve(time.Now())
			require.NoError(t, err)
			require.Len(t, r.Definitions, 1)
			d, n := r.Definitions[0], names{"fieldgate"}
			var b strings.Builder
			dump(&b, "load-shared", n.sharedKey(d), "")
			if d.Pool != nil {
				dump(&b, "load-pool", n.pool(d), "")
			}
			dump(&b, "load-conn", n.connection(d, nil), "")
			path := "testdata/encode/" + name + ".txt"
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), b.String())
		})
	}
}

func dump(b *strings.Builder, name string, m *vici.Message, indent string) {
	fmt.Fprintf(b, "%s%s {\n", indent, name)
	texts := maps.Collect(m.Texts())
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		fmt.Fprintf(b, "%s  %s = %s\n", indent, key, texts[key])
	}
	lists := maps.Collect(m.Lists())
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		fmt.Fprintf(b, "%s  %s = [%s]\n", indent, key, strings.Join(lists[key], " | "))
	}
	for key, section := range m.Sections() {
		dump(b, key, section, indent+"  ")
	}
	fmt.Fprintf(b, "%s}\n", indent)
}

// The three times are always sent together: the longest life is what is set,
// and no renewal falls before the beginning.
func TestLifetimes(t *testing.T) {
	for _, life := range []time.Duration{time.Second, 8 * time.Second, time.Hour, 24 * time.Hour} {
		d := ipsec.Definition{Connection: ipsec.Connection{Name: "x", IKELifetime: ipsec.Duration(life), KeyLifetime: ipsec.Duration(life)}}
		m := names{"o"}.connection(d, nil).Section("o-x")
		value := func(m *vici.Message, key string) int64 {
			require.NotEmpty(t, m.Text(key), key)
			return int64(count(m.Text(key)))
		}
		want := int64(life / time.Second)
		assert.Equal(t, want, value(m, "rekey_time")+value(m, "over_time"))
		child := m.Section("children").Section("o-x")
		assert.Equal(t, want, value(child, "life_time"))
		for _, m := range []*vici.Message{m, child} {
			assert.LessOrEqual(t, value(m, "rand_time"), value(m, "rekey_time"))
		}
	}
}
