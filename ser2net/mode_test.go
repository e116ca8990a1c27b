package ser2net_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

func TestModePrints(t *testing.T) {
	off, on := false, true
	for want, m := range map[string]ser2net.Mode{
		"9600n81":         {Carrier: true},
		"9600n81,local":   ser2net.DefaultMode(),
		"115200e71,local": {Baud: 115200, DataBits: 7, Parity: ser2net.ParityEven},
		"12345o82,rtscts": {Carrier: true, Baud: 12345, Parity: ser2net.ParityOdd, StopBits: ser2net.StopBits2, Flow: ser2net.FlowRTSCTS},
		"50m51.5,xonxoff": {Carrier: true, Baud: 50, DataBits: 5, Parity: ser2net.ParityMark, StopBits: ser2net.StopBits15, Flow: ser2net.FlowXonXoff},
		"300s61":          {Carrier: true, Baud: 300, DataBits: 6, Parity: ser2net.ParitySpace},
		"9600n81,dtr=off": {Carrier: true, DTR: &off},
		"9600n81,dtr=on,rts=off,rs485=1:20:rts_on_send": {
			Carrier: true, DTR: &on, RTS: &off,
			RS485: ser2net.RS485{Enabled: true, DelayBefore: ms(1), DelayAfter: ms(20)},
		},
		"9600n81,hangup-when-done,rs485=0:0:rts_after_send:rx_during_tx:terminate_bus": {
			Carrier: true, HangUp: true,
			RS485: ser2net.RS485{Enabled: true, RTSAfterSend: true, RxDuringTx: true, TerminateBus: true},
		},
	} {
		t.Run(want, func(t *testing.T) {
			assert.Equal(t, want, m.String())
			assert.NoError(t, m.Validate())
		})
	}
}

func ms(n int) ser2net.Duration { return ser2net.Duration(n) * ser2net.Duration(time.Millisecond) }

func TestModeNormal(t *testing.T) {
	assert.Equal(t, ser2net.Mode{
		Baud: 9600, DataBits: 8, Parity: ser2net.ParityNone, StopBits: ser2net.StopBits1, Flow: ser2net.FlowNone,
	}, ser2net.DefaultMode())
	m := ser2net.Mode{Baud: 50, DataBits: 5, Parity: ser2net.ParityOdd, StopBits: ser2net.StopBits15, Flow: ser2net.FlowXonXoff, HangUp: true}
	assert.Equal(t, m, m.Normal(), "what is set stays")
	off := ser2net.Mode{RS485: ser2net.RS485{DelayBefore: ms(5)}}
	assert.Equal(t, ser2net.DefaultMode(), off.Normal(), "no driver tells the delays of what is off")
}

func TestModeFaults(t *testing.T) {
	for problem, m := range map[string]ser2net.Mode{
		"baud: -1 is out of range, allowed is 1 to 20000000":                                {Baud: -1},
		"baud: 20000001 is out of range, allowed is 1 to 20000000":                          {Baud: ser2net.MaxBaud + 1},
		"data_bits: 4 is out of range, allowed is 5 to 8":                                   {DataBits: 4},
		"data_bits: 9 is out of range, allowed is 5 to 8":                                   {DataBits: 9},
		`parity: unknown word "strange", want none, odd, even, mark, space`:                 {Parity: "strange"},
		`stop_bits: unknown word "3", want 1, 1.5, 2`:                                       {StopBits: "3"},
		"stop_bits: 1.5 goes with 5 data bits only, not with 8":                             {StopBits: ser2net.StopBits15},
		`flow: unknown word "both", want none, rtscts, xonxoff`:                             {Flow: "both"},
		"rs485.delay_before: 101ms is not allowed, want whole milliseconds from 0 to 100ms": {RS485: ser2net.RS485{DelayBefore: ms(101)}},
		"rs485.delay_after: 1.5ms is not allowed, want whole milliseconds from 0 to 100ms": {
			RS485: ser2net.RS485{DelayAfter: ms(3) / 2},
		},
		"rs485: cannot go with the flow control rtscts, both need the line RTS": {
			Flow: ser2net.FlowRTSCTS, RS485: ser2net.RS485{Enabled: true},
		},
	} {
		t.Run(problem, func(t *testing.T) {
			assert.EqualError(t, m.Validate(), problem)
		})
	}
	var faults ser2net.ConfigError
	require.ErrorAs(t, ser2net.Mode{Baud: -1, DataBits: 1, Parity: "x"}.Validate(), &faults)
	assert.Len(t, faults, 3, "all faults are found")
}

func TestModeInJSON(t *testing.T) {
	m := ser2net.DefaultMode()
	require.NoError(t, json.Unmarshal([]byte(`{"baud":19200,"parity":"even","stop_bits":"2","flow":"rtscts","dtr":false,
		"rs485":{"enabled":true,"delay_after":"5ms"}}`), &m))
	assert.Equal(t, "19200e82,local,rtscts,dtr=off,rs485=0:5:rts_on_send", m.String())

	back, err := json.Marshal(m)
	require.NoError(t, err)
	var again ser2net.Mode
	require.NoError(t, json.Unmarshal(back, &again))
	assert.Equal(t, m, again)

	require.NoError(t, json.Unmarshal([]byte(`{"parity":"","stop_bits":"","flow":""}`), &again))
	assert.Equal(t, "19200n81,local,dtr=off,rs485=0:5:rts_on_send", again.String(), "an empty word is the default")

	for _, text := range []string{`{"parity":"Even"}`, `{"stop_bits":"1,5"}`, `{"flow":"hardware"}`} {
		before := again
		require.Error(t, json.Unmarshal([]byte(text), &again), text)
		assert.Equal(t, before, again, "a refused word leaves the value alone")
	}
}
