package telnet_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// client talks to an engine and a ComPort over the line l.
type client struct {
	t       *testing.T
	engine  *telnet.Engine
	comPort *telnet.ComPort
}

// newClient returns a client that has agreed to COM-PORT and was told the
// first modem state.
func newClient(t *testing.T, l *line) *client {
	c := &client{t, telnet.New(telnet.Config{ComPort: true}), telnet.NewComPort(l, "ser2net")}
	c.engine.Start(nil)
	require.NotEmpty(t, c.send("fffb2c"))
	return c
}

// send gives the wire form and returns what is answered.
func (c *client) send(in string) (out []byte) {
	for rest := hexBytes(in); len(rest) > 0; {
		var ev telnet.Event
		ev, rest = c.engine.Next(rest)
		require.Empty(c.t, ev.Data)
		out = append(out, ev.Reply...)
		switch ev.Kind {
		case telnet.ComPortOn:
			out = c.comPort.Agree(out)
		case telnet.ComPortOff:
			c.comPort.Withdraw()
		case telnet.ComPortRequest:
			out = c.comPort.Answer(out, ev.Request)
		}
	}
	return out
}

// ask sends the commands, without IAC SB COM-PORT and IAC SE and parted by
// commas, and returns the answers so.
func (c *client) ask(commands string) string {
	var answers []string
	for _, command := range strings.Split(commands, ",") {
		answers = append(answers, c.answers(c.send("fffa2c"+command+"fff0"))...)
	}
	return strings.Join(answers, ",")
}

// answers parts what was answered.
func (c *client) answers(out []byte) (answers []string) {
	begin, end := hexBytes("fffa2c"), hexBytes("fff0")
	for len(out) > 0 {
		answer, rest, ok := bytes.Cut(out, end)
		require.True(c.t, ok && bytes.HasPrefix(answer, begin), "not COM-PORT: %x", out)
		answers = append(answers, hex.EncodeToString(answer[len(begin):]))
		out = rest
	}
	return answers
}

// TestAnswers has every row of the command table of RFC 2217. The answers are
// in order of the commands and in force, whatever was wanted.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		line     func() *line
		ask      string
		want     string
		wantMode string // "" = 9600 8 1 1 1
	}{
		{"signature_asked", newLine, "00", "64736572326e6574", ""},
		{"signature_told", newLine, "00414243", "", ""},

		{"baud_asked", newLine, "0100000000", "6500002580", ""},
		{"baud_set", newLine, "010001c200", "650001c200", "115200 8 1 1 1"},
		{"baud_any", newLine, "0100003039", "6500003039", "12345 8 1 1 1"},
		{"baud_with_iac", newLine, "010000ffff00", "650000ffff00", "65280 8 1 1 1"},
		{"baud_refused_by_driver", newLine, "010003d090", "6500002580", ""},
		{"baud_absurd", newPTY, "0180000000,01ffffffffffffffff", "6500002580,6500002580", ""},
		{"baud_with_more", newLine, "010000096000000000", "6500000960", "2400 8 1 1 1"},
		{"baud_without_value", newLine, "01,010000,01000000", "", ""},
		{"baud_cisco_asked", newLine, "0100", "6508", ""},
		{"baud_cisco_all", newPTY, "0103,0104,0105,0106,0107,0108,0109,010a,010b,010c,010d,010e,010f,0110",
			"6503,6504,6505,6506,6507,6508,6509,650a,650b,650c,650d,650e,650f,6510", "460800 8 1 1 1"},
		{"baud_cisco_set", newLine, "0106,0100000000", "6506,6500000960", "2400 8 1 1 1"},
		{"baud_cisco_unknown", newLine, "0101,0111,01ffff", "6508,6508,6508", ""},
		{"baud_cisco_refused_by_driver", newLine, "0110", "6508", ""},
		{"baud_cisco_no_code", newLine, "0100003039,0100", "6500003039,6500", "12345 8 1 1 1"},

		{"size_asked", newLine, "0200", "6608", ""},
		{"size_set", newLine, "0207,0206,0205,0208", "6607,6606,6605,6608", ""},
		{"size_out_of_range", newLine, "0209,0204,0201,02ffff", "6608,6608,6608,6608", ""},
		{"size_refused_by_driver", newPTY, "0207", "6608", ""},
		{"size_without_value", newLine, "02", "", ""},
		{"size_from_5_with_stop_15", newLine, "0205,0403,0208,0400", "6605,6803,6608,6802", "9600 8 1 2 1"},

		{"parity_asked", newLine, "0300", "6701", ""},
		{"parity_set", newLine, "0302,0303,0304,0305,0301", "6702,6703,6704,6705,6701", ""},
		{"parity_unknown", newLine, "0306,03ffff", "6701,6701", ""},
		{"parity_refused_by_driver", newPTY, "0303", "6701", ""},
		{"parity_without_value", newLine, "03", "", ""},

		{"stop_asked", newLine, "0400", "6801", ""},
		{"stop_set", newLine, "0402", "6802", "9600 8 1 2 1"},
		{"stop_15_with_8_bits", newLine, "0403", "6801", ""},
		{"stop_15_with_5_bits", newLine, "0205,0403", "6605,6803", "9600 5 1 3 1"},
		{"stop_unknown", newLine, "0404,04ffff", "6801,6801", ""},
		{"stop_without_value", newLine, "04", "", ""},

		{"flow_asked", newLine, "0500", "6901", ""},
		{"flow_set", newLine, "0503,0500,0502,0500,0501", "6903,6903,6902,6902,6901", ""},
		{"flow_inbound_asked", newLine, "050d,0502,050d,0503,050d", "690e,6902,690f,6903,6910", "9600 8 1 1 3"},
		{"flow_inbound_follows", newLine, "0510,050f,0503,0510,050e", "690e,690e,6903,6910,6910", "9600 8 1 1 3"},
		{"flow_of_other_lines", newLine, "0511,0512,0513", "6901,690e,6901", ""},
		{"control_unknown", newLine, "0514,05ffff", "6901,6901", ""},
		{"control_without_value", newLine, "05", "", ""},

		{"break", newLine, "0504,0505,0504,0506,0504", "6906,6905,6905,6906,6906", ""},
		{"dtr", newLine, "0507,0509,0507,0508,0507", "6908,6909,6909,6908,6908", ""},
		{"rts", newLine, "050a,050c,050a,050b,050a", "690b,690c,690c,690b,690b", ""},
		{"dtr_without_lines", newPTY, "0507,0509,0507,0508,0507", "6908,6909,6909,6908,6908", ""},
		{"rts_without_lines", newPTY, "050a,050c,050a,050b,050a", "690b,690c,690c,690b,690b", ""},

		{"line_state_asked", newLine, "06", "6a00", ""},
		{"modem_state_asked", newLine, "07,0700", "6b90,6b90", ""},
		{"modem_state_asked_without_lines", newPTY, "07", "6b90", ""},
		{"suspend_resume", newLine, "08,09", "", ""},
		{"line_mask", newLine, "0a1e,0affff", "6e1e,6a00,6effff,6a00", ""},
		{"modem_mask", newLine, "0b10,0b00,0bffff", "6f10,6b10,6f00,6b00,6fffff,6b90", ""},
		{"modem_state_asked_past_mask", newLine, "0b00,07", "6f00,6b00,6b90", ""},
		{"masks_without_value", newLine, "0a,0b", "", ""},

		{"purge", newLine, "0c01,0c02,0c03", "7001,7002,7003", ""},
		{"purge_unknown", newLine, "0c00,0c09,0cffff", "7000,7000,7000", ""},
		{"purge_without_value", newLine, "0c", "", ""},

		{"unknown", newLine, "0d01,6301", "", ""},
		{"for_a_client", newLine, "6400,6500002580,6901,6b00", "", ""},
		{"pyserial_opens", newLine, "010001c200,0208,0301,0401,0501,0508,050b,0c01,0c02",
			"650001c200,6608,6701,6801,6901,6908,690b,7001,7002", "115200 8 1 1 1"},
		{"pyserial_opens_without_lines", newPTY, "010001c200,0208,0301,0401,0501,0508,050b,0c01,0c02",
			"650001c200,6608,6701,6801,6901,6908,690b,7001,7002", "115200 8 1 1 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l := tc.line()
			c := newClient(t, l)
			assert.Equal(t, tc.want, c.ask(tc.ask))
			m := l.Mode()
			mode := fmt.Sprint(m.Baud, m.DataBits, m.Parity, m.Stop, m.Flow)
			if tc.wantMode == "" {
				tc.wantMode = "9600 8 1 1 1"
			}
			assert.Equal(t, tc.wantMode, mode)
		})
	}
}

func TestLineIsCalled(t *testing.T) {
	t.Parallel()
	l := newLine()
	c := newClient(t, l)
	c.ask("0505,0506,0504,0c01,0c02,0c03,0c00,0c04")
	want := []string{"break true", "break false", "flush true false", "flush false true", "flush true true"}
	assert.Equal(t, want, l.noted())
	c.ask("0509,050c")
	lines, _ := l.Lines()
	assert.Equal(t, telnet.Lines{CTS: true, DCD: true}, lines)
}

func TestRelease(t *testing.T) {
	t.Parallel()
	l := newLine()
	c := newClient(t, l)
	c.comPort.Release()
	assert.Empty(t, l.noted(), "no break to end")
	c.ask("0505")
	c.comPort.Release()
	c.comPort.Release()
	assert.Equal(t, []string{"break true", "break false"}, l.noted())
}
