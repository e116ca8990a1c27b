package l2tp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// good returns a Config with a client and a server.
func good() l2tp.Config {
	client := l2tp.DefaultClient()
	client.Name, client.Enabled, client.Gateway = "head-office", true, "192.0.2.2"
	client.IPsec.PreSharedKey = l2tp.NewSecret("thebigsecret")
	client.Username, client.Password = "dev1", l2tp.NewSecret("sesame")
	client.PeerDNS = true
	c := l2tp.DefaultConfig()
	c.Enabled, c.Clients = true, []l2tp.Client{client}
	c.Server.Enabled = true
	c.Server.IPsec.PreSharedKey = l2tp.NewSecret("otherkey")
	c.Server.IPsec.LocalID = "gate" // or the keys of client and server could not be told apart
	c.Server.LocalIP, c.Server.Range = "10.20.30.1", "10.20.30.10-10.20.30.20"
	c.Server.Users = []l2tp.User{{Name: "plant", Password: l2tp.NewSecret("word")}}
	return c
}

func TestDefaults(t *testing.T) {
	require.NoError(t, l2tp.Config{}.Validate())
	require.NoError(t, l2tp.DefaultConfig().Validate())
	require.NoError(t, good().Validate())
	assert.Equal(t, l2tp.PPP{MTU: 1400, MRU: 1400, EchoInterval: l2tp.Duration(20 * time.Second), EchoFailures: 5}, l2tp.DefaultPPP())
	assert.Equal(t, ipsec.IKEv1, l2tp.DefaultChannel().KeyExchange)
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*l2tp.Config)
		want string
	}{
		"listen":      {func(c *l2tp.Config) { c.ListenAddress = "::1" }, "listen_address: "},
		"name":        {func(c *l2tp.Config) { c.Clients[0].Name = "a b" }, "clients[0].name: "},
		"long name":   {func(c *l2tp.Config) { c.Clients[0].Name = strings.Repeat("x", 33) }, "clients[0].name: "},
		"no gateway":  {func(c *l2tp.Config) { c.Clients[0].Gateway = "" }, "clients[0].gateway: required"},
		"gateway":     {func(c *l2tp.Config) { c.Clients[0].Gateway = "a\nb" }, "clients[0].gateway: "},
		"gateway six": {func(c *l2tp.Config) { c.Clients[0].Gateway = "2001:db8::1" }, "clients[0].gateway: 2001:db8::1 is no IPv4"},
		"twice": {func(c *l2tp.Config) {
			c.Clients = append(c.Clients, c.Clients[0])
			c.Clients[1].Name = "head_office"
			c.Clients[1].Gateway = "a"
		}, "clients[1].name: "},
		"one host": {func(c *l2tp.Config) { c.Clients = append(c.Clients, c.Clients[0]); c.Clients[1].Name = "b" }, "clients[1].gateway: "},
		"default twice": {func(c *l2tp.Config) {
			c.Clients[0].DefaultRoute = true
			c.Clients = append(c.Clients, c.Clients[0])
			c.Clients[1].Name, c.Clients[1].Gateway = "b", "b"
		}, "clients[1].default_route: "},
		"no key":       {func(c *l2tp.Config) { c.Clients[0].IPsec.PreSharedKey = l2tp.Secret{} }, "clients[0].ipsec.pre_shared_key: required"},
		"no set":       {func(c *l2tp.Config) { c.Clients[0].IPsec.Authentication = ipsec.AuthRSA }, "clients[0].ipsec.certificate_set: required"},
		"ike":          {func(c *l2tp.Config) { c.Clients[0].IPsec.KeyExchange = "ikev3" }, "clients[0].ipsec.key_exchange: "},
		"auth":         {func(c *l2tp.Config) { c.Clients[0].IPsec.Authentication = "eap" }, "clients[0].ipsec.authentication: "},
		"line in user": {func(c *l2tp.Config) { c.Clients[0].Username = "a\nplugin x.so" }, "clients[0].username: it has control characters"},
		"zero in word": {func(c *l2tp.Config) { c.Clients[0].Password = l2tp.NewSecret("a\x00b") }, "clients[0].password: it has control characters"},
		"long word":    {func(c *l2tp.Config) { c.Clients[0].Password = l2tp.NewSecret(strings.Repeat("x", 256)) }, "clients[0].password: it is longer"},
		"latin":        {func(c *l2tp.Config) { c.Clients[0].Username = "\xe4" }, "clients[0].username: it is no UTF-8"},
		"no user":      {func(c *l2tp.Config) { c.Clients[0].Username = "" }, "clients[0].username: required"},
		"mtu":          {func(c *l2tp.Config) { c.Clients[0].PPP.MTU = 1501 }, "clients[0].ppp.mtu: 1501"},
		"mru":          {func(c *l2tp.Config) { c.Clients[0].PPP.MRU = 10 }, "clients[0].ppp.mru: 10"},
		"echo":         {func(c *l2tp.Config) { c.Clients[0].PPP.EchoInterval = l2tp.Duration(1500 * time.Millisecond) }, "clients[0].ppp.echo_interval: 1.5s"},
		"failures":     {func(c *l2tp.Config) { c.Clients[0].PPP.EchoFailures = 101 }, "clients[0].ppp.echo_failures: 101"},
		"route":        {func(c *l2tp.Config) { c.Clients[0].Routes = []string{"10.0.0.0/8", "10.1.2.3/16"} }, "clients[0].routes[1]: "},
		"all routes":   {func(c *l2tp.Config) { c.Clients[0].Routes = []string{"0.0.0.0/0"} }, "clients[0].routes[0]: "},
		"local":        {func(c *l2tp.Config) { c.Server.LocalIP = "10.20.30.15" }, "server.local_ip: 10.20.30.15 is in the range"},
		"no range":     {func(c *l2tp.Config) { c.Server.Range = "" }, "server.range: "},
		"backwards":    {func(c *l2tp.Config) { c.Server.Range = "10.0.0.9-10.0.0.1" }, "server.range: "},
		"big range":    {func(c *l2tp.Config) { c.Server.Range = "10.0.0.0-10.0.4.0" }, "server.range: "},
		"third dns":    {func(c *l2tp.Config) { c.Server.DNS = []string{"1.1.1.1", "1.1.1.2", "1.1.1.3"} }, "server.dns: 3"},
		"dns":          {func(c *l2tp.Config) { c.Server.DNS = []string{"x"} }, "server.dns[0]: "},
		"no users":     {func(c *l2tp.Config) { c.Server.Users = nil }, "server.users: required"},
		"star":         {func(c *l2tp.Config) { c.Server.Users[0].Name = "*" }, "server.users[0].name: a star"},
		"file":         {func(c *l2tp.Config) { c.Server.Users[0].Password = l2tp.NewSecret("@/etc/shadow") }, "server.users[0].password: "},
		"user twice":   {func(c *l2tp.Config) { c.Server.Users = append(c.Server.Users, c.Server.Users[0]) }, "server.users[1].name: "},
		"nothing on":   {func(c *l2tp.Config) { c.Clients[0].Enabled, c.Server.Enabled = false, false }, "enabled: neither"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good()
			c.edit(&cfg)
			err := cfg.Validate()
			var faults l2tp.ConfigError
			require.ErrorAs(t, err, &faults)
			require.Len(t, faults, 1, "%v", err)
			assert.True(t, strings.HasPrefix(err.Error(), c.want), "%v", err)
		})
	}
}

func TestWarnings(t *testing.T) {
	c := good()
	c.Clients[0].PPP.MTU = 1500
	list := c.Warnings()
	require.Len(t, list, 2)
	assert.Equal(t, "clients[0].ppp.mtu", list[0].Path)
	assert.Equal(t, "server.ipsec.pre_shared_key", list[1].Path)
}

// What Extend makes is right for package ipsec, and leaves the base as it was.
func TestExtend(t *testing.T) {
	base := ipsec.Config{Enabled: true}
	got := good().Extend(base)
	assert.Empty(t, base.Connections)
	require.NoError(t, got.Validate())
	assert.Empty(t, got.Warnings(), "the defaults are sound")
	require.Len(t, got.Connections, 2)
	client, server := got.Connections[0], got.Connections[1]
	assert.Equal(t, l2tp.ChannelName("head-office"), client.Name)
	assert.Equal(t, ipsec.TypeTransport, client.Type)
	assert.Equal(t, ipsec.StartNone, client.StartAction)
	assert.Equal(t, "udp/1701", client.LocalPorts)
	assert.Equal(t, "udp/1701", client.RemotePorts)
	assert.Equal(t, l2tp.ServerChannelName, server.Name)
	assert.Equal(t, ipsec.GatewayAny, server.Gateway)
	assert.Equal(t, "udp", server.RemotePorts)

	off := good()
	off.Enabled = false
	assert.Equal(t, base, off.Extend(base))

	own := good()
	own.Clients[0].IPsec.Phase1, own.Clients[0].IPsec.Phase2 = ipsec.Names{"a"}, ipsec.Names{"b"}
	own.Server.Enabled = false
	got = own.Extend(base)
	assert.Empty(t, got.Phase1Proposals, "no proposals that nobody uses")
	require.ErrorContains(t, got.Validate(), "phase1")
}

// No secret is printed by any of the usual ways.
func TestSecretsAreNotPrinted(t *testing.T) {
	c := good()
	text, err := json.Marshal(c)
	require.NoError(t, err)
	for _, printed := range []string{string(text), fmt.Sprintf("%+v %#v", c, c)} {
		for _, secret := range []string{"thebigsecret", "sesame", "otherkey", `"word"`} {
			assert.NotContains(t, printed, secret)
		}
	}
}
