package telnet_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// TestNegotiation gives the peer's requests after our opening, and for each
// the answer, if any.
func TestNegotiation(t *testing.T) {
	t.Parallel()
	plain, comPort := telnet.Config{}, telnet.Config{ComPort: true}
	dialed := telnet.Config{Dialed: true}
	for _, tc := range []struct {
		name   string
		config telnet.Config
		in     string
		want   []string
	}{
		{"acknowledgements", comPort, "fffd03 fffb03 fffd01 fffb00 fffd00 fffb2c", []string{"com-port on"}},
		{"acknowledged_twice", comPort, "fffd03 fffd03 fffb00 fffb00 fffb2c fffb2c", []string{"com-port on"}},
		{"denials", comPort, "fffe03 fffc03 fffe01 fffc00 fffe00 fffc2c", nil},
		{"denied_twice", comPort, "fffe03 fffe03 fffc2c fffc2c", nil},
		{"off_and_on", plain, "fffd03 fffe03 fffe03 fffd03 fffd03", []string{"reply fffc03", "reply fffb03"}},
		{"denied_then_wanted", plain, "fffc00 fffb00 fffb00", []string{"reply fffd00"}},
		{"echo_of_the_peer", plain, "fffb01 fffb01", []string{"reply fffe01"}},
		{"echo_of_the_peer_dialed", dialed, "fffb01 fffb01", []string{"reply fffd01"}},
		{"our_echo_dialed", dialed, "fffd01 fffd01", []string{"reply fffc01"}},
		{"on_and_off_for_ever", plain, repeat("fffe03 fffd03", 20), append(slices.Repeat([]string{"reply fffb03", "reply fffc03"}, 8), "reply fffc03")},
		{"unknown_do", plain, "fffd18 fffd18 fffe18 fffd18", []string{"reply fffc18"}},
		{"unknown_will", plain, "fffb18 fffb18 fffc18 fffb18", []string{"reply fffe18"}},
		{"unknown_off", plain, "fffe18 fffc18", nil},
		{"option_255", plain, "fffdff 61 fffbff", []string{"reply fffcff", "data 61", "reply fffeff"}},
		{"com_port_not_offered", plain, "fffb2c fffb2c fffa2c0106fff0", []string{"reply fffe2c"}},
		{"com_port_the_other_way", comPort, "fffd2c fffd2c", []string{"reply fffc2c"}},
		{
			"com_port_off_and_on", comPort, "fffb2c fffc2c fffc2c fffa2c0106fff0 fffb2c",
			[]string{"com-port on", "com-port off reply fffe2c", "com-port on reply fffd2c"},
		},
		{
			"request_counts_as_will", comPort, "fffa2c0500fff0 fffb2c fffc2c fffa2c0500fff0",
			[]string{"request 5 0", "com-port off reply fffe2c"},
		},
		{"request_after_denial", comPort, "fffc2c fffa2c0500fff0", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := telnet.New(tc.config)
			e.Start(nil)
			assert.Equal(t, tc.want, feed(e, hexBytes(tc.in)))
		})
	}
}

// TestClients gives what clients were seen to send to our opening.
func TestClients(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{
			"inetutils_telnet_2.4",
			"fffd03 fffb03 fffd01 fffb00 fffd00 fffc2c 610d fff3 fff6 fff2",
			[]string{"data 610d", "break", "reply 0d0a5b5965735d0d0a", "sync"},
		},
		{
			"pyserial_3.5",
			"fffd01 fffb03 fffd03 fffd2c fffb2c fffb00 fffd00 fffa2c010001c200fff0",
			[]string{"reply fffc2c", "com-port on", "request 1 115200"},
		},
		{
			"pyserial_3.5_overtaken_by_our_opening",
			"fffb00 fffd00 fffd2c fffa2c010001c200fff0",
			[]string{"reply fffc2c", "request 1 115200"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := telnet.New(telnet.Config{ComPort: true})
			e.Start(nil)
			assert.Equal(t, tc.want, feed(e, hexBytes(tc.in)))
		})
	}
}

// TestNoLoops lets two engines of any roles talk after each has been given
// random requests that its peer never sent. They must fall silent.
func TestNoLoops(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		random := rand.New(rand.NewPCG(seed, 0))
		var sides [2]*telnet.Engine
		var wire [2][]byte // to the side
		for i := range sides {
			sides[i] = telnet.New(telnet.Config{Dialed: random.IntN(2) == 0, ComPort: random.IntN(2) == 0})
			if random.IntN(4) > 0 {
				wire[1-i] = sides[i].Start(wire[1-i])
			}
			wire[i] = append(wire[i], randomRequests(random)...)
		}
		for answers := 0; len(wire[0])+len(wire[1]) > 0; {
			i := random.IntN(2)
			in := wire[i]
			wire[i] = nil
			for len(in) > 0 {
				var ev telnet.Event
				ev, in = sides[i].Next(in)
				wire[1-i] = append(wire[1-i], ev.Reply...)
				answers += len(ev.Reply) / 3
			}
			require.Less(t, answers, 400, "seed %d: still talking", seed)
		}
	}
}

func randomRequests(random *rand.Rand) []byte {
	var b []byte
	for range random.IntN(40) {
		verb := byte(251 + random.IntN(4))
		option := []byte{0, 1, 3, 24, 44, 255}[random.IntN(6)]
		b = append(b, 255, verb, option)
	}
	return b
}

// TestMirror sends each answer straight back, as a peer does that
// acknowledges acknowledgements. It must not go on.
func TestMirror(t *testing.T) {
	t.Parallel()
	mirror := map[byte]byte{251: 253, 252: 254, 253: 251, 254: 252}
	for option := range 256 {
		for verb := range mirror {
			e := telnet.New(telnet.Config{ComPort: true})
			e.Start(nil)
			in := []byte{255, verb, byte(option)}
			for answers := 0; len(in) > 0; answers++ {
				require.Less(t, answers, 3, "verb %d option %d", verb, option)
				ev, rest := e.Next(in)
				require.Empty(t, rest)
				in = bytes.Clone(ev.Reply)
				if len(in) > 0 {
					in[1] = mirror[in[1]]
				}
			}
		}
	}
}
