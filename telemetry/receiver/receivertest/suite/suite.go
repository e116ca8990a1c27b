// Package suite is the conformance test of every receiver.Sink.
package suite

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
)

// Rig is a fresh sink with what the test must know of it. What has to be
// closed is closed by t.Cleanup.
type Rig struct {
	Sink receiver.Sink
	// Stored returns the records that have arrived where the sink takes
	// them, in their order there, as far as the sink has returned nil for
	// them: it waits for what a sink does in the background.
	Stored func(t *testing.T) []receivertest.ID
	// Idempotent says that a record that is written again is stored once.
	Idempotent bool
	// Unordered says that the records of one device may change their order.
	Unordered bool
}

// patience is how long a sink may take to see that its context has ended.
const patience = 10 * time.Second

// TestSink tests that what open returns is a Sink that the receiver can use.
// open is called once for each case.
func TestSink(t *testing.T, open func(t *testing.T) Rig) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s Rig)
	}{
		{"stores_all", storesAll},
		{"stores_many", storesMany},
		{"keeps_the_order_of_a_device", keepsOrder},
		{"written_again", writtenAgain},
		{"leaves_records_alone", leavesRecordsAlone},
		{"copies_the_slice", copiesTheSlice},
		{"concurrent_writes", concurrentWrites},
		{"ended_ctx", endedCtx},
		{"goes_on_after_ended_ctx", goesOnAfterEndedCtx},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// Record returns a record as the receiver makes it, sealed and whole.
func Record(t *testing.T, device string, boot uint32, seq uint64) receiver.Record {
	t.Helper()
	return record(t, &telemetry.Message{
		Version: telemetry.Version,
		Serial:  device,
		Boot:    telemetry.Known(boot),
		Seq:     seq,
		Time:    telemetry.Known(1794993408 + 60*seq),
		Sample: telemetry.Sample{
			Uptime: telemetry.Known(30 + 60*seq),
			Host:   telemetry.Known("gateway " + device),
			Load:   telemetry.Load{One: telemetry.Known(seq % 100)},
			Interfaces: []telemetry.Interface{
				{Name: "eth0", RxBytes: telemetry.Known(1000 * seq), TxBytes: telemetry.Known(uint64(0))},
			},
		},
		Period: 60,
	}, true)
}

func record(t *testing.T, m *telemetry.Message, sealed bool) receiver.Record {
	t.Helper()
	r := receiver.Record{
		Received: time.Unix(1794993409+60*int64(m.Seq), 123456789).UTC(),
		Source:   netip.MustParseAddrPort("192.0.2.7:40112"),
		Device:   m.Serial,
		Sealed:   sealed,
		Message:  m,
	}
	var err error
	if sealed {
		key := telemetry.DeriveKey(telemetry.NewKey(), m.Serial)
		r.Raw, err = telemetry.AppendSealed(nil, m, key)
	} else {
		r.Raw, err = telemetry.AppendMessage(nil, m)
	}
	require.NoError(t, err)
	return r
}

// variety has a record of each kind that the receiver lets through.
func variety(t *testing.T) []receiver.Record {
	bare := &telemetry.Message{Version: telemetry.Version, Serial: "bare", Seq: 7}
	list := []receiver.Record{
		Record(t, "GK0001", 1, 0),
		Record(t, "GK0001", 1, 2),
		Record(t, "GK0001", 2, 0),
		Record(t, "GK 0002/µ#.*>,=", 4294967295, 18446744073709551615), // a serial is any text
		record(t, bare, false), // little known, neither boot nor time
	}
	for part := uint64(1); part <= 3; part++ {
		m := *Record(t, "GK0003", 5, 9).Message
		m.Part = telemetry.Part{Index: part, Count: 3}
		list = append(list, record(t, &m, true))
	}
	late := *Record(t, "GK0001", 2, 1).Message
	late.Late = true
	late.Extra = []telemetry.Extra{{ID: 99, Raw: []byte{0x18, 0x2a}}}
	return append(list, record(t, &late, true))
}

func ids(records []receiver.Record) []receivertest.ID {
	list := make([]receivertest.ID, len(records))
	for i := range records {
		list[i] = receivertest.IDOf(&records[i])
	}
	return list
}

func series(t *testing.T, device string, n int) []receiver.Record {
	list := make([]receiver.Record, n)
	for i := range list {
		list[i] = Record(t, device, 1, uint64(i))
	}
	return list
}

func storesAll(t *testing.T, s Rig) {
	records := variety(t)
	require.NoError(t, s.Sink.Write(t.Context(), records))
	assert.ElementsMatch(t, ids(records), s.Stored(t))
}

func storesMany(t *testing.T, s Rig) {
	var all []receivertest.ID
	for i := range 4 {
		records := series(t, fmt.Sprintf("GK%04d", i), 512)
		all = append(all, ids(records)...)
		require.NoError(t, s.Sink.Write(t.Context(), records))
	}
	assert.ElementsMatch(t, all, s.Stored(t))
}

func keepsOrder(t *testing.T, s Rig) {
	if s.Unordered {
		return // it says so
	}
	records := series(t, "GK0001", 100)
	for len(records) > 0 {
		n := min(7, len(records))
		require.NoError(t, s.Sink.Write(t.Context(), records[:n]))
		records = records[n:]
	}
	assert.Equal(t, ids(series(t, "GK0001", 100)), s.Stored(t))
}

// The receiver writes again what has failed, and a device sends again what
// was not acknowledged.
func writtenAgain(t *testing.T, s Rig) {
	records := variety(t)
	require.NoError(t, s.Sink.Write(t.Context(), records))
	require.NoError(t, s.Sink.Write(t.Context(), records))
	if s.Idempotent {
		assert.ElementsMatch(t, ids(records), s.Stored(t))
	} else {
		assert.Subset(t, s.Stored(t), ids(records))
	}
}

func leavesRecordsAlone(t *testing.T, s Rig) {
	records := variety(t)
	before := make([]receiver.Record, len(records))
	for i, r := range records {
		r.Raw = append([]byte(nil), r.Raw...)
		m := *r.Message
		r.Message = &m
		before[i] = r
	}
	require.NoError(t, s.Sink.Write(t.Context(), records))
	assert.Equal(t, before, records)
}

func copiesTheSlice(t *testing.T, s Rig) {
	records := variety(t)
	want := ids(records)
	require.NoError(t, s.Sink.Write(t.Context(), records))
	clear(records)
	assert.ElementsMatch(t, want, s.Stored(t))
}

func concurrentWrites(t *testing.T, s Rig) {
	var wg sync.WaitGroup
	var all []receivertest.ID
	for i := range 8 {
		records := series(t, fmt.Sprintf("GK%04d", i), 20)
		all = append(all, ids(records)...)
		wg.Go(func() { assert.NoError(t, s.Sink.Write(t.Context(), records)) })
	}
	wg.Wait()
	assert.ElementsMatch(t, all, s.Stored(t))
}

// A write that has no time left ends soon; nil then means stored, as ever.
func endedCtx(t *testing.T, s Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	records := series(t, "GK0001", 10)
	done := make(chan error, 1)
	go func() { done <- s.Sink.Write(ctx, records) }()
	select {
	case err := <-done:
		if err == nil {
			assert.ElementsMatch(t, ids(records), s.Stored(t))
		}
	case <-time.After(patience):
		assert.Fail(t, "Write does not end with its context")
	}
}

func goesOnAfterEndedCtx(t *testing.T, s Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = s.Sink.Write(ctx, series(t, "GK0001", 10))
	records := series(t, "GK0002", 10)
	require.NoError(t, s.Sink.Write(t.Context(), records))
	assert.Subset(t, s.Stored(t), ids(records))
}
