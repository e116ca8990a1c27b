package snmp_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

// inView decides as RFC 3415, section 4 says, word by word: of the families
// that match the one with the most arcs counts, of those the greatest.
func inView(v snmp.View, o snmp.OID) bool {
	best, in := []string(nil), false
	consider := func(list []snmp.Family, include bool) {
		for _, f := range list {
			arcs := strings.Split(strings.TrimPrefix(string(f), "."), ".")
			matches := len(arcs) <= len(o)
			for i := 0; matches && i < len(arcs); i++ {
				matches = arcs[i] == "*" || arcs[i] == strconv.Itoa(int(o[i]))
			}
			if matches && (best == nil || len(arcs) > len(best) || len(arcs) == len(best) && greater(arcs, best)) {
				best, in = arcs, include
			}
		}
	}
	consider(v.Include, true)
	consider(v.Exclude, false)
	return in
}

func greater(a, b []string) bool {
	number := func(s string) int {
		n, _ := strconv.Atoi(s) // "*" counts as 0
		return n
	}
	return slices.CompareFunc(a, b, func(x, y string) int { return number(x) - number(y) }) > 0
}

// Whatever the view, a walk sees what is in it and nothing else, and a GET the
// same.
func TestAnyView(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	family := func() snmp.Family {
		text := ownRoot
		for range random.IntN(4) {
			if random.IntN(3) == 0 {
				text += ".*"
			} else {
				text += fmt.Sprintf(".%d", 1+random.IntN(3))
			}
		}
		return snmp.Family(text)
	}
	for round := range 150 {
		v := snmp.View{Name: "some"}
		seen := make(map[string]bool)
		for range 1 + random.IntN(5) {
			f := family()
			if key := strings.ReplaceAll(string(f), "*", "0"); seen[key] {
				continue
			} else {
				seen[key] = true
			}
			if random.IntN(2) == 0 {
				v.Include = append(v.Include, f)
			} else {
				v.Exclude = append(v.Exclude, f)
			}
		}
		inBubble(t, func(r *rig) {
			r.config.Views = []snmp.View{v}
			r.config.Communities[0].Read = "some"
			r.config.Limits.Amplification = 1000
			for a := uint32(1); a <= 3; a++ {
				for b := uint32(1); b <= 3; b++ {
					r.mib.Object(snmptest.Object{OID: oid(ownRoot).Append(a, b), Kind: snmp.KindInteger})
					for c := uint32(1); c <= 3; c++ {
						r.mib.Put(oid(ownRoot).Append(a, b, c), snmp.Integer(1))
					}
				}
			}
		}, func(r *rig) {
			var want []string
			for b, more := r.mib.Next(nil); more; b, more = r.mib.Next(b.OID) {
				in := inView(v, b.OID)
				if in {
					want = append(want, b.OID.String())
				}
				require.Equal(t, in, r.get(b.OID.String()).binds[0].Value.Exists(), "%v %v", v, b.OID)
			}
			var got []string
			for at := ".1"; ; {
				a := r.bulk(0, 7, at)
				for _, b := range a.binds {
					if b.Value.Exists() {
						got = append(got, b.OID.String())
					}
				}
				if last := a.binds[len(a.binds)-1]; !last.Value.Exists() {
					break
				} else {
					at = last.OID.String()
				}
			}
			require.Equal(t, want, got, "round %d: %v", round, v)
		})
	}
}

// A view that shows one row of a large table is walked without going through
// the others.
func TestExcludedRowsAreSkipped(t *testing.T) {
	calls := &counting{}
	var b snmp.Builder
	for column := range uint32(10) {
		object := oid(ownRoot).Append(1, column+1)
		b.Object(object)
		for row := range uint32(10_000) {
			b.Add(object, []uint32{row + 1}, snmp.Integer(1))
		}
	}
	list, err := b.List()
	require.NoError(t, err)
	calls.Handler = list
	inBubble(t, func(r *rig) {
		r.options.Handlers[0].Handler = calls
		r.config.Views = []snmp.View{{Name: "row", Include: []snmp.Family{ownRoot + ".1.*.5000"}}, {Name: "hole", Include: []snmp.Family{".1.3"}, Exclude: []snmp.Family{ownRoot + ".1"}}}
		r.config.Communities[0].Read = "row"
		r.config.Communities[1].Read = "hole"
	}, func(r *rig) {
		a := r.bulk(0, 20, ".1.3")
		assert.Len(t, a.binds, 11)
		assert.Equal(t, ownRoot+".1.10.5000", a.binds[9].OID.String())
		assert.Less(t, calls.n, 60)

		calls.n = 0
		a = r.ask(message.V2c, "writer", message.PDU{Type: message.GetNext}, nulls(ownRoot)...)
		assert.Equal(t, []string{".1.3.6.1.6.3.1.1.6.1.0"}, a.names())
		assert.LessOrEqual(t, calls.n, 3)
	})
}

// counting counts the calls of a Handler.
type counting struct {
	snmp.Handler
	n int
}

func (c *counting) Get(o snmp.OID) snmp.Value {
	c.n++
	return c.Handler.Get(o)
}

func (c *counting) Next(o snmp.OID) (snmp.VarBind, bool) {
	c.n++
	return c.Handler.Next(o)
}

// The work for one request is bounded: SNMPv1 has to skip Counter64.
func TestBoundedWork(t *testing.T) {
	var b snmp.Builder
	b.Object(oid(ownRoot).Append(1))
	for row := range uint32(100_000) {
		b.Add(oid(ownRoot).Append(1), []uint32{row + 1}, snmp.Counter64(1))
	}
	list, err := b.List()
	require.NoError(t, err)
	calls := &counting{Handler: list}
	inBubble(t, func(r *rig) { r.options.Handlers[0].Handler = calls }, func(r *rig) {
		a := r.ask(message.V1, "reader", message.PDU{Type: message.GetNext}, nulls(sysName, ownRoot, ownRoot)...)
		assert.EqualValues(t, 5, a.ErrorStatus, "genErr")
		assert.EqualValues(t, 2, a.ErrorIndex)
		assert.LessOrEqual(t, calls.n, 20_000)
	})
}

// A handler that breaks the rules ends its subtree, and no walk.
func TestFaultyHandlers(t *testing.T) {
	for name, h := range map[string]snmp.Handler{
		"stands still": faulty{next: func(after snmp.OID) (snmp.VarBind, bool) {
			return bind(ownRoot+".1", snmp.Integer(1)), true
		}},
		"no value": faulty{next: func(snmp.OID) (snmp.VarBind, bool) { return bind(ownRoot+".1", snmp.Value{}), true }},
		"exception": faulty{next: func(snmp.OID) (snmp.VarBind, bool) {
			return bind(ownRoot+".1", snmp.NoSuchInstance()), true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) { r.options.Handlers[0].Handler = h }, func(r *rig) {
				a := r.ask(message.V2c, "reader", message.PDU{Type: message.GetNext}, nulls(ownRoot+".1")...)
				assert.Equal(t, []string{".1.3.6.1.6.3.1.1.6.1.0"}, a.names())
				a = r.get(ownRoot + ".1")
				assert.Equal(t, snmp.NoSuchInstance(), a.binds[0].Value)
				assert.EqualValues(t, 2, r.agent.Status().Counters.HandlerFaults)
				assert.Equal(t, 1, strings.Count(r.log.String(), "a handler breaks the rules"))
			})
		})
	}
}

type faulty struct {
	next func(snmp.OID) (snmp.VarBind, bool)
}

func (f faulty) Get(snmp.OID) snmp.Value                  { return snmp.Value{} }
func (f faulty) Next(after snmp.OID) (snmp.VarBind, bool) { return f.next(after) }

// One handler may serve several subtrees, with others between them.
func TestOneHandlerAtSeveralPlaces(t *testing.T) {
	inBubble(t, func(r *rig) {
		table(r)
		var between snmptest.Handler
		between.Object(snmptest.Object{OID: oid(column2), Kind: snmp.KindInteger})
		between.Put(oid(column2).Append(0), snmp.Integer(5))
		r.options.Handlers = []snmp.Mount{
			{Prefix: oid(column3), Handler: &r.mib}, {Prefix: oid(column2), Handler: &between}, {Prefix: oid(column1), Handler: &r.mib},
			{Prefix: oid(ownRoot + ".2"), Handler: &r.mib},
		}
	}, func(r *rig) {
		a := r.bulk(0, 10, ownRoot)
		assert.Equal(t, []string{
			column1 + ".1", column1 + ".2", column1 + ".3", column1 + ".4", column2 + ".0",
			column3 + ".1", column3 + ".2", column3 + ".3", column3 + ".4", ".1.3.6.1.6.3.1.1.6.1.0",
		}, a.names())
	})
}

func TestMounts(t *testing.T) {
	h := new(snmptest.Handler)
	for name, c := range map[string]struct {
		mounts []snmp.Mount
		fault  string
	}{
		"same":         {[]snmp.Mount{{Prefix: oid(ownRoot), Handler: h}, {Prefix: oid(ownRoot), Handler: h}}, "the mount at .1.3.6.1.4.1.9999 lies within the one at .1.3.6.1.4.1.9999"},
		"within":       {[]snmp.Mount{{Prefix: oid(column1), Handler: h}, {Prefix: oid(ownRoot), Handler: h}}, "the mount at .1.3.6.1.4.1.9999.1.1 lies within the one at .1.3.6.1.4.1.9999"},
		"own group":    {[]snmp.Mount{{Prefix: oid(sysName), Handler: h}}, "lies within the one at .1.3.6.1.2.1.1"},
		"no handler":   {[]snmp.Mount{{Prefix: oid(ownRoot)}}, "has no handler"},
		"no prefix":    {[]snmp.Mount{{Handler: h}}, "must have a prefix of 2 to 128 arcs"},
		"long context": {[]snmp.Mount{{Prefix: oid(ownRoot), Handler: h, Context: strings.Repeat("c", 33)}}, "longer than 32 octets"},
		"contexts":     {[]snmp.Mount{{Prefix: oid(ownRoot), Handler: h}, {Prefix: oid(ownRoot), Handler: h, Context: "other"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := snmp.New(snmp.DefaultConfig(), snmp.Options{Handlers: c.mounts})
			if c.fault == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.fault)
			}
		})
	}
}
