package telemetry_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

// join puts the facts of the parts together again.
func join(parts []telemetry.Message) telemetry.Message {
	whole := parts[0]
	whole.Part = telemetry.Part{}
	for _, p := range parts[1:] {
		b, _ := json.Marshal(p.Sample) // known facts overwrite, lists are added by hand
		disks, ifs := whole.Disks, whole.Interfaces
		whole.Disks, whole.Interfaces = nil, nil
		_ = json.Unmarshal(b, &whole.Sample)
		whole.Disks, whole.Interfaces = slices.Concat(disks, p.Disks), slices.Concat(ifs, p.Interfaces)
		if p.Stats != (telemetry.Stats{}) {
			whole.Stats = p.Stats
		}
		whole.Extra = slices.Concat(whole.Extra, p.Extra)
	}
	return whole
}

func TestSplitLeavesSmallMessagesWhole(t *testing.T) {
	m := snapshot()
	parts, err := telemetry.Split(m, telemetry.MaxDatagram)
	require.NoError(t, err)
	assert.Equal(t, []telemetry.Message{*m}, parts)
}

func TestSplitIntoWholeMessages(t *testing.T) {
	for name, m := range map[string]*telemetry.Message{"large": large(), "full": full()} {
		for _, limit := range []int{512, 700, telemetry.MaxDatagram} {
			t.Run(name, func(t *testing.T) {
				m.Part = telemetry.Part{}
				before, err := json.Marshal(m)
				require.NoError(t, err)
				parts, err := telemetry.Split(m, limit)
				require.NoError(t, err)
				for i, p := range parts {
					b, err := telemetry.AppendMessage(nil, &p)
					require.NoError(t, err)
					assert.LessOrEqual(t, len(b), limit)
					if len(parts) > 1 {
						assert.Equal(t, telemetry.Part{Index: uint64(i + 1), Count: uint64(len(parts))}, p.Part)
					}
					assert.Equal(t, []any{m.Serial, m.Boot, m.Seq, m.Time, m.Uptime, m.Late, m.Period},
						[]any{p.Serial, p.Boot, p.Seq, p.Time, p.Uptime, p.Late, p.Period})
				}
				assert.Equal(t, *m, join(parts), "every fact once, in order")
				assert.Equal(t, m.Host, parts[0].Host, "identity comes first")
				assert.Equal(t, m.Memory, parts[0].Memory, "health comes first")
				after, err := json.Marshal(m)
				require.NoError(t, err)
				assert.Equal(t, string(before), string(after), "Split changed its message")
			})
		}
	}
}

// The worst of everything: the longest texts and numbers in every place.
func TestSplitFitsTheLongestFacts(t *testing.T) {
	m := full()
	long := strings.Repeat("ü", 1000)
	huge := num(18446744073709551615)
	m.Serial, m.Part = strings.Repeat("s", telemetry.MaxText), telemetry.Part{}
	m.Seq, m.Time, m.Uptime, m.Period = huge.Value, huge, huge, huge.Value
	m.Host, m.Firmware = telemetry.Known(long), telemetry.Known(long)
	m.Modem = telemetry.Modem{
		Operator: telemetry.Known(long), SignalDBm: telemetry.Known(int64(-9223372036854775808)),
		Technology: telemetry.Known(telemetry.Technology(huge.Value)), IMEI: telemetry.Known(long),
	}
	row := telemetry.Interface{
		Name: long, RxBytes: huge, TxBytes: huge, RxPackets: huge, TxPackets: huge,
		RxErrors: huge, TxErrors: huge, RxDropped: huge, TxDropped: huge, MTU: huge, Speed: huge,
	}
	m.Interfaces = slices.Repeat([]telemetry.Interface{row}, 300)
	m.Disks = slices.Repeat([]telemetry.Disk{{Mount: long, Total: huge, Used: huge, Available: huge, InodesPercent: huge}}, 300)
	parts, err := telemetry.Split(m, 512)
	require.NoError(t, err)
	for _, p := range parts {
		b, err := telemetry.AppendMessage(nil, &p)
		require.NoError(t, err)
		require.LessOrEqual(t, len(b), 512)
	}
	whole := join(parts)
	assert.Len(t, whole.Interfaces, telemetry.MaxRows)
	assert.Len(t, whole.Disks, telemetry.MaxRows)
	for _, text := range []string{whole.Host.Value, whole.Modem.IMEI.Value, whole.Disks[255].Mount, whole.Interfaces[0].Name} {
		assert.Equal(t, strings.Repeat("ü", telemetry.MaxText/2), text)
	}
	assert.Equal(t, long, m.Interfaces[0].Name, "Split changed its message")
}

func TestSplitMendsText(t *testing.T) {
	m := minimal()
	m.Host = telemetry.Known("gate\xffway")
	m.Disks = []telemetry.Disk{{Mount: "/ok"}, {Mount: strings.Repeat("x", telemetry.MaxText-1) + "€"}}
	parts, err := telemetry.Split(m, telemetry.MaxDatagram)
	require.NoError(t, err)
	require.Len(t, parts, 1)
	assert.Equal(t, "gate"+string(utf8.RuneError)+"way", parts[0].Host.Value)
	assert.Equal(t, "/ok", parts[0].Disks[0].Mount)
	assert.Equal(t, strings.Repeat("x", telemetry.MaxText-1), parts[0].Disks[1].Mount, "cut before the character that does not fit")
	assert.Equal(t, "gate\xffway", m.Host.Value, "Split changed its message")
}

func TestSplitRefuses(t *testing.T) {
	m := snapshot()
	m.Extra = []telemetry.Extra{{ID: 24, Raw: append([]byte{0x59, 0x04, 0xb0}, make([]byte, 1200)...)}}
	_, err := telemetry.Split(m, telemetry.MaxDatagram)
	require.ErrorIs(t, err, telemetry.ErrUnencodable)
	require.ErrorContains(t, err, "extra cannot fit into 1200 bytes")

	m = snapshot()
	m.Version = 2
	_, err = telemetry.Split(m, telemetry.MaxDatagram)
	require.ErrorIs(t, err, telemetry.ErrVersion)

	_, err = telemetry.Split(snapshot(), 16)
	require.ErrorIs(t, err, telemetry.ErrUnencodable)
}
