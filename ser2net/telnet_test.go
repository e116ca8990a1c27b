package ser2net_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

const (
	willComPort = "\xff\xfb\x2c"
	doComPort   = "\xff\xfd\x2c"
)

// com is a COM-PORT command or answer.
func com(code byte, value string) string {
	return "\xff\xfa\x2c" + string([]byte{code}) + value + "\xff\xf0"
}

func TestTelnetIsTransparent(t *testing.T) {
	bubble(t, config(port(telnet)), func(t *testing.T, r *rig) {
		client := r.connect()
		assert.Equal(t, options, client.heard())
		client.send("a\r\n\xff\xff\x00\r\x00\xff\xf1b") // with a NOP
		assert.Equal(t, "a\r\n\xff\x00\r\x00b", r.hear())
		r.say("c\xff\r\n\x00")
		assert.Equal(t, "c\xff\xff\r\n\x00", client.heard())
		client.send(willComPort)
		assert.Equal(t, "\xff\xfe\x2c", client.heard(), "refused")
		client.send(com(1, "\x00\x00\x25\x80"))
		assert.Empty(t, client.heard())
		assert.Empty(t, r.hear(), "no command is data")
	})
}

func TestTelnetBreak(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ser2net.PortConfig)
		send   string
		breaks uint64
	}{
		"break":        {telnet, "\xff\xf3", 1},
		"sync":         {telnet, "\xff\xf2", 0},
		"sync_as_one":  {func(p *ser2net.PortConfig) { telnet(p); p.BreakOnSync = true }, "\xff\xf2", 1},
		"not_wanted":   {func(p *ser2net.PortConfig) { telnet(p); p.NoBreak = true }, "\xff\xf3", 0},
		"by_a_command": {rfc2217, com(5, "\x05") + com(5, "\x06"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, config(port(c.change)), func(t *testing.T, r *rig) {
				client := r.connect()
				client.send(c.send + "x")
				sleep(t, "1s")
				counters, err := r.line.Far().Counters()
				require.NoError(t, err)
				assert.Equal(t, c.breaks, counters.Break)
				assert.Equal(t, "x", r.hear(), "the break has ended")
			})
		})
	}
}

// A client that goes while it holds the line in a break leaves it usable.
func TestBreakEndsWithItsClient(t *testing.T) {
	bubble(t, config(port(rfc2217, func(p *ser2net.PortConfig) { p.MaxClients = 2 })), func(t *testing.T, r *rig) {
		client, other := r.connect(), r.connect()
		client.send(com(5, "\x05"))
		client.close()
		other.send("x")
		assert.Equal(t, "x", r.hear())
	})
}

// A client that sends nothing but breaks gets one of them, and those that wait
// when it loses its place are not sent.
func TestBreakStorm(t *testing.T) {
	bubble(t, config(port(telnet, func(p *ser2net.PortConfig) { p.MaxClients = 2 })), func(t *testing.T, r *rig) {
		breaks := func() uint64 {
			counters, err := r.line.Far().Counters()
			require.NoError(t, err)
			return counters.Break
		}
		bad, good := r.connect(), r.connect()
		bad.send(strings.Repeat("\xff\xf3", 100) + "x" + strings.Repeat("\xff\xf3\xff\xf1", 10))
		sleep(t, "1m")
		assert.EqualValues(t, 2, breaks())

		go func() { _, _ = bad.conn.Write([]byte(strings.Repeat("\xff\xf3x", 80))) }()
		sleep(t, "1s")
		begun := breaks()
		assert.Less(t, begun, uint64(10))
		require.NoError(t, r.service.Disconnect("a", r.service.Status().Ports[0].Clients[0].ID))
		good.send("good")
		assert.Regexp(t, "good$", r.hear(), "the break has ended")
		sleep(t, "1m")
		assert.Equal(t, begun, breaks())
	})
}

// PURGE drops what waits at the device, each way.
func TestPurge(t *testing.T) {
	for _, c := range []struct {
		name, what      string
		toNet, toDevice bool // is kept
	}{
		{"received", "\x01", false, true}, {"written", "\x02", true, false}, {"both", "\x03", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, config(port(rfc2217, func(p *ser2net.PortConfig) { p.Queue = 1024 })), func(t *testing.T, r *rig) {
				client := r.connect()
				client.send(willComPort + com(8, "")) // so that the device has to wait
				client.heard()
				sent := pattern(1024 + 512)
				for at := 0; at < len(sent); at += 512 {
					r.say(sent[at : at+512])
				}
				r.line.Wedge(true)
				client.send("to the device")
				r.say("waits") // in the driver
				client.send(com(12, c.what) + com(9, ""))
				r.line.Wedge(false)
				assert.Equal(t, c.toNet, strings.HasSuffix(client.heard(), "waits"))
				assert.Equal(t, c.toDevice, r.hear() == "to the device")
			})
		})
	}
}

func TestRFC2217(t *testing.T) {
	bubble(t, config(port(rfc2217)), func(t *testing.T, r *rig) {
		client := r.connect()
		assert.Equal(t, options+doComPort, client.heard())
		client.send(willComPort)
		assert.Equal(t, com(107, "\xb0"), client.heard(), "CTS, DSR and DCD of the far end")
		for _, c := range []struct{ name, send, want string }{
			{"signature", com(0, ""), com(100, "ser2net")},
			{"rate", com(1, "\x00\x01\xc2\x00"), com(101, "\x00\x01\xc2\x00")},
			{"size", com(2, "\x07"), com(102, "\x07")},
			{"bad_size", com(2, "\x09"), com(102, "\x07")},
			{"parity", com(3, "\x03"), com(103, "\x03")},
			{"stop", com(4, "\x02"), com(104, "\x02")},
			{"flow", com(5, "\x03"), com(105, "\x03")},
			{"dtr", com(5, "\x09"), com(105, "\x09")},
			{"purge", com(12, "\x03"), com(112, "\x03")},
		} {
			client.send(c.send)
			assert.Equal(t, c.want, client.heard(), c.name)
		}
		assert.Equal(t, "115200e72,local,rtscts", r.line.Mode().String())
		assert.Equal(t, "115200e72,local,rtscts", r.service.Status().Ports[0].Mode.String())
		lines, err := r.line.Far().Lines()
		require.NoError(t, err)
		assert.False(t, lines.DSR, "DTR of the device is off")

		client.close()
		again := r.connect()
		assert.Equal(t, "9600n81,local", r.line.Mode().String(), "the next client begins with what is configured")
		again.close()
	})
}

// A client may send requests without ever saying WILL, as pyserial does.
func TestModemLinesAreToldWithoutWill(t *testing.T) {
	bubble(t, config(port(rfc2217)), func(t *testing.T, r *rig) {
		client := r.connect()
		client.heard()
		client.send(com(5, "\x08"))
		assert.Equal(t, com(107, "\xb0")+com(105, "\x08"), client.heard())
		off := false
		require.NoError(t, r.line.Far().SetLines(nil, &off))
		sleep(t, "1s")
		assert.Equal(t, com(107, "\xa1"), client.heard())
	})
}

func TestModemLinesAreTold(t *testing.T) {
	bubble(t, config(port(rfc2217)), func(t *testing.T, r *rig) {
		client := r.connect()
		client.send(willComPort)
		client.heard()
		off, on := false, true
		require.NoError(t, r.line.Far().SetLines(nil, &off))
		assert.Equal(t, com(107, "\xa1"), client.heard(), "CTS went off")
		client.send(com(11, "\xee"))
		client.heard()
		require.NoError(t, r.line.Far().SetLines(nil, &on))
		assert.Empty(t, client.heard(), "masked")
		require.NoError(t, r.line.Far().SetLines(&off, nil))
		assert.NotEmpty(t, client.heard())
	})
}

func TestLineErrorsAreTold(t *testing.T) {
	bubble(t, config(port(rfc2217)), func(t *testing.T, r *rig) {
		client := r.connect()
		client.send(willComPort)
		client.send(com(10, "\x1e"))
		client.heard()
		for _, c := range []struct {
			fault      ser2nettest.Fault
			told, data string
		}{
			{ser2nettest.BadParity, "\x04", "x"}, {ser2nettest.BadFraming, "\x08", "x"},
			{ser2nettest.Overrun, "\x02", ""}, {ser2nettest.BufOverrun, "\x02", ""},
		} {
			r.line.Damage(c.fault)
			r.say("x")
			sleep(t, "1s")
			assert.Equal(t, c.data+com(106, c.told), client.heard())
			sleep(t, "1s")
			assert.Empty(t, client.heard(), "once")
		}
		require.NoError(t, r.line.Far().SetBreak(true))
		sleep(t, "1s")
		assert.Equal(t, com(106, "\x10"), client.heard())
	})
}

func TestSuspendAndResume(t *testing.T) {
	bubble(t, config(port(rfc2217)), func(t *testing.T, r *rig) {
		client := r.connect()
		client.send(willComPort + com(8, ""))
		client.heard()
		r.say("held")
		assert.Empty(t, client.heard())
		client.send(com(2, "\x00"))
		assert.Equal(t, com(102, "\x08"), client.heard(), "answers are not held back")
		client.send(com(9, ""))
		assert.Equal(t, "held", client.heard())
		r.say("on")
		assert.Equal(t, "on", client.heard())
	})
}

// While a client is suspended the device is stopped, not its data lost.
func TestSuspendStopsTheDevice(t *testing.T) {
	bubble(t, config(port(rfc2217, func(p *ser2net.PortConfig) { p.Queue = 1024 })), func(t *testing.T, r *rig) {
		client := r.connect()
		client.send(willComPort + com(8, ""))
		client.heard()
		want := strings.Repeat("0123456789abcdef", 2048)
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, _ = r.line.Far().Write([]byte(want))
		}()
		sleep(t, "1s")
		assert.Empty(t, client.heard())
		select {
		case <-sent:
			assert.Fail(t, "the device was not stopped")
		default:
		}
		client.send(com(9, ""))
		<-sent
		assert.Equal(t, want, client.heard())
	})
}

// What is set by a client holds when the device comes back.
func TestModeSurvivesTheLossOfTheDevice(t *testing.T) {
	bubble(t, config(port(rfc2217, func(p *ser2net.PortConfig) { p.OnLoss = ser2net.OnLossKeep })), func(t *testing.T, r *rig) {
		client := r.connect()
		client.send(willComPort + com(1, "\x00\x00\x4b\x00"))
		client.heard()
		r.line.Unplug()
		assert.Equal(t, com(107, "\x0b"), client.heard(), "all lines fell")
		client.send(com(1, "\x00\x00\x00\x00"))
		assert.Equal(t, com(101, "\x00\x00\x4b\x00"), client.heard())
		r.line.Plug()
		sleep(t, "1s")
		assert.Equal(t, 19200, r.line.Mode().Baud)
		assert.Equal(t, com(107, "\xbb"), client.heard())
	})
}

// So do the lines, while a break ends with the device.
func TestLinesSurviveTheLossOfTheDevice(t *testing.T) {
	bubble(t, config(port(rfc2217, func(p *ser2net.PortConfig) { p.OnLoss = ser2net.OnLossKeep })), func(t *testing.T, r *rig) {
		client := r.connect()
		client.send(willComPort + com(5, "\x09") + com(5, "\x05"))
		r.line.Unplug()
		client.heard()
		client.send(com(5, "\x04") + com(5, "\x0c") + com(5, "\x05"))
		assert.Equal(t, com(105, "\x06")+com(105, "\x0c")+com(105, "\x05"), client.heard(), "no break; RTS off, and a break, as wished")
		r.line.Plug()
		sleep(t, "1s")
		client.heard()
		client.send(com(5, "\x07") + com(5, "\x0a") + com(5, "\x04"))
		assert.Equal(t, com(105, "\x09")+com(105, "\x0c")+com(105, "\x06"), client.heard())
		client.send("x")
		assert.Equal(t, "x", r.hear())
		lines, err := r.line.Far().Lines()
		require.NoError(t, err)
		assert.False(t, lines.DSR || lines.CTS, "both are off at the far end")
	})
}
