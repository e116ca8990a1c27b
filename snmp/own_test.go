package snmp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// walk returns all that is below an identifier, by GETNEXT.
func walk(r *rig, below string) []string {
	r.t.Helper()
	var list []string
	for at := below; ; {
		a := r.ask(message.V2c, "reader", message.PDU{Type: message.GetNext}, nulls(at)...)
		b := a.binds[0]
		if !b.OID.HasPrefix(oid(below)) || !b.Value.Exists() {
			return list
		}
		at = b.OID.String()
		list = append(list, a.text()[0])
	}
}

// sysORTable says of each subtree what its Mount says.
func TestModules(t *testing.T) {
	list := func() *snmp.List { l, _ := snmp.NewList(nil, nil); return l }
	inBubble(t, func(r *rig) {
		r.options.Handlers = []snmp.Mount{
			{Prefix: oid(".1.3.6.1.4.1.1"), Handler: list(), Description: "A-MIB: all of it"},
			{Prefix: oid(".1.3.6.1.4.1.2"), Handler: list()},
			{Prefix: oid(".1.3.6.1.4.1.3"), Handler: list(), Description: strings.Repeat("x", 300)},
			{Prefix: oid(".1.3.6.1.4.1.1"), Handler: list(), Context: "other", Description: "not of this context"},
		}
	}, func(r *rig) {
		assert.Equal(t, []string{
			`.1.3.6.1.2.1.1.9.1.3.6 = STRING: "A-MIB: all of it"`,
			`.1.3.6.1.2.1.1.9.1.3.7 = STRING: "The objects below .1.3.6.1.4.1.2"`,
			`.1.3.6.1.2.1.1.9.1.3.8 = STRING: "` + strings.Repeat("x", 255) + `"`,
		}, walk(r, ".1.3.6.1.2.1.1.9.1.3")[5:])
	})
}

// The tables about the agent are those of its Config.
func TestOwnTables(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.config.EngineID = "8000000001"
		r.config.AllowWeak = true
		r.config.Users = []snmp.User{
			{Name: "ab", Auth: snmp.AuthSHA512, Priv: snmp.PrivAES256C, AuthPassword: newSecret("long enough"), Read: "v"},
			{Name: "c"},
		}
		r.config.Communities = r.config.Communities[:1]
		r.config.Views = []snmp.View{{Name: "v", Include: []snmp.Family{".1.3.*.1.2.3.4.5.*"}, Exclude: []snmp.Family{".1.3.6"}}}
		r.config.Groups = []snmp.Group{{Name: "g", Members: []snmp.Member{{Model: snmp.ModelUSM, SecurityName: "c"}}}}
		r.config.Access = []snmp.Access{{Group: "g", Context: "x", ContextPrefix: true, Level: snmp.AuthNoPriv, Read: "v", Notify: "all"}}
	}, func(r *rig) {
		const user, group, access, family = ".1.3.6.1.6.3.15.1.2.2.1", ".1.3.6.1.6.3.16.1.2.1", ".1.3.6.1.6.3.16.1.4.1", ".1.3.6.1.6.3.16.1.5.2.1"
		text := strings.Join(walk(r, ".1.3.6.1.6.3"), "\n") + "\n"
		for _, line := range []string{
			".1.3.6.1.6.3.15.1.2.1.0 = INTEGER: 0",
			user + `.3.5.128.0.0.0.1.2.97.98 = STRING: "ab"`,
			user + `.4.5.128.0.0.0.1.2.97.98 = OID: .0.0`,
			user + `.5.5.128.0.0.0.1.2.97.98 = OID: .1.3.6.1.6.3.10.1.1.7`,
			user + `.6.5.128.0.0.0.1.2.97.98 = STRING: ""`,
			user + `.8.5.128.0.0.0.1.2.97.98 = OID: .1.3.6.1.4.1.9.12.6.1.2`,
			user + `.8.5.128.0.0.0.1.1.99 = OID: .1.3.6.1.6.3.10.1.2.1`,
			user + `.13.5.128.0.0.0.1.1.99 = INTEGER: 1`,
			`.1.3.6.1.6.3.16.1.1.1.1.0 = STRING: ""`,
			group + `.3.3.1.99 = STRING: "g"`,
			group + `.3.3.2.97.98 = STRING: "_user1"`,
			group + `.3.1.11.95.99.111.109.109.117.110.105.116.121.49 = STRING: "_community1"`,
			access + `.4.1.103.1.120.0.2 = INTEGER: 2`,
			access + `.5.1.103.1.120.0.2 = STRING: "v"`,
			access + `.6.1.103.1.120.0.2 = STRING: "none"`,
			access + `.7.1.103.1.120.0.2 = STRING: "all"`,
			access + `.5.6.95.117.115.101.114.49.0.3.3 = STRING: "v"`,
			family + `.3.1.118.9.1.3.0.1.2.3.4.5.0 = STRING: "\xdf\x7f"`,
			family + `.4.1.118.9.1.3.0.1.2.3.4.5.0 = INTEGER: 1`,
			family + `.4.1.118.3.1.3.6 = INTEGER: 2`,
			family + `.4.3.97.108.108.1.1 = INTEGER: 1`,
		} {
			assert.Contains(t, text, line+"\n")
		}
		assert.NotContains(t, text, "reader", "communities are secrets")
	})
}

// The counters of the agent count.
func TestOwnCounters(t *testing.T) {
	inBubble(t, nil, func(r *rig) {
		const group = ".1.3.6.1.2.1.11"
		count := func() map[string]uint64 {
			counts := make(map[string]uint64)
			for _, b := range r.bulk(0, 100, group).binds {
				if b.OID.HasPrefix(oid(group)) {
					counts[strings.TrimPrefix(b.OID.String(), group)] = b.Value.Uint()
				}
			}
			return counts
		}
		before := count()
		assert.Len(t, before, 30)
		r.get(sysName, sysName)
		r.ask(message.V2c, "reader", message.PDU{Type: message.GetNext}, nulls(sysName)...)
		r.ask(message.V1, "reader", message.PDU{Type: message.Get}, nulls(ownRoot)...)
		r.set(bind(sysName, snmp.OctetString("x")))
		r.exchange(request(message.V2c, "wrong", message.PDU{}))
		after := count()
		for arc, n := range map[string]uint64{
			".1.0": 6, ".2.0": 5, ".4.0": 0, ".6.0": 1, ".14.0": 1, ".15.0": 2, ".16.0": 1, ".17.0": 1, ".21.0": 1, ".28.0": 5,
		} {
			assert.Equal(t, before[arc]+n, after[arc], arc)
		}
		assert.Greater(t, after[".13.0"], before[".13.0"]+3)
	})
}

func TestSystemGroup(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.config.System = snmp.System{Services: 76, ObjectID: oid(ownRoot)}
		r.options.Description = "Linux gateway"
		r.options.Hostname = func() string { return strings.Repeat("h", 300) }
		table(r)
	}, func(r *rig) {
		time.Sleep(25 * time.Second)
		list := walk(r, ".1.3.6.1.2.1.1")
		assert.Equal(t, []string{
			sysDescr + ` = STRING: "Linux gateway"`,
			".1.3.6.1.2.1.1.2.0 = OID: " + ownRoot,
		}, list[:2])
		assert.True(t, strings.HasPrefix(list[2], ".1.3.6.1.2.1.1.3.0 = TimeTicks: 2500"), list[2])
		assert.Equal(t, []string{
			sysContact + ` = STRING: ""`,
			sysName + ` = STRING: "` + strings.Repeat("h", 255) + `"`,
			sysLocation + ` = STRING: ""`,
			sysServices + " = INTEGER: 76",
			".1.3.6.1.2.1.1.8.0 = TimeTicks: 0",
			".1.3.6.1.2.1.1.9.1.2.1 = OID: .1.3.6.1.6.3.1",
		}, list[3:9])
		assert.Contains(t, list, ".1.3.6.1.2.1.1.9.1.2.6 = OID: "+ownRoot)
		require.Len(t, list, 8+3*6)
	})
}

// Groups and access decide as vacmAccessTable says.
func TestAccess(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.config.Views = []snmp.View{{Name: "name", Include: []snmp.Family{sysName}}, {Name: "place", Include: []snmp.Family{sysLocation}}}
		sources := r.config.Communities[0].Sources
		r.config.Communities = nil
		for _, name := range []string{"a", "b", "c"} {
			r.config.Communities = append(r.config.Communities, snmp.Community{Community: newSecret(name), SecurityName: "sec" + name, Sources: sources})
		}
		r.config.Groups = []snmp.Group{
			{Name: "g", Members: []snmp.Member{{Model: snmp.ModelV1, SecurityName: "seca"}, {Model: snmp.ModelV2c, SecurityName: "seca"}}},
			{Name: "empty", Members: []snmp.Member{{Model: snmp.ModelV2c, SecurityName: "secb"}}},
		}
		r.config.Access = []snmp.Access{
			{Group: "g", Read: "name"},
			{Group: "g", Model: snmp.ModelV2c, Read: "place"},
			{Group: "g", Level: snmp.AuthNoPriv, Read: "all"},
			{Group: "g", Context: "other", Read: "all"},
		}
	}, func(r *rig) {
		read := func(v message.Version, community string) answer {
			return r.ask(v, community, message.PDU{Type: message.GetNext}, nulls(".1.3.6.1.2.1.1")...)
		}
		assert.Equal(t, []string{sysName}, read(message.V1, "a").names(), "any model")
		assert.Equal(t, []string{sysLocation}, read(message.V2c, "a").names(), "the model itself counts more")
		assert.EqualValues(t, 16, read(message.V2c, "b").ErrorStatus, "no access entry")
		assert.EqualValues(t, 16, read(message.V2c, "c").ErrorStatus, "no group")
		assert.EqualValues(t, 2, read(message.V1, "c").ErrorStatus, "in SNMPv1 noSuchName")
	})
}

// The wall clock does not matter, so setting it back does not either: time in
// a bubble and on a device is that of a monotonic clock. Uptime wraps.
func TestUptimeWraps(t *testing.T) {
	inBubble(t, nil, func(r *rig) {
		time.Sleep((1<<32 + 500) * 10 * time.Millisecond)
		a := r.get(".1.3.6.1.2.1.1.3.0", ".1.3.6.1.6.3.10.2.1.3.0")
		assert.Equal(t, snmp.TimeTicks(500), a.binds[0].Value)
		assert.Equal(t, snmp.Integer((1<<32+500)/100), a.binds[1].Value)
	})
}
