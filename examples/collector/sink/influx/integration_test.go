package influx_test

import (
	"bytes"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/sink/influx"
	"github.com/fieldgate/fieldgate/examples/collector/sink/sinktest"
	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/lineprotocol"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func number(v uint64) json.Number { return json.Number(strconv.FormatUint(v, 10)) }

// countLines returns how many lines the records have.
func countLines(records []receiver.Record) int {
	n := 0
	for _, r := range records {
		n += bytes.Count(lineprotocol.AppendLines(nil, r.Message, r.Received), []byte("\n"))
	}
	return n
}

func TestIntegrationValuesCanBeQueried(t *testing.T) {
	p := startPeer(t, false)
	c := p.config("fleet-1.eu")
	c.Batch = 100 // several requests
	s := open(t, c)
	records := sinktest.Records("GK 00,01", 0, 40)
	for i := range records {
		records[i].Message.Memory.Available = telemetry.Known(uint64(1000 + i))
	}
	records[39].Message.Time = telemetry.Maybe[uint64]{}
	require.NoError(t, s.Write(t.Context(), records), "the database is made")
	require.NoError(t, s.Write(t.Context(), records), "written twice, it is the same")
	n := uint64(countLines(records))
	assert.Equal(t, influx.Status{Lines: 2 * n}, s.Status())

	rows := p.query(t, c.Database, `SELECT * FROM fieldgate_mem ORDER BY time`)
	require.Len(t, rows, 40)
	at := make(map[any]int)
	for i, r := range records {
		when := r.Received
		if r.Message.Time.Known {
			when = time.Unix(int64(r.Message.Time.Value), 0)
		}
		at[json.Number(strconv.FormatInt(when.UnixNano(), 10))] = i
	}
	require.Len(t, at, 40)
	for _, row := range rows {
		i, known := at[row["time"]]
		require.True(t, known, "%v", row)
		assert.Equal(t, "GK 00,01", row["serial"])
		assert.Equal(t, number(uint64(1000+i)), row["avail"])
		assert.Equal(t, number(records[i].Message.Memory.Total.Value), row["total"])
	}
	disks := p.query(t, c.Database, `SELECT last(used) AS used FROM fieldgate_disk GROUP BY mount`)
	require.Len(t, disks, len(records[0].Message.Disks))

	points := uint64(0)
	for _, row := range p.query(t, c.Database, `SELECT count(*) FROM /fieldgate.*/`) {
		most := uint64(0)
		for column, value := range row {
			if v, ok := value.(json.Number); ok && column != "time" {
				count, err := strconv.ParseUint(string(v), 10, 64)
				require.NoError(t, err)
				most = max(most, count)
			}
		}
		points += most
	}
	assert.Equal(t, n, points, "every line is a point")
}

func TestIntegrationRefusedLines(t *testing.T) {
	p := startPeer(t, false)
	p.query(t, "", `CREATE DATABASE fleet`)
	// A field of the type that our lines do not have.
	p.post(t, "/write?db=fleet", "", "", "text/plain", `fieldgate_mem,serial=GK0002 total="much" `+strconv.FormatInt(sinktest.Arrival*1_000_000_000, 10))
	s := open(t, p.config("fleet"))
	records := sinktest.Records("GK0001", 0, 10)
	err := s.Write(t.Context(), records)
	var refused *influx.RefusedError
	require.ErrorAs(t, err, &refused)
	require.ErrorIs(t, err, receiver.ErrNotStored)
	assert.ErrorContains(t, err, "field type conflict")
	assert.Equal(t, uint64(10), refused.Lines)
	assert.Equal(t, influx.Status{Lines: uint64(countLines(records) - 10), Refused: 10}, s.Status())
	assert.Len(t, p.query(t, "fleet", `SELECT * FROM fieldgate_cpu`), 10, "all others are stored")
}

func TestIntegrationServerAway(t *testing.T) {
	p := startPeer(t, false)
	c := p.config("fleet")
	c.Timeout = time.Second
	s := open(t, c)
	records := sinktest.Records("GK0001", 0, 30)
	require.NoError(t, s.Write(t.Context(), records[:10]))
	p.stop()
	began := time.Now()
	err := s.Write(t.Context(), records[10:20])
	require.Error(t, err)
	assert.ErrorContains(t, err, "connection refused")
	assert.NotErrorIs(t, err, receiver.ErrNotStored)
	assert.Less(t, time.Since(began), 5*time.Second)
	assert.Greater(t, s.Status().Retries, uint64(1))

	p.start(t)
	require.NoError(t, s.Write(t.Context(), records[10:20]))

	// It is away only for a part of one Write, which nobody notices.
	c.Timeout = 30 * time.Second
	patient := open(t, c)
	p.stop()
	done := make(chan error)
	go func() { done <- patient.Write(t.Context(), records[20:]) }()
	time.Sleep(200 * time.Millisecond)
	p.start(t)
	require.NoError(t, <-done)
	assert.Len(t, p.query(t, "fleet", `SELECT * FROM fieldgate_mem`), 30)

	p.query(t, "", `DROP DATABASE fleet`)
	require.NoError(t, patient.Write(t.Context(), records), "a database that was dropped is made again")
	assert.Len(t, p.query(t, "fleet", `SELECT * FROM fieldgate_mem`), 30)
}

func TestIntegrationLogin(t *testing.T) {
	p := startPeer(t, true)
	p.post(t, "/query", "", "", "application/x-www-form-urlencoded", `q=CREATE USER admin WITH PASSWORD 'right' WITH ALL PRIVILEGES`)
	c := p.config("fleet")
	c.User, c.Password = "admin", config.NewSecret("right")
	records := sinktest.Records("GK0001", 0, 3)
	require.NoError(t, open(t, c).Write(t.Context(), records))
	assert.Len(t, p.query(t, "fleet", `SELECT * FROM fieldgate_mem`), 3)

	c.Password = config.NewSecret("hunter2")
	began := time.Now()
	err := open(t, c).Write(t.Context(), records)
	require.Error(t, err)
	assert.ErrorContains(t, err, "401 Unauthorized: authorization failed")
	assert.NotContains(t, err.Error(), "hunter2")
	assert.NotErrorIs(t, err, receiver.ErrNotStored, "the operator can put that right")
	assert.Less(t, time.Since(began), 5*time.Second, "trying again at once would not help")
}

func BenchmarkWrite(b *testing.B) {
	p := startPeer(b, false)
	s := open(b, p.config("fleet"))
	records := sinktest.Records("GK0001", 0, 500)
	first := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		for i := range records { // no point twice
			records[i].Message.Time = telemetry.Known(sinktest.Arrival + first)
			first++
		}
		if err := s.Write(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds(), "records/s")
}
