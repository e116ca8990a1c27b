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
	if r.AnyRate {
		rates = append(rates, 1, 51, 12345, 250_000, 460_800, 1_000_000, 4_000_000, 12_000_000)
	}
	for _, baud := range rates {
		t.Run(fmt.Sprint(baud), func(t *testing.T) { readBack(t, r, ser2net.Mode{Baud: baud}) })
	}
}

func readsBackFrames(t *testing.T, r Rig) {
	modes := []ser2net.Mode{{StopBits: ser2net.StopBits2}}
	if r.AnyFrame {
		for _, parity := range []ser2net.Parity{
			ser2net.ParityNone, ser2net.ParityOdd, ser2net.ParityEven, ser2net.ParityMark, ser2net.ParitySpace,
		} {
			for bits := 5; bits <= 8; bits++ {
				modes = append(modes, ser2net.Mode{DataBits: bits, Parity: parity})
			}
		}
	}
	for _, m := range modes {
		t.Run(m.String(), func(t *testing.T) { readBack(t, r, m) })
	}
	half := ser2net.Mode{DataBits: 5, StopBits: ser2net.StopBits15}
	if r.HalfStop && !r.AnyFrame {
		return // accepted, but 5 data bits do not read back
	}
	readBackOrRefuse(t, r, half, r.HalfStop)
}

func readsBackCarrier(t *testing.T, r Rig) {
	readBackOrRefuse(t, r, ser2net.Mode{Carrier: true}, r.Carrier)
	readBackOrRefuse(t, r, ser2net.Mode{HangUp: true}, r.Carrier)
}

func readsBackFlow(t *testing.T, r Rig) {
	readBackOrRefuse(t, r, ser2net.Mode{Flow: ser2net.FlowRTSCTS}, r.Flow)
	readBackOrRefuse(t, r, ser2net.Mode{Flow: ser2net.FlowXonXoff}, r.Flow)
}

func readsBackRS485(t *testing.T, r Rig) {
	for _, rs485 := range []ser2net.RS485{
		{Enabled: true, DelayAfter: ser2net.Duration(5 * time.Millisecond)},
		{Enabled: true, DelayBefore: ser2net.Duration(100 * time.Millisecond), RTSAfterSend: true},
	} {
		readBackOrRefuse(t, r, ser2net.Mode{RS485: rs485}, r.RS485)
	}
}

func readBackOrRefuse(t *testing.T, r Rig, m ser2net.Mode, can bool) {
	t.Helper()
	t.Run(m.String(), func(t *testing.T) {
		if can {
			readBack(t, r, m)
			return
		}
		_, err := r.Opener.Open(t.Context(), r.Device, m)
		assert.ErrorIs(t, err, errors.ErrUnsupported)
		p := r.open(t, ser2net.DefaultMode())
		assert.ErrorIs(t, p.SetMode(m), errors.ErrUnsupported)
		assert.NoError(t, p.Close())
	})
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
	within(t, "SetMode", func() { assert.NoError(t, p.SetMode(ser2net.Mode{Baud: 115200})) })
	send(t, r.Peer, []byte("!"))
	within(t, "Read", func() { assert.Equal(t, byte('!'), <-got) })
}
