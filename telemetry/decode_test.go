package telemetry_test

import (
	"bytes"
	"encoding/hex"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		datagram string // hex
		want     error
		text     string
	}{
		"empty":                     {"", telemetry.ErrMalformed, "empty"},
		"text":                      {hex.EncodeToString([]byte("hello")), telemetry.ErrMalformed, "first byte 0x68"},
		"array":                     {"82 00 01", telemetry.ErrMalformed, "first byte 0x82"},
		"indefinite map":            {"bf 00 01 03 00 ff", telemetry.ErrMalformed, "first byte 0xbf"},
		"map of 16-bit length":      {"b9 00 02 00 01 03 00", telemetry.ErrMalformed, "first byte 0xb9"},
		"COSE_Mac0":                 {"d1 84", telemetry.ErrSealed, "0xd1"},
		"COSE_Encrypt0":             {"d0 83", telemetry.ErrSealed, "0xd0"},
		"version 2":                 {"a2 00 02 03 61 61", telemetry.ErrVersion, "version 2"},
		"version 0":                 {"a2 00 00 03 00", telemetry.ErrVersion, "version 0"},
		"no version":                {"a1 03 00", telemetry.ErrMalformed, "first key is not 0"},
		"null version":              {"a2 00 f6 03 00", telemetry.ErrMalformed, "no version"},
		"empty map":                 {"a0", telemetry.ErrMalformed, "no version"},
		"no seq":                    {"a1 00 01", telemetry.ErrMalformed, "no sequence number"},
		"null seq":                  {"a2 00 01 03 f6", telemetry.ErrMalformed, "no sequence number"},
		"long form of the map":      {"b8 02 00 01 03 00", telemetry.ErrMalformed, "shortest"},
		"long form of a key":        {"a2 00 01 18 03 00", telemetry.ErrMalformed, "shortest"},
		"long form of 16 bits":      {"a2 00 01 03 19 00 ff", telemetry.ErrMalformed, "shortest"},
		"long form of 32 bits":      {"a2 00 01 03 1a 00 00 ff ff", telemetry.ErrMalformed, "shortest"},
		"long form of 64 bits":      {"a2 00 01 03 1b 00 00 00 00 ff ff ff ff", telemetry.ErrMalformed, "shortest"},
		"long form of a text":       {"a3 00 01 01 78 01 61 03 00", telemetry.ErrMalformed, "shortest"},
		"reserved head":             {"a2 00 01 03 1c", telemetry.ErrMalformed, "reserved"},
		"truncated head":            {"a2 00 01 03 19 01", telemetry.ErrMalformed, "truncated"},
		"truncated map":             {"a2 00 01", telemetry.ErrMalformed, "truncated"},
		"truncated text":            {"a2 00 01 01 62 61", telemetry.ErrMalformed, "truncated"},
		"text of 2^63 bytes":        {"a2 00 01 01 7b 80 00 00 00 00 00 00 00", telemetry.ErrMalformed, "truncated"},
		"bytes after the end":       {"a2 00 01 03 00 00", telemetry.ErrMalformed, "1 bytes after the end"},
		"key twice":                 {"a3 00 01 03 00 03 01", telemetry.ErrMalformed, "a key comes twice"},
		"keys not ascending":        {"a3 00 01 03 00 02 01", telemetry.ErrMalformed, "not in ascending order"},
		"text key before a number":  {"a3 00 01 61 61 01 03 00", telemetry.ErrMalformed, "not in ascending order"},
		"negative key":              {"a3 00 01 03 00 20 00", telemetry.ErrMalformed, "a key is neither"},
		"empty text key":            {"a3 00 01 03 00 60 00", telemetry.ErrMalformed, "a key is neither"},
		"float":                     {"a2 00 01 03 f9 3c 00", telemetry.ErrMalformed, "floats"},
		"undefined":                 {"a2 00 01 03 f7", telemetry.ErrMalformed, "floats and simple values"},
		"text as seq":               {"a2 00 01 03 61 61", telemetry.ErrMalformed, "byte 4 (seq): want an unsigned integer, got a text"},
		"negative seq":              {"a2 00 01 03 20", telemetry.ErrMalformed, "got a negative integer"},
		"boot of 33 bits":           {"a3 00 01 02 1b 00 00 00 01 00 00 00 00 03 00", telemetry.ErrMalformed, "(boot): 4294967296 is out of range"},
		"serial not UTF-8":          {"a3 00 01 01 61 ff 03 00", telemetry.ErrMalformed, "(serial): text that is not UTF-8"},
		"serial as bytes":           {"a3 00 01 01 41 61 03 00", telemetry.ErrMalformed, "got a byte string"},
		"text in load":              {"a3 00 01 03 00 08 81 61 61", telemetry.ErrMalformed, "(load): want an unsigned integer"},
		"load as number":            {"a3 00 01 03 00 08 01", telemetry.ErrMalformed, "want an array"},
		"indefinite array":          {"a3 00 01 03 00 08 9f 01 ff", telemetry.ErrMalformed, "indefinite"},
		"array longer than message": {"a3 00 01 03 00 08 98 20 00", telemetry.ErrMalformed, "truncated"},
		"array of 257":              {"a3 00 01 03 00 0b 99 01 01" + strings.Repeat("80", 257), telemetry.ErrMalformed, "an array of 257, allowed are 256"},
		"array of 2^64-1":           {"a3 00 01 03 00 0b 9b ff ff ff ff ff ff ff ff", telemetry.ErrMalformed, "allowed are 256"},
		"row that is no array":      {"a3 00 01 03 00 0c 81 01", telemetry.ErrMalformed, "(ifs): want an array"},
		"dBm too small":             {"a3 00 01 03 00 0d 82 f6 3b 80 00 00 00 00 00 00 00", telemetry.ErrMalformed, "(gsm): an integer out of range"},
		"dBm as text":               {"a3 00 01 03 00 0d 82 f6 61 61", telemetry.ErrMalformed, "want an integer"},
		"part 0 of 0":               {"a3 00 01 03 00 10 80", telemetry.ErrMalformed, "(part): part 0 of 0"},
		"part 3 of 2":               {"a3 00 01 03 00 10 82 03 02", telemetry.ErrMalformed, "(part): part 3 of 2"},
		"float in an unknown fact":  {"a3 00 01 03 00 18 18 fb 00 00 00 00 00 00 00 00", telemetry.ErrMalformed, "floats"},
		"tag in an unknown fact":    {"a3 00 01 03 00 18 18 c1 00", telemetry.ErrMalformed, "tags"},
		"unknown map, key twice":    {"a3 00 01 03 00 18 18 a2 01 00 01 00", telemetry.ErrMalformed, "a key comes twice"},
		"unknown map too long":      {"a3 00 01 03 00 18 18 a9 00", telemetry.ErrMalformed, "truncated"},
		"break alone":               {"a2 00 01 03 ff", telemetry.ErrMalformed, "floats and simple values"},
		"nested too deep":           {"a3 00 01 03 00 18 18" + strings.Repeat("81", 8) + "00", telemetry.ErrMalformed, "nested deeper than 8"},
		"nested without end":        {"a3 00 01 03 00 18 18" + strings.Repeat("81", 900), telemetry.ErrMalformed, "nested deeper than 8"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := telemetry.Decode(unhex(t, c.datagram))
			require.ErrorIs(t, err, c.want)
			assert.ErrorContains(t, err, c.text)
			assert.Nil(t, m)
		})
	}
	_, err := telemetry.Decode(make([]byte, 65536))
	require.ErrorIs(t, err, telemetry.ErrMalformed)
}

// Every beginning of a message is refused, whatever field it ends in.
func TestDecodeTruncated(t *testing.T) {
	whole, err := telemetry.AppendMessage(nil, full())
	require.NoError(t, err)
	for n := range whole {
		_, err := telemetry.Decode(whole[:n])
		require.ErrorIs(t, err, telemetry.ErrMalformed, "%d bytes", n)
	}
}

// What a later v1 writer may send, and what it means to this reader.
func TestDecodeEvolution(t *testing.T) {
	for name, c := range map[string]struct {
		datagram string
		want     func(*telemetry.Message)
	}{
		"null is unknown": {"a6 00 01 01 f6 02 f6 03 00 05 f6 0b f6", func(*telemetry.Message) {}},
		"missing tail": {"a3 00 01 03 00 08 81 18 2a", func(m *telemetry.Message) {
			m.Load.One = num(42)
		}},
		"null inside": {"a3 00 01 03 00 08 83 f6 f6 09", func(m *telemetry.Message) {
			m.Load.Fifteen = num(9)
		}},
		"empty array": {"a3 00 01 03 00 0a 80", func(*telemetry.Message) {}},
		"further elements": {"a3 00 01 03 00 0e 85 01 02 03 82 61 78 a1 01 f5 f6", func(m *telemetry.Message) {
			m.IPsec = telemetry.Tunnels{Up: num(1), Down: num(2)}
		}},
		"further elements of a row": {"a3 00 01 03 00 0b 81 87 61 2f 01 02 03 04 05 80", func(m *telemetry.Message) {
			m.Disks = []telemetry.Disk{{Mount: "/", Total: num(1), Used: num(2), Available: num(3), InodesPercent: num(4)}}
		}},
		"further elements of gsm": {"a3 00 01 03 00 0d 85 f6 20 07 61 31 f6", func(m *telemetry.Message) {
			m.Modem = telemetry.Modem{SignalDBm: telemetry.Known(int64(-1)), Technology: telemetry.Known(telemetry.Technology(7)), IMEI: telemetry.Known("1")}
		}},
		"rows without a name": {"a3 00 01 03 00 0c 83 80 82 f6 07 81 60", func(m *telemetry.Message) {
			m.Interfaces = []telemetry.Interface{{}, {RxBytes: num(7)}, {}}
		}},
		"positive dBm": {"a3 00 01 03 00 0d 82 f6 05", func(m *telemetry.Message) {
			m.Modem.SignalDBm = telemetry.Known(int64(5))
		}},
		"late of another kind": {"a3 00 01 03 00 11 02", func(m *telemetry.Message) { m.Late = true }},
		"unknown keys": {"a6 00 01 03 00 14 f4 19 01 00 41 00 61 61 f6 63 78 2e 79 82 01 a1 61 61 20", func(m *telemetry.Message) {
			m.Extra = []telemetry.Extra{
				{ID: 20, Raw: []byte{0xf4}},
				{ID: 256, Raw: []byte{0x41, 0x00}},
				{Name: "a", Raw: []byte{0xf6}},
				{Name: "x.y", Raw: []byte{0x82, 0x01, 0xa1, 0x61, 0x61, 0x20}},
			}
		}},
		"nested as deep as allowed": {"a3 00 01 03 00 18 18" + strings.Repeat("81", 7) + "00", func(m *telemetry.Message) {
			m.Extra = []telemetry.Extra{{ID: 24, Raw: append(bytes.Repeat([]byte{0x81}, 7), 0)}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			want := minimal()
			c.want(want)
			got, err := telemetry.Decode(unhex(t, c.datagram))
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

func TestDecodeSharesNoMemory(t *testing.T) {
	raw, err := telemetry.AppendMessage(nil, full())
	require.NoError(t, err)
	got, err := telemetry.Decode(raw)
	require.NoError(t, err)
	clear(raw)
	assert.Equal(t, full(), got)
}

// allocated returns the bytes that Decode allocates for b.
func allocated(b []byte) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = telemetry.Decode(b) // refused or not
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func allowed(b []byte) uint64 { return 128<<10 + 3*uint64(len(b)) }

func TestDecodeMemoryIsBounded(t *testing.T) {
	manyRows := append(unhex(t, "a4 00 01 03 00 0b 99 01 00"), bytes.Repeat([]byte{0x80}, 256)...)
	manyRows = append(manyRows, unhex(t, "0c 99 01 00")...)
	manyRows = append(manyRows, bytes.Repeat([]byte{0x80}, 256)...)
	manyKeys := unhex(t, "b8 ff 00 01 03 00")
	for i := range 253 {
		switch n := 20 + i; {
		case n < 24:
			manyKeys = append(manyKeys, byte(n), 0)
		case n < 256:
			manyKeys = append(manyKeys, 0x18, byte(n), 0)
		default:
			manyKeys = append(manyKeys, 0x19, 1, byte(n), 0)
		}
	}
	longText := append(unhex(t, "a3 00 01 01 79 ff 00"), bytes.Repeat([]byte("a"), 0xff00)...)
	for name, b := range map[string][]byte{
		"many rows": manyRows, "many keys": manyKeys, "long serial": append(longText, 3, 0),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := telemetry.Decode(b)
			require.NoError(t, err, "the input must get to the end")
			assert.LessOrEqual(t, allocated(b), allowed(b))
		})
	}
}

// Whatever is decoded can be encoded, and then is the same message for ever.
func FuzzDecode(f *testing.F) {
	for _, m := range vectors(f) {
		b, err := telemetry.AppendMessage(nil, m)
		require.NoError(f, err)
		f.Add(b)
	}
	for _, s := range []string{"", "a0", "bf00ff", "a2000203f6", "a3000103001818818181818181818100", "d18443a10104a0"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := allocated(b); n > allowed(b) {
			t.Fatalf("%d bytes allocated for %d", n, len(b))
		}
		m, err := telemetry.Decode(b)
		if err != nil {
			return
		}
		canonical, err := telemetry.AppendMessage(nil, m)
		require.NoError(t, err)
		again, err := telemetry.Decode(canonical)
		require.NoError(t, err)
		require.Equal(t, m, again)
		stable, err := telemetry.AppendMessage(nil, again)
		require.NoError(t, err)
		require.Equal(t, canonical, stable)
	})
}
