package snmp_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

func secure() snmp.Config {
	c := snmp.DefaultConfig()
	c.Enabled = true
	c.Users = []snmp.User{{Name: "user", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES, AuthPassword: newSecret("long enough")}}
	return c
}

func TestConfigIsValid(t *testing.T) {
	assert.NoError(t, snmp.Config{}.Validate())
	assert.NoError(t, snmp.DefaultConfig().Validate())
	c := secure()
	assert.NoError(t, c.Validate())
	assert.Empty(t, c.Warnings())
}

// Each fault is told with its place.
func TestConfigFaults(t *testing.T) {
	long := strings.Repeat("x", 33)
	hexKey := func(n int) snmp.Secret { return newSecret(strings.Repeat("0f", n)) }
	retries := 21
	for path, change := range map[string]func(c *snmp.Config){
		"listen":                   func(c *snmp.Config) { c.Listen = nil },
		"listen[0]":                func(c *snmp.Config) { c.Listen = []string{"192.0.2.1"} },
		"listen[1]":                func(c *snmp.Config) { c.Listen = []string{"[::]:161", "[::]:161"} },
		"system.name":              func(c *snmp.Config) { c.System.Name = strings.Repeat("x", 256) },
		"system.location":          func(c *snmp.Config) { c.System.Location = "\x01" },
		"system.contact":           func(c *snmp.Config) { c.System.Contact = "\xff" },
		"system.object_id":         func(c *snmp.Config) { c.System.ObjectID = snmp.OID{3, 1} },
		"system.services":          func(c *snmp.Config) { c.System.Services = 128 },
		"communities[0].community": func(c *snmp.Config) { c.Communities = []snmp.Community{{}} },
		"communities[1].community": func(c *snmp.Config) {
			c.Communities = []snmp.Community{{Community: newSecret("a")}, {Community: newSecret("Public")}}
		},
		"communities[0].version": func(c *snmp.Config) { c.Communities = []snmp.Community{{Community: newSecret("a"), Version: "v3"}} },
		"communities[0].sources[0]": func(c *snmp.Config) {
			c.Communities = []snmp.Community{{Community: newSecret("a"), Sources: make([]netip.Prefix, 1)}}
		},
		"communities[0].read":  func(c *snmp.Config) { c.Communities = []snmp.Community{{Community: newSecret("a"), Read: "nothing"}} },
		"communities[0].write": func(c *snmp.Config) { c.Communities = []snmp.Community{{Community: newSecret("a"), Write: "nothing"}} },
		"communities[0].security_name": func(c *snmp.Config) {
			c.Communities = []snmp.Community{{Community: newSecret("a"), Read: "all", SecurityName: "s"}}
		},
		"communities[0].context": func(c *snmp.Config) { c.Communities = []snmp.Community{{Community: newSecret("a"), Context: long}} },
		"users[0].name":          func(c *snmp.Config) { c.Users[0].Name = "" },
		"users[1].name":          func(c *snmp.Config) { c.Users = append(c.Users, c.Users[0]) },
		"users[0].auth":          func(c *snmp.Config) { c.Users[0].Auth = snmp.AuthMD5 },
		"users[0].priv":          func(c *snmp.Config) { c.Users[0].Priv = snmp.PrivDES },
		"users[0].auth_password": func(c *snmp.Config) { c.Users[0].AuthPassword = newSecret("1234567") },
		"users[0].priv_password": func(c *snmp.Config) { c.Users[0].PrivPassword = newSecret("1234567") },
		"users[0].auth_key":      func(c *snmp.Config) { c.EngineID = engineID; c.Users[0].AuthKey = hexKey(32) },
		"users[0].priv_key":      func(c *snmp.Config) { c.EngineID = engineID; c.Users[0].PrivKey = hexKey(15) },
		"users[0].level":         func(c *snmp.Config) { c.Users[0].Priv = ""; c.Users[0].Level = snmp.AuthPriv },
		"users[0].read":          func(c *snmp.Config) { c.Users[0].Read = "nothing" },
		"users[0].write":         func(c *snmp.Config) { c.Users[0].Write = "nothing" },
		"views[0].name":          func(c *snmp.Config) { c.Views = []snmp.View{{Name: "all"}} },
		"views[0].include[1]":    func(c *snmp.Config) { c.Views = []snmp.View{{Name: "v", Include: []snmp.Family{".1.*", ".1.x"}}} },
		"views[0].exclude[0]": func(c *snmp.Config) {
			c.Views = []snmp.View{{Name: "v", Include: []snmp.Family{".1.*"}, Exclude: []snmp.Family{"1.0"}}}
		},
		"groups[0].name": func(c *snmp.Config) { c.Groups = []snmp.Group{{Name: "_user1"}} },
		"groups[0].members[0].model": func(c *snmp.Config) {
			c.Groups = []snmp.Group{{Name: "g", Members: []snmp.Member{{SecurityName: "s"}}}}
		},
		"groups[0].members[0].security_name": func(c *snmp.Config) {
			c.Groups = []snmp.Group{{Name: "g", Members: []snmp.Member{{Model: snmp.ModelUSM}}}}
		},
		"groups[0].members[1]": func(c *snmp.Config) {
			m := snmp.Member{Model: snmp.ModelUSM, SecurityName: "s"}
			c.Groups = []snmp.Group{{Name: "g", Members: []snmp.Member{m, m}}}
		},
		"access[0].group": func(c *snmp.Config) { c.Access = []snmp.Access{{Group: "g"}} },
		"access[0].model": func(c *snmp.Config) {
			c.Groups = []snmp.Group{{Name: "g"}}
			c.Access = []snmp.Access{{Group: "g", Model: "v3"}}
		},
		"access[0].level": func(c *snmp.Config) {
			c.Groups = []snmp.Group{{Name: "g"}}
			c.Access = []snmp.Access{{Group: "g", Level: "high"}}
		},
		"access[0].read": func(c *snmp.Config) {
			c.Groups = []snmp.Group{{Name: "g"}}
			c.Access = []snmp.Access{{Group: "g", Read: "r"}}
		},
		"access[1]": func(c *snmp.Config) {
			c.Groups = []snmp.Group{{Name: "g"}}
			c.Access = []snmp.Access{{Group: "g"}, {Group: "g", Model: snmp.ModelAny, Level: snmp.NoAuthNoPriv}}
		},
		"engine_id":                               func(c *snmp.Config) { c.EngineID = "80001f88" },
		"notifications.destinations[0].name":      dest(func(d *snmp.Destination) { d.Name = "" }),
		"notifications.destinations[0].address":   dest(func(d *snmp.Destination) { d.Address = "192.0.2.1:0" }),
		"notifications.destinations[0].version":   dest(func(d *snmp.Destination) { d.Version = "" }),
		"notifications.destinations[0].community": dest(func(d *snmp.Destination) { d.Community = snmp.Secret{} }),
		"notifications.destinations[0].inform":    dest(func(d *snmp.Destination) { d.Version, d.Inform = snmp.Version1, true }),
		"notifications.destinations[0].user":      dest(func(d *snmp.Destination) { d.User = "user" }),
		"notifications.destinations[0].timeout":   dest(func(d *snmp.Destination) { d.Timeout = snmp.Duration(61 * time.Second) }),
		"notifications.destinations[0].retries":   dest(func(d *snmp.Destination) { d.Retries = &retries }),
		"notifications.destinations[0].context":   dest(func(d *snmp.Destination) { d.Context = long }),
		"notifications.destinations[0].level":     dest(func(d *snmp.Destination) { d.Level = "high" }),
		"limits.rate":                             func(c *snmp.Config) { c.Limits.Rate = -1 },
		"limits.amplification":                    func(c *snmp.Config) { c.Limits.Amplification = 1001 },
		"limits.max_message":                      func(c *snmp.Config) { c.Limits.MaxMessage = 483 },
		"limits.max_repetitions":                  func(c *snmp.Config) { c.Limits.MaxRepetitions = 10001 },
	} {
		t.Run(path, func(t *testing.T) {
			c := secure()
			change(&c)
			var faults snmp.ConfigError
			require.ErrorAs(t, c.Validate(), &faults)
			var paths []string
			for _, f := range faults {
				paths = append(paths, f.Path)
			}
			assert.Equal(t, []string{path}, paths, "%v", faults)
			_, err := snmp.New(c, snmp.Options{Store: new(snmptest.Store), Sender: new(snmptest.Sender)})
			require.ErrorContains(t, err, faults.Error())
			for _, secret := range []string{"1234567", "Public"} {
				assert.NotContains(t, faults.Error(), secret, "no secret in the error")
			}
		})
	}
}

func dest(change func(*snmp.Destination)) func(*snmp.Config) {
	return func(c *snmp.Config) {
		d := snmp.Destination{Name: "d", Address: "192.0.2.1:162", Version: snmp.Version2c, Community: newSecret("c")}
		change(&d)
		c.Notifications.Destinations = []snmp.Destination{d}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	c := secure()
	c.Listen = nil
	c.System.Services = -1
	c.Limits.Rate = -1
	var faults snmp.ConfigError
	require.True(t, errors.As(c.Validate(), &faults))
	assert.Len(t, faults, 3)
}

// What the program must bring for a Config.
func TestNewWants(t *testing.T) {
	_, err := snmp.New(secure(), snmp.Options{})
	require.ErrorContains(t, err, "users: this program keeps no engine ID")
	c := secure()
	dest(func(*snmp.Destination) {})(&c)
	_, err = snmp.New(c, snmp.Options{Store: new(snmptest.Store)})
	require.ErrorContains(t, err, "notifications.destinations: this program brings nothing to send")
	c = secure()
	c.Communities = []snmp.Community{{Community: newSecret("c"), Context: "other"}}
	_, err = snmp.New(c, snmp.Options{Store: new(snmptest.Store)})
	require.ErrorContains(t, err, `communities[0].context: there is no context "other"`)
}

func TestWarnings(t *testing.T) {
	c := snmp.DefaultConfig()
	assert.Empty(t, c.Warnings(), "switched off")
	c.Enabled, c.AllowWeak = true, true
	assert.Equal(t, []string{"users: without users and communities the agent answers nobody"}, warnings(c))
	c.Views = []snmp.View{{Name: "some", Include: []snmp.Family{".1.3"}}}
	c.Communities = []snmp.Community{
		{Community: newSecret("public")},
		{Community: newSecret("a"), Sources: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::/0")}},
		{Community: newSecret("b"), Write: "some"},
		{Community: newSecret("c"), SecurityName: "s"},
	}
	c.Groups = []snmp.Group{{Name: "g", Members: []snmp.Member{{Model: snmp.ModelV2c, SecurityName: "s"}}}}
	c.Access = []snmp.Access{{Group: "g", Write: "all"}}
	c.Users = []snmp.User{
		{Name: "a"}, {Name: "b", Auth: snmp.AuthMD5, Priv: snmp.PrivDES, AuthPassword: newSecret("long enough")},
		{Name: "c", Auth: snmp.AuthSHA1, AuthPassword: newSecret("long enough")},
	}
	require.NoError(t, c.Validate())
	var paths []string
	for _, w := range c.Warnings() {
		paths = append(paths, w.Path)
	}
	assert.Equal(t, []string{
		"communities[0].community", "communities[1].sources[1]", "communities[2]", "communities[3]",
		"users[0].auth", "users[1].auth", "users[1].priv", "users[2].auth",
	}, paths)
}

func warnings(c snmp.Config) (list []string) {
	for _, w := range c.Warnings() {
		list = append(list, w.String())
	}
	return list
}

func TestConfigKeepsItsForm(t *testing.T) {
	retries := 3
	c := secure()
	c.Communities = []snmp.Community{{Community: newSecret("c"), Version: snmp.Version2c, Sources: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}}
	c.System.ObjectID = oid(ownRoot)
	c.Views = []snmp.View{{Name: "v", Include: []snmp.Family{".1.3"}}}
	c.Groups = []snmp.Group{{Name: "g", Members: []snmp.Member{{Model: snmp.ModelUSM, SecurityName: "user"}}}}
	c.Access = []snmp.Access{{Group: "g", Level: snmp.AuthPriv, Read: "v", ContextPrefix: true}}
	c.Notifications.Destinations = []snmp.Destination{{Name: "d", Address: "192.0.2.1:162", Version: snmp.Version3, User: "user", Timeout: snmp.Duration(time.Second), Retries: &retries}}
	require.NoError(t, c.Validate())
	text, err := json.Marshal(c)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "long enough")
	shown := strings.ReplaceAll(string(text), "[redacted]", "long enough")
	var back snmp.Config
	require.NoError(t, json.Unmarshal([]byte(shown), &back))
	c.Communities[0].Community = newSecret("long enough")
	assert.True(t, reflect.DeepEqual(c, back), shown)

	for field, word := range map[string]string{"users": `[{"auth": "sha3"}]`, "communities": `[{"version": "v4"}]`, "access": `[{"level": "high"}]`, "groups": `[{"members": [{"model": "x"}]}]`} {
		require.ErrorContains(t, json.Unmarshal([]byte(`{"`+field+`": `+word+`}`), &back), "unknown word", field)
	}
}
