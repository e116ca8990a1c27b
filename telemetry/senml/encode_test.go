package senml_test

import (
	"encoding/hex"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/senml"
)

var update = flag.Bool("update", false, "write the golden files anew")

// vector returns a published message of the wire format.
func vector(t testing.TB, name string) *telemetry.Message {
	text, err := os.ReadFile(filepath.Join("..", "testdata", name+".hex"))
	require.NoError(t, err)
	datagram, err := hex.DecodeString(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	m, err := telemetry.Decode(datagram)
	require.NoError(t, err)
	return m
}

func TestGoldenPacks(t *testing.T) {
	for _, name := range []string{"minimal", "snapshot", "full"} {
		t.Run(name, func(t *testing.T) {
			datagrams, err := senml.Encoder{Prefix: "urn:dev:os:32473-"}.Encode(vector(t, name), math.MaxInt)
			require.NoError(t, err)
			require.Len(t, datagrams, 1)
			got := strings.ReplaceAll(string(datagrams[0]), "},{", "},\n{") + "\n"
			file := filepath.Join("testdata", name+".senml")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}

// resolved returns the records of packs, each resolved on its own.
func resolved(t *testing.T, datagrams [][]byte) senml.Pack {
	var all senml.Pack
	for _, d := range datagrams {
		p, err := senml.Parse(d)
		require.NoError(t, err, "%s", d)
		records, err := p.Resolve(time.Unix(1794993500, 0))
		require.NoError(t, err, "%s", d)
		assert.NotEmpty(t, records)
		all = append(all, records...)
	}
	return all
}

func TestEncodeMakesWholePacks(t *testing.T) {
	m := vector(t, "full")
	whole, err := senml.Encoder{}.Encode(m, math.MaxInt)
	require.NoError(t, err)
	want := resolved(t, whole)
	for _, limit := range []int{150, 300, 512, 1200} {
		datagrams, err := senml.Encoder{}.Encode(m, limit)
		require.NoError(t, err)
		for _, d := range datagrams {
			assert.LessOrEqual(t, len(d), limit)
		}
		assert.Equal(t, want, resolved(t, datagrams), "limit %d", limit)
	}
	datagrams, err := senml.Encoder{}.Encode(m, 1200)
	require.NoError(t, err)
	assert.Len(t, datagrams, 3)
	assert.Greater(t, len(datagrams[0]), 1100, "a datagram is filled")
}

func TestEncodeWithoutRoom(t *testing.T) {
	_, err := senml.Encoder{}.Encode(vector(t, "snapshot"), 60)
	require.ErrorIs(t, err, telemetry.ErrUnencodable)
	require.ErrorContains(t, err, "60 bytes")
	_, err = senml.Encoder{}.Encode(&telemetry.Message{Version: 2}, 1200)
	require.ErrorIs(t, err, telemetry.ErrVersion)
}

func TestEncodeOfLongTexts(t *testing.T) {
	m := vector(t, "full")
	m.Serial = strings.Repeat("ü", telemetry.MaxSerial/2)
	long := telemetry.Known(strings.Repeat("\x01", 1000)) // six characters each in JSON
	m.Host, m.Firmware, m.Modem.Operator, m.Modem.IMEI = long, long, long, long
	m.Disks[0].Mount = strings.Repeat(",", 1000)
	m.Interfaces[0].Name = strings.Repeat("\xff", 1000)
	datagrams, err := senml.Encoder{Prefix: strings.Repeat("u", 180)}.Encode(m, telemetry.MaxDatagram)
	require.NoError(t, err)
	found := make(map[string]senml.Record)
	for _, r := range resolved(t, datagrams) {
		_, name, _ := strings.Cut(r.Name, ":")
		found[name] = r
	}
	require.Contains(t, found, "host")
	assert.Equal(t, strings.Repeat("\x01", telemetry.MaxText), *found["host"].StringValue)
	assert.Contains(t, found, "disk:"+strings.Repeat("_", telemetry.MaxText)+":used")
	for _, d := range datagrams {
		assert.LessOrEqual(t, len(d), telemetry.MaxDatagram)
	}
}

func TestNames(t *testing.T) {
	for name, tc := range map[string]struct{ prefix, serial, want string }{
		"serial":           {"", "GK0001", "GK0001:seq"},
		"urn":              {"urn:dev:os:32473-", "GK0001", "urn:dev:os:32473-GK0001:seq"},
		"not allowed":      {"", "GK 00ü1%", "GK_00_1_:seq"},
		"begins with dash": {"", "-1", "x-1:seq"},
		"none":             {"", "", "seq"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &telemetry.Message{Version: 1, Serial: tc.serial}
			datagrams, err := senml.Encoder{Prefix: tc.prefix}.Encode(m, 1200)
			require.NoError(t, err)
			records := resolved(t, datagrams)
			require.Len(t, records, 1)
			assert.Equal(t, tc.want, records[0].Name)
		})
	}
}

func TestValues(t *testing.T) {
	num := telemetry.Known[uint64]
	m := &telemetry.Message{Version: 1, Seq: math.MaxUint64}
	m.Load = telemetry.Load{One: num(7), Five: num(150), Fifteen: num(0)}
	m.CPU.User = num(math.MaxUint64)
	m.Stats.CollectMS = num(17)
	m.Memory = telemetry.Memory{Total: num(61044), Available: num(math.MaxUint64 / 1024), Shared: num(math.MaxUint64/1024 + 1)}
	m.Disks = []telemetry.Disk{{Mount: "/", InodesPercent: num(100)}}
	m.Interfaces = []telemetry.Interface{{Name: "eth0.5", Speed: num(2500), RxBytes: num(math.MaxUint64)}}
	m.Modem = telemetry.Modem{SignalDBm: telemetry.Known(int64(-87)), Technology: telemetry.Known(telemetry.TechLTE)}
	datagrams, err := senml.Encoder{}.Encode(m, 65507)
	require.NoError(t, err)
	got := make(map[string]string)
	for _, r := range resolved(t, datagrams) {
		if r.StringValue != nil {
			got[r.Name] = *r.StringValue
		} else {
			got[r.Name] = string(r.Value) + " " + r.Unit
		}
	}
	assert.Equal(t, map[string]string{
		"seq": "18446744073709551615 count", "collect": "0.017 s",
		"load1": "0.07 ", "load5": "1.50 ", "load15": "0.00 ",
		"cpu:user":  "184467440737095516.15 s",
		"mem:total": "62509056 B", "mem:avail": "18446744073709550592 B",
		"disk:/:inodes":       "1.00 /",
		"net:eth0.5:rx_bytes": "18446744073709551615 B", "net:eth0.5:speed": "2500000000 bit/s",
		"modem:signal": "-117 dBW", "modem:tech": "lte",
	}, got)

	m.Modem.SignalDBm = telemetry.Known(int64(math.MinInt64))
	datagrams, err = senml.Encoder{}.Encode(m, 65507)
	require.NoError(t, err)
	assert.NotContains(t, string(datagrams[0]), "modem:signal")
}

func TestBaseTime(t *testing.T) {
	for name, tc := range map[string]struct {
		time telemetry.Maybe[uint64]
		want senml.Number
	}{
		"known":             {telemetry.Known(uint64(1794993408)), "1794993408"},
		"unknown":           {telemetry.Maybe[uint64]{}, ""},
		"the first":         {telemetry.Known(uint64(1 << 28)), "268435456"},
		"would be relative": {telemetry.Known(uint64(1<<28 - 1)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			datagrams, err := senml.Encoder{}.Encode(&telemetry.Message{Version: 1, Time: tc.time}, 1200)
			require.NoError(t, err)
			p, err := senml.Parse(datagrams[0])
			require.NoError(t, err)
			assert.Equal(t, tc.want, p[0].BaseTime)
		})
	}
}

// The units of RFC 8428 section 12.1 that are used, and B of RFC 8798.
func TestUnitsAreRegistered(t *testing.T) {
	registered := []string{"", "s", "count", "/", "bit/s", "dBW", "B"}
	datagrams, err := senml.Encoder{}.Encode(vector(t, "full"), 65507)
	require.NoError(t, err)
	used := make(map[string]bool)
	for _, r := range resolved(t, datagrams) {
		assert.Contains(t, registered, r.Unit, r.Name)
		used[r.Unit] = true
	}
	assert.Len(t, used, len(registered))
}
