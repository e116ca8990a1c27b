package telnet_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// opening is what C ser2net 4.3.11 sends first, without and with RFC 2217.
const (
	opening        = "fffb03 fffd03 fffb01 fffe01 fffd00 fffb00"
	openingComPort = opening + "fffd2c"
)

func TestStart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		config telnet.Config
		want   string
	}{
		{"accepted", telnet.Config{}, opening},
		{"accepted_com_port", telnet.Config{ComPort: true}, openingComPort},
		{"dialed", telnet.Config{Dialed: true}, "fffb03 fffd03 fffd00 fffb00"},
		{"dialed_com_port", telnet.Config{Dialed: true, ComPort: true}, "fffb03 fffd03 fffd00 fffb00 fffd2c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := telnet.New(tc.config).Start([]byte("x"))
			assert.Equal(t, append([]byte("x"), hexBytes(tc.want)...), got)
		})
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	long := "fffa2c00" + repeat("41", 254)
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"data", "616263", []string{"data 616263"}},
		{"every_byte_but_iac", "0001 0d0a 0d00 7f80 f0f1 fafb fefe", []string{"data 00010d0a0d007f80f0f1fafbfefe"}},
		{"doubled_iac", "61ffff62", []string{"data 61ff62"}},
		{"doubled_iacs", "ffffffff61ffffffff", []string{"data ffff61ffff"}},
		{"nothing_of_commands", "61 fff1 62 fff4 fff5 fff7 fff8 fff9 fff0 ff41 ff00 ffef 63", []string{"data 616263"}},
		{"break_between_data", "61 fff3 62", []string{"data 61", "break", "data 62"}},
		{"sync", "41 fff2 42", []string{"data 41", "sync", "data 42"}},
		{"are_you_there", "41 fff6 42", []string{"data 41", "reply 0d0a5b5965735d0d0a", "data 42"}},
		{"sub_of_another_option", "41 fffa18 00 41 fff0 42", []string{"data 4142"}},
		{"sub_empty", "fffa fff0 fffa2c fff0 41", []string{"data 41"}},
		{"sub_doubled_iac", "fffa2c 0b ffff fff0", []string{"request 11 255"}},
		{"sub_of_256", long + "fff0 42", []string{"request 0 " + repeat("A", 254), "data 42"}},
		{"sub_of_257_dropped", long + "41 fff0 42", []string{"data 42"}},
		{"sub_of_257_iac_dropped", long + "ffff fff0 42", []string{"data 42"}},
		{"sub_ended_by_command", "fffa2c 0b 07 fff3 42 fff0", []string{"break", "data 42"}},
		{"sub_ended_by_negotiation", "fffa2c 0b 07 fffd18 42", []string{"reply fffc18", "data 42"}},
		{"sub_in_sub", "fffa2c 0b 07 fffa2c 0a 08 fff0 42", []string{"request 10 8", "data 42"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := telnet.New(telnet.Config{ComPort: true})
			e.Start(nil)
			assert.Equal(t, tc.want, feed(e, hexBytes(tc.in)))
		})
	}
}

// TestSplit sends a stream with everything in it, cut in two at each place and
// byte by byte.
func TestSplit(t *testing.T) {
	t.Parallel()
	in := hexBytes("61 ffff fffb2c fffa2c 01 0000ffff00 fff0 ffff62 fff3 ffff fffd18 fff6" +
		"fffa2c 0b ffff fff0 fffa 2c08 fff0 63 fffe01 fffd01 fffc2c ff41 fff2 64")
	want := []string{
		"data 61ff", "com-port on", "request 1 65280", "data ff62", "break", "data ff",
		"reply fffc18", "reply 0d0a5b5965735d0d0a", "request 11 255", "suspend", "data 63",
		"reply fffb01", "com-port off reply fffe2c", "sync", "data 64",
	}
	start := func() *telnet.Engine {
		e := telnet.New(telnet.Config{ComPort: true})
		e.Start(nil)
		return e
	}
	assert.Equal(t, want, feed(start(), in))
	for i := range in {
		assert.Equal(t, want, feed(start(), in[:i], in[i:]), "cut at %d", i)
	}
	assert.Equal(t, want, feed(start(), singles(in)...))
}

func TestAppendData(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"plain", "00617f80fe", "00617f80fe"},
		{"iac", "ff", "ffff"},
		{"iacs", "61ffff62ff", "61ffffffff62ffff"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, hexBytes("00"+tc.want), telnet.AppendData([]byte{0}, hexBytes(tc.in)))
		})
	}
}

// TestNoAllocation: the data path and the answers to options need no memory.
func TestNoAllocation(t *testing.T) {
	e := telnet.New(telnet.Config{ComPort: true})
	e.Start(nil)
	source := hexBytes("61ffff62 fff3 fffd18 fffc03 fffb03 fffa2c0b07fff0 fff6 63")
	in := make([]byte, len(source))
	out := make([]byte, 0, 2*len(source))
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for rest := in[:copy(in, source)]; len(rest) > 0; {
			var ev telnet.Event
			ev, rest = e.Next(rest)
			out = telnet.AppendData(out[:0], ev.Data)
		}
	}))
}
