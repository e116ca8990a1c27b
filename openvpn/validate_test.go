package openvpn_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

func TestValidateAccepts(t *testing.T) {
	require.NoError(t, openvpn.Config{}.Validate())
	require.NoError(t, openvpn.Config{Instances: []openvpn.Instance{clientInstance("a"), serverInstance("A-_9")}}.Validate())
}

func TestValidate(t *testing.T) {
	type change func(*openvpn.Instance)
	client := func(f change) openvpn.Instance { i := clientInstance("a"); f(&i); return i }
	server := func(f change) openvpn.Instance { i := serverInstance("a"); f(&i); return i }
	long := strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		instance openvpn.Instance
		fault    string
	}{
		"no name":          {client(func(i *openvpn.Instance) { i.Name = "" }), "name: required"},
		"slash":            {client(func(i *openvpn.Instance) { i.Name = "a/b" }), `name: "a/b" is no name`},
		"dots":             {client(func(i *openvpn.Instance) { i.Name = ".." }), `name: ".." is no name`},
		"space":            {client(func(i *openvpn.Instance) { i.Name = "a b" }), `name: "a b" is no name`},
		"long":             {client(func(i *openvpn.Instance) { i.Name = long }), "is no name"},
		"dash":             {client(func(i *openvpn.Instance) { i.Name = "-a" }), "no leading dash"},
		"role":             {client(func(i *openvpn.Instance) { i.Role = "boss" }), `role: unknown word "boss", want client, server, peer`},
		"protocol":         {client(func(i *openvpn.Instance) { i.Protocol = "sctp" }), "protocol: unknown word"},
		"device":           {client(func(i *openvpn.Instance) { i.Device = "../../tun0" }), "device: "},
		"device tun":       {client(func(i *openvpn.Instance) { i.Device = "tun" }), "device: "},
		"bridge tun":       {client(func(i *openvpn.Instance) { i.BridgeDevice = "br0" }), "bridge_device: needs device_type tap"},
		"no remote":        {client(func(i *openvpn.Instance) { i.Remotes = nil }), "remotes: required"},
		"remote host":      {client(func(i *openvpn.Instance) { i.Remotes[0].Host = "a b" }), "remotes[0].host: "},
		"remote injection": {client(func(i *openvpn.Instance) { i.Remotes[0].Host = "a\nup /bin/sh" }), "remotes[0].host: "},
		"nobind and port":  {client(func(i *openvpn.Instance) { i.Nobind, i.Port = true, 7 }), "nobind: contradicts port 7"},
		"server in client": {client(func(i *openvpn.Instance) { i.Server = "10.0.0.0/24" }), "server: is for role server, this one is a client"},
		"no proof":         {client(func(i *openvpn.Instance) { i.Files = map[openvpn.FileKind]string{"ca": "ca.crt"} }), "files: required: cert and key"},
		"no ca":            {client(func(i *openvpn.Instance) { delete(i.Files, "ca") }), "files[ca]: required"},
		"key alone":        {client(func(i *openvpn.Instance) { delete(i.Files, "cert") }), "files[cert]: required with key"},
		"file path":        {client(func(i *openvpn.Instance) { i.Files["ca"] = "../ca.crt" }), "files[ca]: "},
		"file kind":        {client(func(i *openvpn.Instance) { i.Files["plugin"] = "x.so" }), `files[plugin]: unknown word`},
		"pkcs12 and cert":  {client(func(i *openvpn.Instance) { i.Files["pkcs12"] = "x.p12" }), "files[cert]: is instead of pkcs12"},
		"two tls keys":     {server(func(i *openvpn.Instance) { i.Files["tls-auth"] = "x" }), "files[tls-crypt]: is instead of tls-auth"},
		"secret in client": {client(func(i *openvpn.Instance) { i.Files["secret"] = "x" }), "files[secret]: is for role peer"},
		"fingerprint":      {client(func(i *openvpn.Instance) { i.PeerFingerprints = []string{"AA:BB"} }), "peer_fingerprints[0]: "},
		"password alone":   {client(func(i *openvpn.Instance) { i.Password = openvpn.NewSecret("x") }), "username: required with password"},
		"password newline": {client(func(i *openvpn.Instance) { i.Username, i.Password = "x", openvpn.NewSecret("hidden\n") }), "password: has a control character"},
		"password long":    {client(func(i *openvpn.Instance) { i.Username, i.Password = "x", openvpn.NewSecret(long) }), "password: is 300 bytes long"},
		"users in client":  {client(func(i *openvpn.Instance) { i.Users = []openvpn.User{{}} }), "users: is for role server"},
		"user twice": {server(func(i *openvpn.Instance) {
			u := openvpn.User{Name: "joe", Password: openvpn.NewSecret("x")}
			i.Users = []openvpn.User{u, u}
		}), "users[1].name: \"joe\" is taken by users[0]"},
		"no network":     {server(func(i *openvpn.Instance) { i.Server = "" }), "server: required"},
		"host bits":      {server(func(i *openvpn.Instance) { i.Server = "10.8.0.1/24" }), "write 10.8.0.0/24"},
		"small network":  {server(func(i *openvpn.Instance) { i.Server = "10.8.0.0/30" }), "openvpn takes /16 to /29"},
		"IPv6 as IPv4":   {server(func(i *openvpn.Instance) { i.Server = "fd00::/64" }), "no IPv4 network"},
		"bridge and tun": {server(func(i *openvpn.Instance) { i.ServerBridge = &openvpn.ServerBridge{} }), "server_bridge: is instead of server"},
		"client address": {server(func(i *openvpn.Instance) { i.Clients = []openvpn.Client{{CommonName: "x", Address: "10.9.0.2"}} }), "clients[0].address: 10.9.0.2 is not in the network"},
		"client twice":   {server(func(i *openvpn.Instance) { i.Clients = []openvpn.Client{{CommonName: "x"}, {CommonName: "x"}} }), "clients[1].common_name"},
		"client network": {server(func(i *openvpn.Instance) {
			i.Clients = []openvpn.Client{{CommonName: "x", Networks: []string{"1.2.3.4/8"}}}
		}), "write 1.0.0.0/8"},
		"option": {client(func(i *openvpn.Instance) {
			i.Options = append(i.Options, openvpn.Option{Name: "up", Args: []string{"/bin/sh"}})
		}), "options[1]: "},
		"option newline": {client(func(i *openvpn.Instance) { i.Options[0].Args[0] = "server\nup /bin/sh" }), "options[0]: "},
		"peer ends":      {client(func(i *openvpn.Instance) { i.Role, i.TLSRole = openvpn.RolePeer, openvpn.TLSClient }), "ifconfig: required"},
		"peer TLS role": {client(func(i *openvpn.Instance) {
			i.Role, i.Ifconfig = openvpn.RolePeer, &openvpn.Ifconfig{Local: "10.0.0.1", Remote: "10.0.0.1"}
		}), "tls_role: required"},
		"nice":         {client(func(i *openvpn.Instance) { i.System.Nice = 20 }), "system.nice: 20 is out of range"},
		"proxy on UDP": {client(func(i *openvpn.Instance) { i.Proxy = &openvpn.Proxy{Host: "p"} }), "proxy.kind: a proxy of kind http needs protocol TCP"},
		"share on UDP": {server(func(i *openvpn.Instance) { i.Listen.ShareHost, i.Listen.SharePort = "h", 443 }), "listen.share_host: needs TCP"},
	} {
		t.Run(name, func(t *testing.T) {
			err := openvpn.Config{Instances: []openvpn.Instance{clientInstance("first"), c.instance}}.Validate()
			var faults openvpn.ConfigError
			require.ErrorAs(t, err, &faults)
			assert.Contains(t, err.Error(), c.fault)
			assert.NotContains(t, err.Error(), "hidden", "no password is shown")
		})
	}
}

func TestValidateNames(t *testing.T) {
	err := openvpn.Config{Instances: []openvpn.Instance{clientInstance("office"), clientInstance("OFFICE")}}.Validate()
	assert.EqualError(t, err, `instances[1].name: "OFFICE" is taken by instances[0], upper and lower case are the same`)
	assert.ErrorContains(t, openvpn.Config{Folder: openvpn.Folder{Path: "etc"}}.Validate(), `folder.path: "etc" is no absolute path`)
	assert.ErrorContains(t, openvpn.Config{Folder: openvpn.Folder{Disabled: []string{"../x"}}}.Validate(), "folder.disabled[0]")
}

func TestWarnings(t *testing.T) {
	second := serverInstance("b")
	second.Files["crl-verify"] = ""
	delete(second.Files, "tls-crypt")
	careless := clientInstance("c")
	careless.Options = nil
	all := openvpn.Config{
		Instances: []openvpn.Instance{serverInstance("a"), second, careless},
		Folder:    openvpn.Folder{Enabled: true, TrustWhole: true},
	}.Warnings()
	var text strings.Builder
	for _, w := range all {
		text.WriteString(w.String() + "\n")
	}
	for _, want := range []string{
		`instances[1].port: "a" listens on UDP port 1194 too`,
		"instances[1].files[crl-verify]: is missing",
		"instances[1].files[tls-crypt]: is missing",
		"instances[2].options: remote-cert-tls and verify-x509-name are missing",
		"folder.trust_whole: whoever can write to the folder runs programs as root",
	} {
		assert.Contains(t, text.String(), want)
	}
	assert.NotContains(t, text.String(), "instances[0]")
}

func TestDeviceName(t *testing.T) {
	assert.Equal(t, "tun-office", openvpn.Instance{Name: "office"}.DeviceName())
	assert.Equal(t, "tap-office", openvpn.Instance{Name: "office", DeviceType: openvpn.DeviceTap}.DeviceName())
	a := openvpn.Instance{Name: "a-very-long-name-one"}.DeviceName()
	b := openvpn.Instance{Name: "a-very-long-name-two"}.DeviceName()
	assert.LessOrEqual(t, len(a), 15)
	assert.NotEqual(t, a, b)
}

// Who had tunnels from the folder, and has not switched it on, is told.
func TestWarningsOfNothingToRun(t *testing.T) {
	c := openvpn.DefaultConfig()
	assert.Empty(t, c.Warnings(), "it is off")
	c.Enabled = true
	require.Len(t, c.Warnings(), 1)
	assert.Contains(t, c.Warnings()[0].String(), "folder.enabled: the folder is left alone")
	c.Folder.Enabled = true
	assert.Empty(t, c.Warnings())
	c.Folder.Enabled, c.Instances = false, []openvpn.Instance{{Name: "office"}}
	for _, w := range c.Warnings() {
		assert.NotEqual(t, "folder.enabled", w.Path)
	}
}
