package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/examples/collector/store"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestMain(m *testing.M) {
	if run, ok := helpers[os.Getenv("STORE_TEST_HELPER")]; ok {
		run()
		return
	}
	goleak.VerifyTestMain(m)
}

// began is when the records of the tests begin to arrive.
var began = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

// record is what a device reports at minute seq.
func record(serial string, seq uint64) receiver.Record {
	m := &telemetry.Message{Version: telemetry.Version, Serial: serial, Boot: telemetry.Known(uint32(7)), Seq: seq, Period: 60}
	m.Memory.Available = telemetry.Known(20_000 + seq)
	raw, err := telemetry.AppendMessage(nil, m)
	if err != nil {
		panic(err)
	}
	return receiver.Record{
		Received: began.Add(time.Duration(seq) * time.Minute), Source: netip.MustParseAddrPort("192.0.2.7:40112"),
		Device: serial, Raw: raw, Message: m,
	}
}

// records is one report each of n devices.
func records(n int, seq uint64) []receiver.Record {
	list := make([]receiver.Record, n)
	for i := range list {
		list[i] = record(serial(i), seq)
	}
	return list
}

func serial(i int) string { return fmt.Sprintf("GK%06d", i) }

func open(t testing.TB, o store.Options) (*store.Store, *syncbuf.Buffer) {
	log := new(syncbuf.Buffer)
	o.Logger = slog.New(slog.NewTextHandler(log, nil))
	s, err := store.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	return s, log
}

func write(t testing.TB, s *store.Store, records ...receiver.Record) {
	require.NoError(t, s.Write(t.Context(), records))
}

// history returns the sequence numbers of a device that are in the log.
func history(t testing.TB, s *store.Store, serial string, from, to time.Time) []uint64 {
	seqs := []uint64{}
	require.NoError(t, s.History(t.Context(), serial, from, to, func(r *latest.Report) bool {
		m, err := r.Message()
		require.NoError(t, err)
		require.Equal(t, serial, m.Serial)
		require.Equal(t, m.Seq, r.Seq)
		seqs = append(seqs, m.Seq)
		return true
	}))
	return seqs
}

func all(t testing.TB, s *store.Store, serial string) []uint64 {
	return history(t, s, serial, time.Time{}, time.Now().AddDate(100, 0, 0))
}

func numbers(from, to uint64) []uint64 {
	list := []uint64{}
	for ; from <= to; from++ {
		list = append(list, from)
	}
	return list
}

// crash copies the folder of a store as kill -9 would leave it.
func crash(t testing.TB, dir string) string {
	copied := t.TempDir()
	require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
	return copied
}

// states returns all last states.
func states(s *store.Store) map[string]latest.State {
	all := make(map[string]latest.State)
	for summary := range s.Table().Each {
		all[summary.Serial] = latest.State{}
	}
	for serial := range all {
		all[serial], _ = s.Table().Get(serial)
	}
	return all
}

func segmentFiles(t testing.TB, dir string) []string {
	names, err := filepath.Glob(filepath.Join(dir, "*.log"))
	require.NoError(t, err)
	return names
}
