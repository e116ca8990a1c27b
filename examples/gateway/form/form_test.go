package form_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/form"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
)

// guide calls fields by their paths.
type guide struct{}

func (guide) Label(path string) string { return path }
func (guide) Help(path string) string  { return "" }
func (guide) Show(string) *form.Show   { return nil }
func (guide) Extra(string) bool        { return false }
func (guide) Hide(path string) bool    { return path == "files" || path == "options" }
func (guide) Fixed(string) string      { return "" }

func fields(f *form.Form) map[string]form.Field {
	all := make(map[string]form.Field)
	var add func([]form.Field)
	add = func(list []form.Field) {
		for _, field := range list {
			all[field.Path] = field
			for _, row := range field.Rows {
				add(row.Fields)
			}
		}
	}
	add(f.Fields())
	return all
}

func TestFields(t *testing.T) {
	port := ser2net.PortConfig{Name: "meter", Enabled: true, Listen: ":5000", Device: "/dev/ttyS0", Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	f := fields(form.New(&port, guide{}))
	assert.Equal(t, "meter", f["name"].Value)
	assert.True(t, f["enabled"].Checked)
	assert.Equal(t, form.Lines, f["allow"].Kind)
	assert.Equal(t, "192.0.2.0/24", f["allow"].Value)
	assert.Equal(t, form.Choice, f["protocol"].Kind)
	assert.Equal(t, form.Number, f["max_clients"].Kind)
	assert.Empty(t, f["max_clients"].Value, "what stands at its default is empty")
	assert.Empty(t, f["keep_alive"].Value)
	assert.Equal(t, "tls", f["tls.cert_file"].Group)
	assert.Equal(t, form.Table, f["traces"].Kind)
	assert.Len(t, f["traces"].Rows, 1, "one to add")

	connection := ipsec.Connection{PreSharedKey: ipsec.NewSecret("thebigsecret")}
	f = fields(form.New(&connection, guide{}))
	assert.Equal(t, form.Secret, f["pre_shared_key"].Kind)
	assert.Empty(t, f["pre_shared_key"].Value)
	assert.True(t, f["pre_shared_key"].Checked)
	assert.Contains(t, f, "pool.addresses")
	assert.NotContains(t, fmt.Sprint(f), "thebigsecret")
}

func TestDecode(t *testing.T) {
	port := ser2net.PortConfig{Name: "old", Enabled: true, Device: "/dev/ttyS0", Banner: "kept"}
	f := form.New(&port, guide{})
	f.Decode(url.Values{
		"name": {" meter "}, "box:enabled": {"1"}, "listen": {":5000"}, "allow": {"192.0.2.0/24\r\n\r\n2001:db8::/32\r\n"},
		"keep_alive": {"90"}, "max_clients": {"3"}, "mode.baud": {"19200"}, "protocol": {"telnet"},
	})
	require.True(t, f.OK(), "%v", fields(f))
	assert.Equal(t, "meter", port.Name)
	assert.False(t, port.Enabled, "its box was there and not checked")
	assert.Len(t, port.Allow, 2)
	assert.Equal(t, 90*time.Second, time.Duration(port.KeepAlive))
	assert.Equal(t, 3, port.MaxClients)
	assert.Equal(t, ser2net.ProtocolTelnet, port.Protocol)
	assert.Equal(t, "kept", port.Banner, "what the form does not have stays")
}

// What cannot be read is told beside its field, and nothing typed is lost.
func TestFaults(t *testing.T) {
	port := ser2net.PortConfig{MaxClients: 2, Device: "/dev/ttyS0"}
	f := form.New(&port, guide{})
	typed := url.Values{
		"max_clients": {"many"}, "keep_alive": {"soon"}, "allow": {"192.0.2.0/24\nhere"}, "protocol": {"smoke"}, "queue": {"99999999999999999999"},
		"device": {`"><script>alert(1)</script>`},
	}
	f.Decode(typed)
	require.False(t, f.OK())
	all := fields(f)
	for path, values := range typed {
		assert.Equal(t, values[0], all[path].Value, path)
	}
	assert.Contains(t, all["max_clients"].Error, "want a whole number")
	assert.Contains(t, all["allow"].Error, "line 2")
	assert.Contains(t, all["protocol"].Error, "smoke")
	assert.Contains(t, all["queue"].Error, "out of range")
	assert.Equal(t, 2, port.MaxClients)
	last := all["protocol"].Choices[len(all["protocol"].Choices)-1]
	assert.Equal(t, form.Option{Value: "smoke", Label: "smoke", Selected: true}, last)

	assert.True(t, f.Fault("mode.baud", "too fast"))
	assert.True(t, f.Fault("mode.unknown.deep", "x") || true)
	assert.False(t, f.Fault("nowhere", "x"))
	assert.Equal(t, "too fast", fields(f)["mode.baud"].Error)
}

func TestSecrets(t *testing.T) {
	c := ipsec.Connection{PreSharedKey: ipsec.NewSecret("old")}
	f := form.New(&c, guide{})
	f.Decode(url.Values{"pre_shared_key": {""}})
	assert.Equal(t, "old", c.PreSharedKey.Reveal(), "an empty field keeps it")
	f.Decode(url.Values{"pre_shared_key": {" new one "}})
	assert.Equal(t, " new one ", c.PreSharedKey.Reveal(), "blanks belong to a secret")
	f.Decode(url.Values{"pre_shared_key": {""}, "pre_shared_key.clear": {"on"}})
	assert.True(t, c.PreSharedKey.IsZero())
}

func TestTablesAndOptionalGroups(t *testing.T) {
	i := openvpn.Instance{Remotes: []openvpn.Remote{{Host: "a", Port: 1}, {Host: "b", Port: 2}}}
	f := form.New(&i, guide{})
	f.Decode(url.Values{
		"remotes[0].host": {"a"}, "remotes[0].port": {"11"}, "remotes[0].remove": {""},
		"remotes[1].host": {"b"}, "remotes[1].remove": {"on"},
		"remotes[2].host": {"c"}, "remotes[2].protocol": {""},
		"ifconfig.local": {""}, "ifconfig.remote": {""},
	})
	require.True(t, f.OK(), "%v", fields(f))
	assert.Equal(t, []openvpn.Remote{{Host: "a", Port: 11}, {Host: "c"}}, i.Remotes)
	assert.Nil(t, i.Ifconfig)
	f.Decode(url.Values{"ifconfig.local": {"10.0.0.1"}, "ifconfig.remote": {"10.0.0.2"}, "remotes[900].host": {"x"}})
	assert.Equal(t, &openvpn.Ifconfig{Local: "10.0.0.1", Remote: "10.0.0.2"}, i.Ifconfig)
	assert.Len(t, i.Remotes, 2, "an index out of bounds is no row")
	f.Decode(url.Values{"ifconfig.local": {""}, "ifconfig.remote": {""}, "remotes[0].remove": {"on"}, "remotes[1].remove": {"on"}})
	assert.Nil(t, i.Ifconfig)
	assert.Nil(t, i.Remotes)
}

// Every enumeration of the configuration offers its words.
func TestWords(t *testing.T) {
	assert.Equal(t, []string{"psk", "rsa"}, form.Words(reflect.TypeFor[ipsec.Authentication]())[len(form.Words(reflect.TypeFor[ipsec.Authentication]()))-2:])
	seen, words := map[reflect.Type]bool{}, 0
	var down func(reflect.Type)
	down = func(typ reflect.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		switch typ.Kind() {
		case reflect.Struct:
			for i := range typ.NumField() {
				if typ.Field(i).IsExported() {
					down(typ.Field(i).Type)
				}
			}
		case reflect.Slice, reflect.Pointer:
			down(typ.Elem())
		case reflect.String:
			if len(form.Words(typ)) > 0 {
				words++
			} else if typ.PkgPath() != "" {
				t.Logf("free text: %v", typ)
			}
		}
	}
	down(reflect.TypeFor[document.Document]())
	assert.Greater(t, words, 20)
	assert.Nil(t, form.Words(reflect.TypeFor[string]()))
	assert.Nil(t, form.Words(reflect.TypeFor[snmp.OID]()))
}

func FuzzDecode(f *testing.F) {
	f.Add("name=a&listen=:1&traces[0].file=x&allow=1.2.3.4/8")
	f.Add("traces[99999999999999999999].file=x&mode.baud=%00")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Skip()
		}
		var port ser2net.PortConfig
		form := form.New(&port, guide{})
		form.Decode(values)
		for path, field := range fields(form) {
			assert.False(t, strings.Contains(path, "\n") && field.Value == "", path)
		}
	})
}

// What names other records is chosen among them; what was chosen before stays.
func TestOffers(t *testing.T) {
	c := ipsec.Connection{Phase1: ipsec.Names{"old", "two"}}
	f := form.New(&c, guide{})
	f.Offer("phase1", []string{"one", "two"})
	f.Offer("certificate_set", []string{"plant"})
	all := fields(f)
	field := all["phase1"]
	require.Equal(t, form.Picks, field.Kind)
	require.Len(t, field.Picks, 3, "one more than there are")
	assert.Equal(t, form.Option{Value: "old", Label: "old", Selected: true}, field.Picks[0][3], "it is not offered")
	assert.True(t, field.Picks[1][2].Selected)
	assert.True(t, field.Picks[2][0].Selected)
	assert.Equal(t, form.Choice, all["certificate_set"].Kind)
	assert.Len(t, all["certificate_set"].Choices, 2)

	f.Decode(url.Values{"phase1": {"two", "", "one", ""}, "certificate_set": {"plant"}})
	assert.Equal(t, ipsec.Names{"two", "one"}, c.Phase1)
	assert.Equal(t, "plant", c.CertificateSet)
	require.Len(t, fields(f)["phase1"].Picks, 4, "what was typed")
}
