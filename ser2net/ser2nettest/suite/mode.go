package suite

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

// readBack opens the device in a mode and, open in another one, sets it.
func readBack(t *testing.T, r Rig, m ser2net.Mode) {
	t.Helper()
	p := r.open(t, m)
	got, err := p.Mode()
	require.NoError(t, err)
	assert.Equal(t, m.Normal(), got, "after Open")

	require.NoError(t, p.SetMode(ser2net.DefaultMode()))
	got, err = p.Mode()
	require.NoError(t, err)
	assert.Equal(t, ser2net.DefaultMode(), got, "back to the default")
	require.NoError(t, p.SetMode(m))
	got, err = p.Mode()
	require.NoError(t, err)
	assert.Equal(t, m.Normal(), got, "after SetMode")
	require.NoError(t, p.Close())
}

func readsBackRates(t *testing.T, r Rig) {
	rates := []int{300, 1200, 9600, 19200, 38400, 57600, 115200}
	if r.Any {
		rates = append(rates, 1, 51, 12345, 250_000, 460_800, 1_000_000, 4_000_000, 12_000_000)
	}
	for _, baud := range rates {
		t.Run(fmt.Sprint(baud), func(t *testing.T) { readBack(t, r, ser2net.Mode{Baud: baud, Local: true}) })
	}
}

func readsBackFrames(t *testing.T, r Rig) {
	modes := []ser2net.Mode{
		{StopBits: ser2net.StopBits2, Local: true},
		{Local: false},
		{HangUp: true},
	}
	if r.Frame {
		for _, parity := range []ser2net.Parity{
			ser2net.ParityNone, ser2net.ParityOdd, ser2net.ParityEven, ser2net.ParityMark, ser2net.ParitySpace,
		} {
			for bits := 5; bits <= 8; bits++ {
				modes = append(modes, ser2net.Mode{DataBits: bits, Parity: parity, Local: true})
			}
		}
		modes = append(modes, ser2net.Mode{DataBits: 5, StopBits: ser2net.StopBits15, Local: true})
	}
	for _, m := range modes {
		t.Run(m.String(), func(t *testing.T) { readBack(t, r, m) })
	}
}

func readsBackFlow(t *testing.T, r Rig) {
	for _, flow := range []ser2net.FlowControl{ser2net.FlowRTSCTS, ser2net.FlowXonXoff} {
		t.Run(string(flow), func(t *testing.T) {
			m := ser2net.Mode{Flow: flow, Local: true}
			if r.Flow {
				readBack(t, r, m)
				return
			}
			_, err := r.Opener.Open(t.Context(), r.Device, m)
			assert.ErrorIs(t, err, errors.ErrUnsupported)
			p := r.open(t, ser2net.DefaultMode())
			assert.ErrorIs(t, p.SetMode(m), errors.ErrUnsupported)
		})
	}
}

// A client may change the mode at any time.
func modeWhileReading(t *testing.T, r Rig) {
	p := r.open(t, ser2net.DefaultMode())
	got := make(chan byte, 1)
	go func() {
		one := make([]byte, 1)
		if n, err := p.Read(one); assert.NoError(t, err) && assert.Equal(t, 1, n) {
			got <- one[0]
		}
	}()
	time.Sleep(20 * time.Millisecond)
	within(t, "SetMode", func() { assert.NoError(t, p.SetMode(ser2net.Mode{Baud: 115200, Local: true})) })
	send(t, r.Peer, []byte("!"))
	within(t, "Read", func() { assert.Equal(t, byte('!'), <-got) })
}

func rs485(t *testing.T, r Rig) {
	m := ser2net.Mode{Local: true, RS485: ser2net.RS485{Enabled: true, DelayAfter: ser2net.Duration(5 * time.Millisecond)}}
	if r.RS485 {
		readBack(t, r, m)
		m.RS485.RTSAfterSend = true
		m.RS485.DelayBefore = ser2net.Duration(100 * time.Millisecond)
		readBack(t, r, m)
		return
	}
	_, err := r.Opener.Open(t.Context(), r.Device, m)
	require.ErrorIs(t, err, errors.ErrUnsupported)
	p := r.open(t, ser2net.DefaultMode())
	assert.ErrorIs(t, p.SetMode(m), errors.ErrUnsupported)
}
