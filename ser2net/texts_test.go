package ser2net_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/ser2net"
)

func TestBanner(t *testing.T) {
	// Measured on C ser2net: \o \d \N \p \B. This is when a bubble begins.
	begin := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Local()
	for name, c := range map[string]struct{ text, want string }{
		"plain":   {"hello", "hello"},
		"escapes": {`\a\b\f\n\r\t\v\\\?\'\"\0\101\x41\377`, "\a\b\f\n\r\t\v\\?'\"\x00AA\xff"},
		"names":   {`\o \d \N \p \B`, "a serialdev,/dev/ttyUSB0,9600n81,local a tcp,127.0.0.1,1 9600N81,CLOCAL"},
		"time":    {`\Y-\m-\D \H:\i:\S \h\q \P \M \A \y \e \U`, begin.Format("2006-01-02 15:04:05 03pm PM Jan Mon ") + strconv.Itoa(begin.YearDay()-1) + " 946684800 0"},
		"remote":  {`from \I`, "from client"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, config(port(func(p *ser2net.PortConfig) { p.Banner = c.text })), func(t *testing.T, r *rig) {
				client := r.connect()
				assert.Equal(t, c.want, client.heard())
				r.say("data")
				assert.Equal(t, "data", client.heard())
			})
		})
	}
}

// A refused client sees no banner; a telnet one sees it after the options.
func TestBannerIsForThoseWhoAreServed(t *testing.T) {
	c := config(port(telnet, func(p *ser2net.PortConfig) { p.Banner = `hi\xff\r\n` }))
	bubble(t, c, func(t *testing.T, r *rig) {
		client := r.connect()
		assert.Equal(t, options+"hi\xff\xff\r\n", client.heard())
		assert.Equal(t, options+"Port already in use\r\n", r.connect().heard())
	})
}

func TestOpenAndCloseStrings(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) { p.MaxClients, p.OpenString, p.CloseString = 2, `ATZ\r`, `\x1a` }))
	bubble(t, c, func(t *testing.T, r *rig) {
		one, two := r.connect(), r.connect()
		one.send("1")
		one.close()
		assert.Equal(t, "ATZ\r1", r.hear())
		two.send("2")
		two.close()
		assert.Equal(t, "2\x1a", r.hear())
	})
}

// The text may begin inside a failed one: C ser2net misses that.
func TestCloseOn(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) { p.MaxClients, p.CloseOn = 2, "ababc" }))
	bubble(t, c, func(t *testing.T, r *rig) {
		one, two := r.connect(), r.connect()
		r.say("xaba")
		r.say("bab")
		assert.False(t, one.ended())
		r.say("cyz")
		assert.Equal(t, "xabababc", one.heard())
		assert.Equal(t, "xabababc", two.heard())
		assert.True(t, one.ended())
		assert.True(t, two.ended())
	})
}

func TestTimeouts(t *testing.T) {
	t.Run("network", func(t *testing.T) {
		c := config(port(func(p *ser2net.PortConfig) { p.NetworkTimeout = seconds(10) }))
		bubble(t, c, func(t *testing.T, r *rig) {
			client := r.connect()
			sleep(t, "9s")
			client.send("x")
			sleep(t, "9s")
			r.say("y")
			sleep(t, "9s")
			assert.False(t, client.ended(), "both directions count")
			sleep(t, "1s")
			assert.True(t, client.ended())
		})
	})
	t.Run("serial", func(t *testing.T) {
		c := config(port(func(p *ser2net.PortConfig) { p.SerialTimeout, p.MaxClients = seconds(10), 2 }))
		bubble(t, c, func(t *testing.T, r *rig) {
			one, two := r.connect(), r.connect()
			sleep(t, "9s")
			r.say("y")
			sleep(t, "5s")
			one.send("x")
			sleep(t, "4s")
			assert.False(t, one.ended())
			sleep(t, "1s")
			assert.True(t, one.ended(), "only the device counts")
			assert.True(t, two.ended())
		})
	})
}

func TestRawLP(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) { p.Protocol = ser2net.ProtocolRawLP }))
	bubble(t, c, func(t *testing.T, r *rig) {
		client := r.connect()
		client.send("page")
		assert.Equal(t, "page", r.hear())
		r.say("dropped")
		assert.Empty(t, client.heard())
	})
}

func TestPacking(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) {
		p.Packing = ser2net.Packing{
			Delimiter: `\r\n`, DelimiterProcess: ser2net.DelimiterStrip,
			ForceTime: seconds(1), Length: 8, SendOn: ">",
		}
	}))
	bubble(t, c, func(t *testing.T, r *rig) {
		client := r.connect()
		r.say("on")
		assert.Empty(t, client.heard())
		r.say("e\r\ntwo")
		assert.Equal(t, "one", client.heard())
		r.say("\r\npass>")
		assert.Equal(t, "twopass>", client.heard())
		r.say("012345678")
		assert.Equal(t, "01234567", client.heard())
		sleep(t, "1s")
		assert.Equal(t, "8", client.heard())
		assert.EqualValues(t, 5, r.service.Status().Ports[0].Packets)
		r.say("end")
		r.line.Unplug()
		assert.Equal(t, "end", client.heard(), "a loss ends the packet")
	})
}
