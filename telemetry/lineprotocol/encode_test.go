package lineprotocol_test

import (
	"bytes"
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
	"github.com/fieldgate/fieldgate/telemetry/lineprotocol"
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

func lines(m *telemetry.Message) string {
	return string(lineprotocol.AppendLines(nil, m, time.Time{}))
}

func TestGoldenLines(t *testing.T) {
	for _, name := range []string{"minimal", "snapshot", "full"} {
		t.Run(name, func(t *testing.T) {
			got := lines(vector(t, name))
			file := filepath.Join("testdata", name+".lines")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}

func TestEncodeCutsBetweenLines(t *testing.T) {
	m := vector(t, "full")
	whole := lines(m)
	for _, limit := range []int{150, 200, 300, 512, 1200, 65507} {
		datagrams, err := lineprotocol.Encoder{}.Encode(m, limit)
		require.NoError(t, err)
		for _, d := range datagrams {
			assert.LessOrEqual(t, len(d), limit)
			assert.True(t, bytes.HasSuffix(d, []byte("\n")))
			for line := range bytes.Lines(d) {
				assert.Regexp(t, `^fieldgate_[a-z]+,serial=GK0123456789(,(mount|interface)=\S+)? \S.* 1794993408000000000\n$`, string(line))
			}
		}
		if limit >= 300 { // no line is longer
			assert.Equal(t, whole, string(bytes.Join(datagrams, nil)), "limit %d", limit)
		}
		assert.Equal(t, fields(t, whole), fields(t, string(bytes.Join(datagrams, nil))), "limit %d: nothing is lost", limit)
	}
	datagrams, err := lineprotocol.Encoder{}.Encode(m, 1200)
	require.NoError(t, err)
	assert.Len(t, datagrams, 2)
	assert.Greater(t, len(datagrams[0]), 1000, "a datagram is filled")
}

// fields returns "measurement,tags field=value" for each field.
func fields(t *testing.T, lines string) map[string]bool {
	found := make(map[string]bool)
	for line := range strings.Lines(lines) {
		head, rest, ok := strings.Cut(line, " ")
		require.True(t, ok)
		rest = rest[:strings.LastIndexByte(rest, ' ')]
		for field := range strings.SplitSeq(rest, ",") {
			assert.False(t, found[head+" "+field], "twice: %s", field)
			found[head+" "+field] = true
		}
	}
	return found
}

func TestEncodeWithoutRoom(t *testing.T) {
	_, err := lineprotocol.Encoder{}.Encode(vector(t, "snapshot"), 60)
	require.ErrorIs(t, err, telemetry.ErrUnencodable)
	require.ErrorContains(t, err, "60 bytes")
}

// The worst that a device can have in its texts still fits.
func TestEncodeOfLongTexts(t *testing.T) {
	m := vector(t, "full")
	m.Serial = strings.Repeat(" ", telemetry.MaxSerial)
	long := telemetry.Known(strings.Repeat(`"`, 1000))
	m.Host, m.Firmware, m.Modem.Operator, m.Modem.IMEI = long, long, long, long
	m.Disks[0].Mount = strings.Repeat(",", 1000)
	m.Interfaces[0].Name = strings.Repeat("=", 1000)
	datagrams, err := lineprotocol.Encoder{}.Encode(m, telemetry.MaxDatagram)
	require.NoError(t, err)
	all := string(bytes.Join(datagrams, nil))
	assert.Contains(t, all, ",mount="+strings.Repeat(`\,`, telemetry.MaxText)+" ")
	assert.Contains(t, all, ",interface="+strings.Repeat(`\=`, telemetry.MaxText)+" ")
	assert.Contains(t, all, `host="`+strings.Repeat(`\"`, telemetry.MaxText)+`"`)
	for _, d := range datagrams {
		assert.LessOrEqual(t, len(d), telemetry.MaxDatagram)
	}
}

func TestText(t *testing.T) {
	for name, tc := range map[string]struct{ text, tag, str string }{
		"plain":               {"eth0", `eth0`, `"eth0"`},
		"special":             {`a b,c=d"e`, `a\ b\,c\=d"e`, `"a b,c=d\"e"`},
		"backslash":           {`C:\x`, `C:\x`, `"C:\\x"`},
		"backslash at end":    {`C:\`, `C:_`, `"C:\\"`},
		"backslash and blank": {`a\ b`, `a\\ b`, `"a\\ b"`},
		"line end":            {"a\nb\r\tc", `a_b__c`, `"a b  c"`},
		"unicode":             {"größe 網", `größe\ 網`, `"größe 網"`},
		"no UTF-8":            {"a\xffb", "a\uFFFDb", "\"a\uFFFDb\""},
		"next line of C1":     {"a\u0085b", `a_b`, `"a b"`},
		"cut at a character":  {strings.Repeat("a", 127) + "ü", strings.Repeat("a", 127), `"` + strings.Repeat("a", 127) + `"`},
		"cut":                 {strings.Repeat("a", 129), strings.Repeat("a", 128), `"` + strings.Repeat("a", 128) + `"`},
		"cut without UTF-8":   {strings.Repeat("\xbf", 200), strings.Repeat("\uFFFD", 128), `"` + strings.Repeat("\uFFFD", 128) + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			m := &telemetry.Message{Version: 1, Serial: tc.text}
			m.Host = telemetry.Known(tc.text)
			m.Interfaces = []telemetry.Interface{{Name: tc.text, MTU: telemetry.Known(uint64(1500))}}
			assert.Equal(t, "fieldgate_agent,serial="+tc.tag+" seq=0i\n"+
				"fieldgate_system,serial="+tc.tag+" host="+tc.str+"\n"+
				"fieldgate_net,serial="+tc.tag+",interface="+tc.tag+" mtu=1500i\n", lines(m))
		})
	}
}

func TestNumbers(t *testing.T) {
	m := &telemetry.Message{Version: 1, Seq: math.MaxUint64}
	num := telemetry.Known[uint64]
	m.Load = telemetry.Load{One: num(7), Five: num(150), Fifteen: num(math.MaxUint64)}
	m.CPU = telemetry.CPU{User: num(math.MaxInt64), System: num(math.MaxInt64 + 1), Idle: num(0)}
	m.Modem.SignalDBm = telemetry.Known(int64(math.MinInt64))
	m.Interfaces = []telemetry.Interface{{Name: "all too large", RxBytes: num(math.MaxUint64)}}
	assert.Equal(t, "fieldgate_system load1=0.07,load5=1.50,load15=184467440737095516.15\n"+
		"fieldgate_cpu user=9223372036854775807i,idle=0i\n"+
		"fieldgate_modem dbm=-9223372036854775808i\n", lines(m))
}

func TestTime(t *testing.T) {
	arrival := time.Unix(1794993500, 123456789)
	for name, tc := range map[string]struct {
		own     telemetry.Maybe[uint64]
		arrived time.Time
		want    string
	}{
		"its own":             {telemetry.Known(uint64(1794993408)), arrival, " 1794993408000000000"},
		"of arrival":          {telemetry.Maybe[uint64]{}, arrival, " 1794993500123456789"},
		"none":                {telemetry.Maybe[uint64]{}, time.Time{}, ""},
		"the last":            {telemetry.Known(uint64(9223372035)), arrival, " 9223372035000000000"},
		"beyond what is held": {telemetry.Known(uint64(9223372036)), arrival, " 1794993500123456789"},
		"absurd":              {telemetry.Known(uint64(math.MaxUint64)), time.Time{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := &telemetry.Message{Version: 1, Time: tc.own}
			assert.Equal(t, "before\nfieldgate_agent seq=0i"+tc.want+"\n",
				string(lineprotocol.AppendLines([]byte("before\n"), m, tc.arrived)))
		})
	}
}

func TestNothingToSay(t *testing.T) {
	m := &telemetry.Message{Version: 1, Seq: math.MaxUint64}
	datagrams, err := lineprotocol.Encoder{}.Encode(m, 1200)
	require.NoError(t, err)
	assert.Empty(t, datagrams)
}

func FuzzEncode(f *testing.F) {
	for _, name := range []string{"minimal", "snapshot", "full", "split-1"} {
		datagram, err := telemetry.AppendMessage(nil, vector(f, name))
		require.NoError(f, err)
		f.Add(datagram, 1200)
	}
	f.Fuzz(func(t *testing.T, datagram []byte, limit int) {
		m, err := telemetry.Decode(datagram)
		if err != nil {
			return
		}
		datagrams, err := lineprotocol.Encoder{}.Encode(m, limit)
		if err != nil {
			assert.ErrorIs(t, err, telemetry.ErrUnencodable)
			return
		}
		for _, d := range datagrams {
			assert.LessOrEqual(t, len(d), limit)
			assert.NotEmpty(t, d)
			assert.Equal(t, byte('\n'), d[len(d)-1])
		}
	})
}

func BenchmarkAppendLines(b *testing.B) {
	m := vector(b, "snapshot")
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		dst = lineprotocol.AppendLines(dst[:0], m, time.Time{})
	}
}
