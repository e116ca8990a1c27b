package telnet_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// FuzzEngine gives one stream whole and cut by the bytes of cuts. Both must
// give the same, and all that is sent must be telnet.
func FuzzEngine(f *testing.F) {
	f.Add([]byte("plain"), []byte{1})
	for _, seed := range []string{
		"61ffff62", "fffd03fffb03fffe01fffc01", "fff6fff3fff2ff", "fffb2cfffa2c0100002580fff0",
		"fffa2c0bffffff", "fffa2c0505fff0fffa2c0affff", "fffa2c08fff0fffa2c09fff0", "fffdfffffbff",
		"fffa2c00" + repeat("41", 300) + "fff0", "fffa18fff341fff0", repeat("fffd03fffe03", 20),
	} {
		f.Add(hexBytes(seed), []byte{2, 1, 3})
	}
	f.Fuzz(func(t *testing.T, in, cuts []byte) {
		whole, parts := newServer(), newServer()
		whole.take(in)
		rest := in
		for _, n := range cuts {
			n := min(int(n), len(rest))
			parts.take(rest[:n])
			rest = rest[n:]
		}
		parts.take(rest)
		require.Equal(t, whole, parts)

		require.LessOrEqual(t, len(whole.data), len(in), "data grows")
		require.LessOrEqual(t, len(whole.out), 5*len(in)+7, "more than an AYT and the first notification")
		require.Empty(t, unescaped(whole.out), "sent %x", whole.out)
	})
}

// server is all that a stream leads to, to be compared.
type server struct {
	engine  *telnet.Engine
	comPort *telnet.ComPort
	line    *line
	data    []byte
	kinds   []telnet.Kind
	out     []byte
}

func newServer() *server {
	s := &server{engine: telnet.New(telnet.Config{ComPort: true}), line: newLine()}
	s.comPort = telnet.NewComPort(s.line, "\xffsignature")
	s.engine.Start(nil)
	return s
}

func (s *server) take(in []byte) {
	for rest := bytes.Clone(in); len(rest) > 0; {
		var ev telnet.Event
		ev, rest = s.engine.Next(rest)
		s.data = append(s.data, ev.Data...)
		s.out = append(s.out, ev.Reply...)
		if ev.Kind != telnet.Nothing && ev.Kind != telnet.Data {
			s.kinds = append(s.kinds, ev.Kind)
		}
		switch ev.Kind {
		case telnet.ComPortOn:
			s.out = s.comPort.Agree(s.out)
		case telnet.ComPortOff:
			s.comPort.Withdraw()
		case telnet.ComPortRequest:
			s.out = s.comPort.Answer(s.out, ev.Request)
		}
	}
}

// unescaped returns what is left of out behind the answers to AYT,
// negotiations and whole sub-negotiations: the place where an IAC is wrong.
func unescaped(out []byte) []byte {
	for len(out) > 0 {
		switch {
		case bytes.HasPrefix(out, []byte("\r\n[Yes]\r\n")):
			out = out[9:]
		case len(out) >= 3 && out[0] == 255 && out[1] > 250 && out[1] < 255:
			out = out[3:]
		case len(out) >= 2 && out[0] == 255 && out[1] == 250:
			n := subLen(out[2:])
			if n < 0 {
				return out
			}
			out = out[2+n:]
		default:
			return out
		}
	}
	return nil
}

// subLen returns the length of a sub-negotiation with its IAC SE, -1 when it
// has no end or an IAC before it that is not doubled.
func subLen(b []byte) int {
	for i := 0; i+1 < len(b); i++ {
		switch {
		case b[i] != 255:
		case b[i+1] == 255:
			i++
		case b[i+1] == 240:
			return i + 2
		default:
			return -1
		}
	}
	return -1
}

// FuzzData: whatever the data, the other side reads the same.
func FuzzData(f *testing.F) {
	f.Add([]byte("plain"), 2)
	f.Add(hexBytes("ff00ffff61fff0fffb"), 1)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		e := telnet.New(telnet.Config{})
		var got []byte
		wire := telnet.AppendData(nil, data)
		for len(wire) > 0 {
			n := min(max(size, 1), len(wire))
			for in := wire[:n]; len(in) > 0; {
				var ev telnet.Event
				ev, in = e.Next(in)
				got = append(got, ev.Data...)
			}
			wire = wire[n:]
		}
		require.Equal(t, data, append([]byte{}, got...))
	})
}
