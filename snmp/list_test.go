package snmp_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
)

func listBind(oid string, v snmp.Value) snmp.VarBind {
	return snmp.VarBind{OID: snmp.MustParseOID(oid), Value: v}
}

func TestListRefuses(t *testing.T) {
	one := snmp.Integer(1)
	object := []snmp.OID{{1, 3, 1}}
	for reason, c := range map[string]struct {
		objects []snmp.OID
		binds   []snmp.VarBind
	}{
		".1.3.1.0 is there twice":                                {object, []snmp.VarBind{listBind("1.3.1.0", one), listBind("1.3.1.1", one), listBind("1.3.1.0", one)}},
		".1.3.1.0 has no value but none":                         {object, []snmp.VarBind{listBind("1.3.1.0", snmp.Value{})}},
		".1.3.1.0 has no value but noSuchInstance":               {object, []snmp.VarBind{listBind("1.3.1.0", snmp.NoSuchInstance())}},
		".1.3.2.0 is an instance of no object type":              {object, []snmp.VarBind{listBind("1.3.2.0", one)}},
		".1.3.0.0 is an instance of no object type":              {object, []snmp.VarBind{listBind("1.3.0.0", one), listBind("1.3.1.0", one)}},
		".1.3.1 is an instance of no object type":                {object, []snmp.VarBind{listBind("1.3.1", one)}},
		".1.3.1.0 is an instance of no object type":              {nil, []snmp.VarBind{listBind("1.3.1.0", one)}},
		"object type .1.3.1.2 is within .1.3.1":                  {[]snmp.OID{{1, 3, 1, 2}, {1, 3, 1}}, nil},
		".1 has 1 arcs, want 2 to 128":                           {object, []snmp.VarBind{listBind("1", one)}},
		"has 129 arcs":                                           {object, []snmp.VarBind{{OID: append(snmp.OID{1, 3, 1}, make(snmp.OID, 126)...), Value: one}}},
		".1.40.1 has no encoding: want .0 and .1 with up to .39": {[]snmp.OID{{1, 40}}, []snmp.VarBind{listBind("1.40.1", one)}},
		".3.1.1 has no encoding":                                 {[]snmp.OID{{3, 1}}, []snmp.VarBind{listBind("3.1.1", one)}},
	} {
		t.Run(reason, func(t *testing.T) {
			_, err := snmp.NewList(c.objects, c.binds)
			assert.ErrorContains(t, err, reason)
		})
	}
}

// Unsorted input, and object types given twice, are fine.
func TestListSorts(t *testing.T) {
	l, err := snmp.NewList(
		[]snmp.OID{{1, 3, 2}, {1, 3, 1}, {1, 3, 2}},
		[]snmp.VarBind{listBind("1.3.2.0", snmp.Integer(2)), listBind("1.3.1.1", snmp.Integer(1)), listBind("1.3.1.0", snmp.Integer(0))})
	require.NoError(t, err)
	require.Equal(t, 3, l.Len())
	at := snmp.OID(nil)
	for want := range int32(3) {
		b, ok := l.Next(at)
		require.True(t, ok)
		require.Equal(t, want, b.Value.Int())
		at = b.OID
	}
	_, ok := l.Next(at)
	require.False(t, ok)
}

func TestListGet(t *testing.T) {
	var b snmp.Builder
	b.Scalar(snmp.OID{1, 3, 1}, snmp.Integer(7))
	b.Scalar(snmp.OID{1, 3, 2}, snmp.Value{})
	b.Object(snmp.OID{1, 3, 5, 1, 1})
	b.Add(snmp.OID{1, 3, 5, 1, 1}, []uint32{4, 2}, snmp.OctetString("x"))
	snmp.AddTable(&b, snmp.OID{1, 3, 9, 1}, []snmp.Column[int]{{Arc: 2, Value: nil}, {Arc: 3, Value: nil}}, nil, nil)
	l, err := b.List()
	require.NoError(t, err)
	require.Equal(t, 2, l.Len())

	object, instance := snmp.NoSuchObject(), snmp.NoSuchInstance()
	for oid, want := range map[string]snmp.Value{
		"": object, "1": object, "1.3": object, "1.3.0": object, "1.3.3": object, "2": object,
		"1.3.1.0": snmp.Integer(7),
		"1.3.1":   instance, "1.3.1.1": instance, "1.3.1.0.0": instance,
		"1.3.2.0": instance, "1.3.2": instance,
		"1.3.5.1.1.4.2": snmp.OctetString("x"),
		"1.3.5.1.1.4":   instance, "1.3.5.1.1.4.2.1": instance, "1.3.5.1.1.9.9.9": instance,
		"1.3.5.1.2.4.2": object, "1.3.5.1": object, "1.3.5.1.0": object,
		"1.3.9.1.2.1": instance, "1.3.9.1.3": instance, "1.3.9.1.1.1": object, "1.3.9.1.4": object,
	} {
		t.Run(oid, func(t *testing.T) { assert.Equal(t, want, l.Get(snmp.MustParseOID(oid))) })
	}
}

func TestEmptyList(t *testing.T) {
	l, err := snmp.NewList(nil, nil)
	require.NoError(t, err)
	assert.Zero(t, l.Len())
	assert.Equal(t, snmp.NoSuchObject(), l.Get(snmp.OID{1, 3}))
	_, ok := l.Next(nil)
	assert.False(t, ok)
}

// numberTable returns a table of so many rows, with four columns.
func numberTable(t testing.TB, rows int) *snmp.List {
	type row struct{ n uint32 }
	var all []row
	for n := range rows {
		all = append(all, row{uint32(rows - n)}) // backwards
	}
	number := func(r *row) snmp.Value { return snmp.Gauge32(r.n) }
	var b snmp.Builder
	snmp.AddTable(&b, snmp.MustParseOID(".1.3.6.1.2.1.2.2.1"),
		[]snmp.Column[row]{{1, number}, {2, number}, {3, func(r *row) snmp.Value {
			if r.n%2 == 0 {
				return snmp.Value{}
			}
			return number(r)
		}}, {10, number}}, all,
		func(r *row) []uint32 { return []uint32{r.n} })
	l, err := b.List()
	require.NoError(t, err)
	return l
}

func TestAddTable(t *testing.T) {
	l := numberTable(t, 3)
	var got []string
	for b, ok := l.Next(nil); ok; b, ok = l.Next(b.OID) {
		got = append(got, fmt.Sprint(b.OID[9:], " ", b.Value.Uint()))
	}
	assert.Equal(t, []string{
		".1.1 1", ".1.2 2", ".1.3 3", ".2.1 1", ".2.2 2", ".2.3 3", ".3.1 1", ".3.3 3", ".10.1 1", ".10.2 2", ".10.3 3",
	}, got)
}

func TestBuilderIsEmptyAfterwards(t *testing.T) {
	var b snmp.Builder
	b.Scalar(snmp.OID{1, 3, 1}, snmp.Integer(1))
	first, err := b.List()
	require.NoError(t, err)
	b.Scalar(snmp.OID{1, 3, 2}, snmp.Integer(2))
	second, err := b.List()
	require.NoError(t, err)
	assert.Equal(t, snmp.Integer(1), first.Get(snmp.OID{1, 3, 1, 0}))
	assert.Equal(t, snmp.NoSuchObject(), second.Get(snmp.OID{1, 3, 1, 0}))
	assert.Equal(t, snmp.Integer(2), second.Get(snmp.OID{1, 3, 2, 0}))
}

// The identifiers of a builder share memory, and none shows in another.
func TestBuilderIdentifiersAreApart(t *testing.T) {
	var b snmp.Builder
	long := make([]uint32, 100)
	var want []snmp.OID
	b.Object(snmp.OID{1, 3, 1})
	for n := range uint32(50) {
		long[0] = n
		index := slices.Clone(long[:1+n*2])
		b.Add(snmp.OID{1, 3, 1}, index, snmp.Gauge32(n))
		want = append(want, snmp.OID{1, 3, 1}.Append(index...))
		clear(index)
	}
	l, err := b.List()
	require.NoError(t, err)
	at := snmp.OID(nil)
	for n, oid := range want {
		got, ok := l.Next(at)
		require.True(t, ok)
		require.Equal(t, oid, got.OID)
		require.Equal(t, snmp.Gauge32(uint32(n)), got.Value)
		at = got.OID
		_ = append(got.OID, 99) // must not write into the next
	}
}

func TestStringIndex(t *testing.T) {
	assert.Equal(t, []uint32{0}, snmp.StringIndex(""))
	assert.Equal(t, []uint32{3, 'a', 0xff, 0}, snmp.StringIndex("a\xff\x00"))
}

// Walks at the same time do not lead each other astray.
func TestListWalksTogether(t *testing.T) {
	l := numberTable(t, 500)
	var walks sync.WaitGroup
	for walk := range 4 {
		walks.Go(func() {
			n, at := 0, snmp.OID(nil)
			for {
				b, ok := l.Next(at)
				if !ok {
					break
				}
				if !assert.Positive(t, b.OID.Compare(at)) {
					return
				}
				n++
				at = slices.Clone(b.OID)
				if walk%2 == 0 {
					l.Next(snmp.OID{1, 3}) // moves the hint
				}
			}
			assert.Equal(t, l.Len(), n)
		})
	}
	walks.Wait()
}

func TestListDoesNotAllocate(t *testing.T) {
	l := numberTable(t, 100)
	here, missing, unknown := snmp.MustParseOID(".1.3.6.1.2.1.2.2.1.2.50"), snmp.MustParseOID(".1.3.6.1.2.1.2.2.1.2.500"), snmp.OID{1, 3}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		l.Get(here)
		l.Get(missing)
		l.Get(unknown)
		l.Next(here)
		l.Next(missing)
		l.Next(unknown)
	}))
}

func BenchmarkListWalk(b *testing.B) {
	for _, rows := range []int{10, 10_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			l, at := numberTable(b, rows), snmp.OID(nil)
			for b.Loop() {
				v, ok := l.Next(at)
				if at = v.OID; !ok {
					at = nil
				}
			}
		})
	}
}

func BenchmarkListGet(b *testing.B) {
	for _, rows := range []int{10, 10_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			l, oid := numberTable(b, rows), snmp.MustParseOID(".1.3.6.1.2.1.2.2.1.2.0")
			for n := uint32(0); b.Loop(); n++ {
				oid[len(oid)-1] = 1 + n*7919%uint32(rows)
				l.Get(oid)
			}
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		numberTable(b, 1000)
	}
}
