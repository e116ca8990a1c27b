package latest_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/telemetry"
)

func TestReportInBytes(t *testing.T) {
	plain := report(t, "GK0001", 97, 5, nil)
	v6, sealed, split, elsewhere, nobody := plain, plain, plain, plain, plain
	v6.Source = netip.MustParseAddrPort("[2001:db8::1]:5150")
	sealed.Sealed, sealed.Late, sealed.Boot = true, true, telemetry.Maybe[uint32]{}
	split.Part, split.Seq = telemetry.Part{Index: 2, Count: 70_000}, 1<<64-1
	elsewhere.Raw = []byte("without it")
	nobody.Device = ""
	for name, r := range map[string]latest.Report{
		"plain": plain, "IPv6": v6, "sealed": sealed, "split": split, "serial elsewhere": elsewhere, "no serial": nobody,
	} {
		t.Run(name, func(t *testing.T) {
			b := latest.AppendReport([]byte("before"), &r)
			got, err := latest.ParseReport(b[6:])
			require.NoError(t, err)
			assert.Equal(t, r, got)
		})
	}
	assert.Less(t, len(latest.AppendReport(nil, &plain)), len(plain.Raw)+24, "what a record costs besides the datagram")
}

func TestStateInBytes(t *testing.T) {
	table, restored := newTable(t, 0), newTable(t, 0)
	apply(t, table,
		report(t, "A", 1, 6, part(1, 2, disk("/a", 1))), report(t, "A", 1, 6, part(2, 2, disk("/b", 1))),
		report(t, "A", 1, 9, func(m *telemetry.Message) { m.Late = true }),
		report(t, "B", 1, 6, nil), report(t, "B", 1, 2, nil),
		// Of C two parts stand in for lost ones, of several ages.
		report(t, "C", 1, 4, part(3, 3, disk("/a", 1))), report(t, "C", 1, 5, part(2, 3, disk("/b", 1))),
		report(t, "C", 1, 6, part(1, 3, disk("/c", 1))))
	for state := range table.Encode {
		require.NoError(t, restored.Restore(state))
	}
	for _, serial := range []string{"A", "B", "C"} {
		want, _ := table.Get(serial)
		got, ok := restored.Get(serial)
		require.True(t, ok)
		assert.Equal(t, want, got)
	}
}

func FuzzParseReport(f *testing.F) {
	r := report(f, "GK0001", 97, 5, nil)
	f.Add(latest.AppendReport(nil, &r))
	r.Raw = nil
	f.Add(latest.AppendReport(nil, &r))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := latest.ParseReport(b)
		if err != nil {
			return
		}
		again, err := latest.ParseReport(latest.AppendReport(nil, &r))
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}

func FuzzRestore(f *testing.F) {
	table := newTable(f, 0)
	apply(f, table, report(f, "A", 1, 6, part(1, 2, disk("/a", 1))), report(f, "A", 1, 6, part(2, 2, disk("/b", 1))))
	for state := range table.Encode {
		f.Add(state)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		table := latest.New(10)
		defer table.Close()
		_ = table.Restore(b)
	})
}
