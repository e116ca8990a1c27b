package telnet_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

func TestAgreement(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		line *line
		in   string
		want string
	}{
		{"without_lines", &line{}, "fffb2c", "fffa2c6b00fff0"},
		{"with_lines", newLine(), "fffb2c", "fffa2c6b90fff0"},
		{"every_line_on", &line{wired: true, lines: telnet.Lines{CTS: true, DSR: true, RI: true, DCD: true}}, "fffb2c", "fffa2c6bf0fff0"},
		{"twice", newLine(), "fffb2c fffb2c", "fffa2c6b90fff0"},
		{"again", newLine(), "fffb2c fffc2c fffb2c", "fffa2c6b90fff0 fffe2c fffd2c fffa2c6b90fff0"},
		{"by_request", newLine(), "fffa2c0501fff0 fffb2c", "fffa2c6b90fff0 fffa2c6901fff0"},
		{"never", newLine(), "fffc2c fffa2c0501fff0", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := &client{t, telnet.New(telnet.Config{ComPort: true}), telnet.NewComPort(tc.line, "")}
			c.engine.Start(nil)
			assert.Equal(t, hexBytes(tc.want), append([]byte{}, c.send(tc.in)...))
		})
	}
}

// TestModemChanged gives the modem lines after each change, by the initials
// of those that are on, and what the client is told.
func TestModemChanged(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		mask    string // "" = none set
		changes string
		want    string
	}{
		{"none", "", "CD", ""},
		{"cts", "", "D CD", "6b81 6b91"},
		{"dsr", "", "CDS CD", "6bb2 6b92"},
		{"dcd", "", "C CD", "6b18 6b98"},
		{"ring_told_by_level_then_edge", "", "CDR CD", "6bd0 6b94"},
		{"several", "", "S CD", "6b2b 6b9b"},
		{"repeated", "", "D D D", "6b81"},
		{"doubled_iac", "", "CDSR -", "6bf2 6b0f"},
		{"mask_0", "00", "D CD S", ""},
		{"mask_level", "10", "D CD CDS", "6b00 6b10"},
		{"mask_delta", "01", "D CD CDS", "6b01 6b01"},
		{"mask_both", "11", "D CD CDS", "6b01 6b11"},
		{"mask_other", "20", "D CD", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, newLine())
			if tc.mask != "" {
				c.ask("0b" + tc.mask)
			}
			var told []string
			for _, on := range strings.Fields(tc.changes) {
				out := c.comPort.ModemChanged(nil, telnet.Lines{
					CTS: strings.Contains(on, "C"), DSR: strings.Contains(on, "S"),
					RI: strings.Contains(on, "R"), DCD: strings.Contains(on, "D"),
				})
				told = append(told, c.answers(out)...)
			}
			assert.Equal(t, tc.want, strings.Join(told, " "))
		})
	}
}

func TestModemChangedEscapes(t *testing.T) {
	t.Parallel()
	c := newClient(t, &line{wired: true, lines: telnet.Lines{RI: true}})
	all := telnet.Lines{CTS: true, DSR: true, DCD: true}
	assert.Equal(t, hexBytes("fffa2c6bbffff0"), c.comPort.ModemChanged(nil, all))
	assert.Equal(t, hexBytes("fffa2c6ebffff0fffa2c6a00fff0"), c.send("fffa2c0abffff0"))
	assert.Equal(t, hexBytes("fffa2c6efffffff0fffa2c6a00fff0"), c.send("fffa2c0afffffff0"))
}

func TestLineChanged(t *testing.T) {
	t.Parallel()
	all := telnet.LineBreak | telnet.LineFraming | telnet.LineOverrun | telnet.LineParity
	c := newClient(t, newLine())
	assert.Empty(t, c.comPort.LineChanged(nil, all), "the mask begins with 0")
	c.ask("0a14")
	assert.Equal(t, hexBytes("fffa2c6a14fff0"), c.comPort.LineChanged(nil, all))
	assert.Equal(t, hexBytes("fffa2c6a10fff0"), c.comPort.LineChanged(nil, telnet.LineBreak))
	assert.Empty(t, c.comPort.LineChanged(nil, telnet.LineOverrun|telnet.LineFraming))
	c.send("fffc2c")
	assert.Empty(t, c.comPort.LineChanged(nil, all), "withdrawn")
	c.send("fffb2c")
	assert.Empty(t, c.comPort.LineChanged(nil, all), "the masks begin anew")
}

func TestNotAgreed(t *testing.T) {
	t.Parallel()
	c := telnet.NewComPort(newLine(), "")
	assert.Empty(t, c.ModemChanged(nil, telnet.Lines{}))
	c.Agree(nil)
	assert.NotEmpty(t, c.ModemChanged(nil, telnet.Lines{}))
	c.Withdraw()
	assert.Empty(t, c.ModemChanged(nil, telnet.Lines{CTS: true}))
}

// TestConcurrent is for the race detector: the reader of a connection answers
// while the watcher of the line notifies.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	l := newLine()
	c := newClient(t, l)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 500 {
			c.comPort.ModemChanged(nil, telnet.Lines{CTS: i%2 == 0})
			c.comPort.LineChanged(nil, telnet.LineBreak)
		}
	})
	for range 100 {
		c.ask("0507,0509,0508,07,0a10,0bffff,0505,0506,010001c200")
	}
	wg.Wait()
	assert.Equal(t, 115200, l.Mode().Baud)
}
