package document

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/telemetry"
)

// first returns the document of a first start and its text.
func first(t *testing.T) (Document, []byte) {
	t.Helper()
	hash, err := api.HashKey("correct horse battery")
	require.NoError(t, err)
	text := FirstFile(hash.Reveal(), "/etc/openvpn")
	doc, faults := Parse(text)
	require.Empty(t, faults)
	return doc, text
}

func revealed(_ string, s Secret) string { return s.Reveal() }

func TestDumpKeepsWhatPeopleWrote(t *testing.T) {
	doc, text := first(t)
	same, err := Dump(doc, text, revealed)
	require.NoError(t, err)
	for _, line := range strings.Split(string(text), "\n") {
		if _, comment, ok := strings.Cut(line, "# "); ok {
			assert.Contains(t, string(same), comment)
		}
	}

	doc.Web.Listen = "127.0.0.1:9090"
	doc.Telemetry.Destinations = append(doc.Telemetry.Destinations, telemetry.Destination{Host: "b.example", Port: 1})
	doc.Ser2net.Ports = []ser2net.PortConfig{{Name: "meter # 1", Listen: ":5000", Device: "/dev/ttyS0"}}
	doc.API.Endpoints.Version = true
	changed, err := Dump(doc, text, revealed)
	require.NoError(t, err)
	assert.Contains(t, string(changed), "listen: 127.0.0.1:9090")
	assert.Contains(t, string(changed), "# this host only; :8080 = every address")
	assert.Regexp(t, `version: true +# /api/version`, string(changed))
	again, faults := Parse(changed)
	require.Empty(t, faults, string(changed))
	assert.Equal(t, doc, again)

	doc.Telemetry.Destinations, doc.API.Keys, doc.API.Enabled, doc.Ser2net.Ports = nil, nil, false, nil
	doc.Telemetry.Enabled = false
	less, err := Dump(doc, changed, revealed)
	require.NoError(t, err)
	again, faults = Parse(less)
	require.Empty(t, faults, string(less))
	assert.Empty(t, Diff(doc, again), "what is empty reads as empty")
}

func TestDumpWithoutOldText(t *testing.T) {
	doc, _ := first(t)
	for _, before := range []string{"", "- a list", "a: [", "web: 1", "web: {listen: x}\napi: []"} {
		text, err := Dump(doc, []byte(before), revealed)
		require.NoError(t, err)
		again, faults := Parse(text)
		require.Empty(t, faults, string(text))
		assert.Equal(t, doc, again)
	}
}

func TestSecrets(t *testing.T) {
	doc, text := first(t)
	doc.SNMP.Communities = []snmp.Community{{Community: snmp.NewSecret("winter-river")}}
	doc.Points.Redis.Password = snmp.NewSecret("hunter-two")
	secrets := SecretsOf(&doc)
	assert.Len(t, secrets, 3)
	assert.Equal(t, "winter-river", secrets["snmp.communities[0].community"].Reveal())

	out, err := Dump(doc, text, func(path string, _ Secret) string { return Reference(path).Reveal() })
	require.NoError(t, err)
	assert.NotContains(t, string(out), "winter-river")
	assert.NotContains(t, string(out), "hunter-two")
	assert.NotContains(t, string(out), "[redacted]")
	assert.Contains(t, string(out), "secret:points.redis.password")

	redacted, err := Dump(doc, nil, nil)
	require.NoError(t, err)
	assert.NotContains(t, string(redacted), "winter-river")
	assert.Contains(t, string(redacted), "[redacted]")

	*secrets["points.redis.password"] = Reference("p")
	assert.Equal(t, map[string]string{"points.redis.password": "p"}, References(&doc))
	assert.Equal(t, Reference("p"), doc.Points.Redis.Password, "they are replaced in place")
}

func TestDiff(t *testing.T) {
	a, _ := first(t)
	assert.Empty(t, Diff(a, a))
	b, _ := first(t)
	b.API.Keys[0].Hash = a.API.Keys[0].Hash
	a.Ser2net.Ports = []ser2net.PortConfig{{Name: "a", Listen: ":1"}, {Name: "b", Listen: ":2"}, {Name: "c", Listen: ":3"}}
	b.Ser2net.Ports = []ser2net.PortConfig{{Name: "b", Listen: ":2"}, {Name: "c", Listen: ":4"}}
	b.Web.Listen = ":80"
	a.Points.Redis.Password, b.Points.Redis.Password = snmp.NewSecret("x"), snmp.NewSecret("y")
	assert.Equal(t, []Difference{
		{"points.redis.password", "[redacted]", "[redacted]"},
		{"ser2net.ports[a].listen", ":1", ""},
		{"ser2net.ports[a].name", "a", ""},
		{"ser2net.ports[c].listen", ":3", ":4"},
		{"web.listen", "127.0.0.1:8080", ":80"},
	}, Diff(a, b))
}

func TestReplaceSecrets(t *testing.T) {
	text := "snmp:\n  communities:\n    - {community:   'winter-river' , read: all}   # keep\n    - community: \"a b\"\npoints: {redis: {password: p}}\n"
	doc, faults := Parse([]byte(text))
	require.Empty(t, faults)
	out, ok := ReplaceSecrets([]byte(text), doc, func(path string, _ Secret) string { return "secret:" + path[:3] })
	require.True(t, ok)
	assert.Equal(t, "snmp:\n  communities:\n    - {community:   secret:snm , read: all}   # keep\n    - community: secret:snm\npoints: {redis: {password: secret:poi}}\n", string(out))

	for _, odd := range []string{
		"points: {redis: {password: \"p\\x41\"}}\n", "points:\n  redis:\n    password: >\n      folded\n", "points: {redis: {password: &a p, username: *a}}\n",
	} {
		doc, faults := Parse([]byte(odd))
		require.Empty(t, faults)
		_, ok := ReplaceSecrets([]byte(odd), doc, func(string, Secret) string { return "secret:x" })
		assert.False(t, ok, odd)
	}
}

// A record that is added to an empty list is written as people write it.
func TestDumpAddsToAnEmptyList(t *testing.T) {
	before := []byte("ser2net:\n  enabled: true\n  ports: [] # none yet\n    # - name: meter\nsnmp:\n  enabled: false\n")
	doc, faults := Parse(before)
	require.Empty(t, faults)
	doc.Ser2net.Ports = []ser2net.PortConfig{{Name: "meter", Enabled: true, Listen: ":5000", Device: "/dev/ttyS0"}}
	text, err := Dump(doc, before, func(_ string, s Secret) string { return s.Reveal() })
	require.NoError(t, err)
	assert.Contains(t, string(text), "\n    - name: meter\n      enabled: true\n")
	assert.Contains(t, string(text), "# none yet")
	again, faults := Parse(text)
	require.Empty(t, faults)
	assert.Equal(t, doc, again)
}

// Whatever is added as a person would, with most fields left alone, reads back
// as it was: else it could not be saved.
func TestDumpReadsBackRecordsOfEveryList(t *testing.T) {
	doc, text := first(t)
	doc.OpenVPN.Instances = []openvpn.Instance{{Name: "a", Files: map[openvpn.FileKind]string{}}, {Name: "b", Files: map[openvpn.FileKind]string{openvpn.FileCA: "ca.pem"}}, {Name: "c"}}
	for _, path := range []string{
		"ipsec.connections", "ipsec.phase1_proposals", "ipsec.phase2_proposals", "ipsec.certificate_sets", "l2tp.clients", "openvpn.instances",
		"ser2net.ports", "ser2net.rotators", "snmp.communities", "snmp.users", "snmp.views", "snmp.groups", "snmp.access", "api.keys", "telemetry.destinations",
	} {
		list, err := doc.List(path)
		require.NoError(t, err)
		list.Add(nil)
	}
	out, err := Dump(doc, text, revealed)
	require.NoError(t, err)
	assert.True(t, Means(out, doc, nil), string(out))
}

// People write a record in one line, in front of the example; it becomes many
// lines, and the example stays where it is.
func TestDumpOpensARecordInFrontOfComments(t *testing.T) {
	_, text := first(t)
	written := string(text)
	for section, record := range map[string]string{
		"connections": `{name: demo0, enabled: true, gateway: 192.0.2.2, local_subnets: 10.10.12.0/24, remote_subnets: 10.10.10.0/24,
       pre_shared_key: thebigsecret, phase1: ike, phase2: esp}`,
		"instances": `{name: office, enabled: true, remotes: [{host: 192.0.2.1}], files: {ca: a, cert: b, key: c}}`,
	} {
		require.Contains(t, written, section+": []")
		written = strings.Replace(written, section+": []", section+":\n    - "+record, 1)
	}
	for set, record := range map[string]string{
		"phase1_proposals": `{name: ike, encryption: aes256, hash: sha256, dh: 14}`,
		"phase2_proposals": `{name: esp, encryption: aes128, hash: sha256}`,
	} {
		written = strings.Replace(written, set+": []", set+": ["+record+"]", 1)
	}
	doc, faults := Parse([]byte(written))
	require.Empty(t, faults)
	doc.Device.Model = "changed"
	changed, err := Dump(doc, []byte(written), revealed)
	require.NoError(t, err)
	again, faults := Parse(changed)
	require.Empty(t, faults, string(changed))
	assert.Empty(t, Diff(doc, again))
	assert.Contains(t, string(changed), "#   gateway: ipsec.vpn.net # host name or address of the peer, or any\n")
}
