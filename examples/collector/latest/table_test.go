package latest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/telemetry"
)

func TestNewestReportStands(t *testing.T) {
	old, late := report(t, "A", 3, 9, nil), report(t, "A", 3, 7, func(m *telemetry.Message) { m.Late = true })
	unknown := func(m *telemetry.Message) { m.Boot = telemetry.Maybe[uint32]{} }
	for name, c := range map[string]struct {
		reports []latest.Report
		want    string
	}{
		"one":                       {[]latest.Report{old}, "host-3-9"},
		"next":                      {[]latest.Report{old, report(t, "A", 3, 10, nil)}, "host-3-10"},
		"late":                      {[]latest.Report{old, late}, "host-3-9"},
		"reboot":                    {[]latest.Report{old, report(t, "A", 4, 0, nil)}, "host-4-0"},
		"earlier boot":              {[]latest.Report{old, report(t, "A", 2, 99, nil)}, "host-2-99"},
		"boot unknown, came later":  {[]latest.Report{report(t, "A", 0, 9, unknown), report(t, "A", 0, 10, unknown)}, "host-0-10"},
		"boot unknown, other later": {[]latest.Report{report(t, "A", 0, 10, unknown), report(t, "A", 3, 9, nil)}, "host-3-9"},
		"clock set back":            {[]latest.Report{ahead(old), report(t, "A", 3, 10, nil)}, "host-3-10"},
		"clock set back, no boot":   {[]latest.Report{ahead(report(t, "A", 0, 9, unknown)), report(t, "A", 0, 10, unknown)}, "host-0-10"},
	} {
		t.Run(name, func(t *testing.T) {
			table := newTable(t, 0)
			apply(t, table, c.reports...)
			state, ok := table.Get("A")
			require.True(t, ok)
			m, err := state.Message()
			require.NoError(t, err)
			assert.Equal(t, c.want, m.Host.Value)
			assert.Equal(t, 1, table.Len())
		})
	}
}

// ahead is a report that came while the server's clock was a year ahead.
func ahead(r latest.Report) latest.Report {
	r.Received += int64(365 * 24 * time.Hour)
	return r
}

// A clock that was ahead for a while hides no silence once it is right again,
// also not after a restart; datagrams that were received in parallel may be
// stamped in any order.
func TestSeenAfterClockJump(t *testing.T) {
	table, restored := newTable(t, 0), newTable(t, 0)
	check := func(want time.Time) {
		for state := range table.Encode {
			require.NoError(t, restored.Restore(state))
		}
		for _, table := range []*latest.Table{table, restored} {
			state, _ := table.Get("A")
			assert.Equal(t, want.UTC(), state.Seen)
		}
	}
	jumped := ahead(report(t, "A", 3, 9, nil))
	apply(t, table, jumped)
	check(time.Unix(0, jumped.Received))
	apply(t, table, report(t, "A", 3, 14, nil))
	check(time.Unix(15, 0))
	apply(t, table, report(t, "A", 3, 11, nil))
	check(time.Unix(15, 0))
}

// Parts of the newest report stand before those that stand in for lost ones,
// whatever the clock was.
func TestPartsAfterClockJump(t *testing.T) {
	table, restored := newTable(t, 0), newTable(t, 0)
	unknown := func(facts func(*telemetry.Message)) func(*telemetry.Message) {
		return func(m *telemetry.Message) { facts(m); m.Boot = telemetry.Maybe[uint32]{} }
	}
	apply(t, table,
		ahead(report(t, "A", 0, 5, unknown(part(1, 2, disk("/a", 1))))),
		ahead(report(t, "A", 0, 5, unknown(part(2, 2, disk("/b", 1))))),
		report(t, "A", 0, 6, unknown(part(2, 2, disk("/a", 2)))))
	for state := range table.Encode {
		require.NoError(t, restored.Restore(state))
	}
	for _, table := range []*latest.Table{table, restored} {
		state, _ := table.Get("A")
		assert.Equal(t, uint64(6), state.Summary.Seq)
		require.Len(t, state.Reports, 2)
		m, err := state.Message()
		require.NoError(t, err)
		assert.Equal(t, uint64(6), m.Seq)
		assert.Equal(t, uint64(2), m.Disks[0].Used.Value)
	}
}

func TestSummary(t *testing.T) {
	table := newTable(t, 0)
	apply(t, table, report(t, "A", 3, 9, nil), report(t, "A", 3, 7, func(m *telemetry.Message) { m.Late = true }))
	state, ok := table.Get("A")
	require.True(t, ok)
	want := latest.Summary{
		Serial: "A", Seen: time.Unix(10, 0).UTC(), Source: source, Boot: telemetry.Known(uint32(3)), Seq: 9, Period: time.Minute,
	}
	assert.Equal(t, want, state.Summary)
	for name, c := range map[string]struct {
		after time.Duration
		want  bool
	}{"in time": {3 * time.Minute, false}, "late": {3*time.Minute + 1, true}} {
		assert.Equal(t, c.want, want.Silent(want.Seen.Add(c.after), 3, 0), name)
	}
	want.Period = 0
	assert.True(t, want.Silent(want.Seen.Add(31*time.Second), 3, 10*time.Second), "the fallback counts")
	_, ok = table.Get("B")
	assert.False(t, ok)
}

func TestPartsAreMerged(t *testing.T) {
	table := newTable(t, 0)
	get := func() (latest.State, *telemetry.Message) {
		state, ok := table.Get("A")
		require.True(t, ok)
		m, err := state.Message()
		require.NoError(t, err)
		return state, m
	}
	apply(t, table,
		report(t, "A", 1, 5, part(2, 2, disk("/b", 2))),
		report(t, "A", 1, 5, part(1, 2, disk("/a", 1))))
	state, m := get()
	assert.Len(t, state.Reports, 2)
	assert.Equal(t, telemetry.Part{}, m.Part)
	assert.Equal(t, []string{"/a", "/b"}, []string{m.Disks[0].Mount, m.Disks[1].Mount}, "by their number")

	// Part 2 of the next report is lost: the older one stands in for it.
	apply(t, table, report(t, "A", 1, 6, part(1, 2, disk("/a", 3))))
	state, m = get()
	assert.Equal(t, []uint64{6, 5}, []uint64{state.Reports[0].Seq, state.Reports[1].Seq})
	assert.Equal(t, uint64(6), m.Seq)
	assert.Equal(t, uint64(3), m.Disks[0].Used.Value)
	assert.Equal(t, "/b", m.Disks[1].Mount)

	// A report that is whole, or cut otherwise, replaces all parts.
	apply(t, table, report(t, "A", 1, 7, part(3, 3, disk("/c", 4))))
	state, _ = get()
	assert.Len(t, state.Reports, 1)
	apply(t, table, report(t, "A", 1, 7, part(1, 3, disk("/a", 4))), report(t, "A", 1, 8, nil))
	state, m = get()
	assert.Len(t, state.Reports, 1)
	assert.Empty(t, m.Disks)
	assert.Equal(t, "host-1-8", m.Host.Value)

	// Of a report in very many parts the first are held.
	for i := range uint64(40) {
		apply(t, table, report(t, "A", 1, 9, part(i+1, 40, disk("/a", i))))
	}
	state, _ = get()
	assert.Len(t, state.Reports, latest.MaxParts)
}

// Whatever the order of arrival and the sizes, the newest report is what
// stands, and other devices are not touched.
func TestRandomArrivals(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	table := newTable(t, 0)
	newest := make(map[string]latest.Report)
	for range 20_000 {
		serial := fmt.Sprintf("GK%04d", random.IntN(300))
		r := report(t, serial, 1+random.Uint32N(3), random.Uint64N(50), nil)
		r.Raw = make([]byte, 1+random.IntN(300))
		if random.IntN(50) == 0 {
			r.Raw = make([]byte, 2000+random.IntN(200))
		}
		for i := range r.Raw {
			r.Raw[i] = byte(random.Uint32())
		}
		apply(t, table, r)
		have, ok := newest[serial]
		if !ok || r.Boot != have.Boot || r.Seq >= have.Seq {
			newest[serial] = r
		}
	}
	assert.Equal(t, len(newest), table.Len())
	for serial, want := range newest {
		state, ok := table.Get(serial)
		require.True(t, ok)
		require.Len(t, state.Reports, 1)
		want.Source = state.Source
		assert.Equal(t, want, state.Reports[0])
	}
}

func TestFullTable(t *testing.T) {
	table := newTable(t, 2)
	apply(t, table, report(t, "A", 1, 1, nil), report(t, "B", 1, 1, nil))
	r := report(t, "C", 1, 1, nil)
	require.ErrorIs(t, table.Apply(&r), latest.ErrFull)
	apply(t, table, report(t, "A", 1, 2, nil))
	assert.Equal(t, 2, table.Len())
	state, _ := table.Get("A")
	assert.Equal(t, uint64(2), state.Seq)
}

// Forgotten devices are gone, the others stay, and the room is used again.
func TestForget(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	table, have := newTable(t, 1000), make(map[string]uint64)
	for seq := range uint64(20_000) {
		serial := fmt.Sprintf("GK%04d", random.IntN(1500))
		_, known := have[serial]
		switch {
		case known && random.IntN(3) > 0:
			require.True(t, table.Forget(serial))
			delete(have, serial)
			require.False(t, table.Forget(serial))
		case known || len(have) < 1000:
			apply(t, table, report(t, serial, 1, seq, nil))
			have[serial] = seq
		}
	}
	restored := newTable(t, 0)
	for state := range table.Encode {
		require.NoError(t, restored.Restore(state))
	}
	for _, table := range []*latest.Table{table, restored} {
		assert.Equal(t, len(have), table.Len())
		for s := range table.Each {
			assert.Contains(t, have, s.Serial)
		}
		for serial, seq := range have {
			state, ok := table.Get(serial)
			require.True(t, ok)
			m, err := state.Message()
			require.NoError(t, err)
			assert.Equal(t, seq, m.Seq)
		}
	}
	for serial := range have {
		table.Forget(serial)
	}
	assert.Zero(t, table.Len())
	apply(t, table, report(t, "GK0001", 9, 9, nil))
	require.True(t, table.Forget("GK0001"))
	apply(t, table, report(t, "GK0001", 1, 0, nil)) // its boot counter was lost
	state, _ := table.Get("GK0001")
	assert.Equal(t, telemetry.Known(uint32(1)), state.Boot)
}

func TestPages(t *testing.T) {
	table := newTable(t, 0)
	for i := range 1000 {
		apply(t, table, report(t, fmt.Sprintf("GK%04d", i), 1, uint64(i), nil))
	}
	var all []string
	after := ""
	for {
		page, more := table.Page(after, 77, func(s *latest.Summary) bool { return s.Seq%3 == 0 })
		for _, s := range page {
			all = append(all, s.Serial)
		}
		if !more {
			break
		}
		require.Len(t, page, 77)
		after = all[len(all)-1]
	}
	require.Len(t, all, 334)
	assert.IsIncreasing(t, all)
	assert.Equal(t, "GK0000", all[0])
	assert.Equal(t, "GK0999", all[333])
	page, more := table.Page("", 1000, nil)
	assert.Len(t, page, 1000)
	assert.False(t, more, "nothing follows a page that is just full")
	n := 0
	for range table.Each {
		n++
	}
	assert.Equal(t, 1000, n)
}
