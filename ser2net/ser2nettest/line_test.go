package ser2nettest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

func open(t *testing.T, o *ser2nettest.Opener, device string, m ser2net.Mode) *ser2nettest.Port {
	t.Helper()
	p, err := o.Open(t.Context(), device, m)
	require.NoError(t, err)
	return p.(*ser2nettest.Port)
}

func TestPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := ser2nettest.Pair()
		go func() {
			_, err := io.WriteString(a, "hello")
			assert.NoError(t, err)
		}()
		got := make([]byte, 16)
		n, err := b.Read(got)
		require.NoError(t, err)
		assert.Equal(t, "hello", string(got[:n]))
		require.NoError(t, b.Close())
		_, err = io.WriteString(a, "into the void")
		assert.NoError(t, err, "a closed port drops what it receives")
		assert.NoError(t, a.Close())
	})
}

// A character of 9600n81 takes 1/960 s.
func TestPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o ser2nettest.Opener
		line := o.Add("ttyS0", ser2nettest.Hardware{Paced: true})
		p := open(t, &o, "ttyS0", ser2net.DefaultMode())
		begin := time.Now()
		_, err := p.Write(make([]byte, 960))
		require.NoError(t, err)
		assert.Zero(t, time.Since(begin), "Write fills the buffer")
		one := make([]byte, 1)
		for i := range 960 {
			n, err := line.Far().Read(one)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.InDelta(t, float64(i+1)/960, time.Since(begin).Seconds(), 1e-6)
		}
		require.NoError(t, p.SetMode(ser2net.Mode{Baud: 110, DataBits: 7, Parity: ser2net.ParityEven, StopBits: ser2net.StopBits2}))
		begin = time.Now()
		_, err = p.Write([]byte("ten bytes!"))
		require.NoError(t, err)
		require.NoError(t, p.Drain(t.Context()))
		assert.InDelta(t, 1.0, time.Since(begin).Seconds(), 1e-6, "11 bits each")
		assert.NoError(t, p.Close())
	})
}

func TestWedge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o ser2nettest.Opener
		line := o.Add("ttyS0", ser2nettest.Hardware{})
		p := open(t, &o, "ttyS0", ser2net.DefaultMode())
		line.Wedge(true)
		stuck := make(chan error, 1)
		go func() {
			_, err := p.Write(make([]byte, 10_000))
			stuck <- err
		}()
		synctest.Wait()
		require.Empty(t, stuck)

		begin := time.Now()
		require.ErrorIs(t, p.Drain(t.Context()), os.ErrDeadlineExceeded)
		assert.InDelta(t, 0.5+512.0/960, time.Since(begin).Seconds(), 0.01)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, p.Drain(ctx), context.DeadlineExceeded)

		line.Wedge(false)
		_, err := io.ReadFull(line.Far(), make([]byte, 10_000))
		require.NoError(t, err, "nothing is lost")
		require.NoError(t, <-stuck)

		line.Wedge(true)
		go func() {
			_, err := p.Write(make([]byte, 10_000))
			stuck <- err
		}()
		synctest.Wait()
		begin = time.Now()
		require.NoError(t, p.Close())
		assert.Zero(t, time.Since(begin))
		assert.ErrorIs(t, <-stuck, os.ErrClosed)
	})
}

func TestFaultsOfCharacters(t *testing.T) {
	var o ser2nettest.Opener
	line := o.Add("ttyS0", ser2nettest.Hardware{})
	p := open(t, &o, "ttyS0", ser2net.DefaultMode())
	line.Damage(ser2nettest.BadParity, ser2nettest.BadFraming, ser2nettest.Overrun, ser2nettest.BufOverrun, ser2nettest.Overrun)
	_, err := io.WriteString(line.Far(), "1234567")
	require.NoError(t, err)
	got := make([]byte, 16)
	n, err := p.Read(got)
	require.NoError(t, err)
	assert.Equal(t, "1267", string(got[:n]))
	count, err := p.Counters()
	require.NoError(t, err)
	assert.Equal(t, ser2net.Counters{Rx: 4, Parity: 1, Frame: 1, Overrun: 2, BufOverrun: 1}, count)
}

func TestFaultsOfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o ser2nettest.Opener
		line := o.Add("ttyS0", ser2nettest.Hardware{})
		line.Occupy(true)
		_, err := o.Open(t.Context(), "ttyS0", ser2net.DefaultMode())
		require.EqualError(t, err, "open ttyS0: the device is in use")
		require.ErrorIs(t, err, ser2net.ErrPortBusy)
		line.Occupy(false)

		boom, bang := errors.New("boom"), errors.New("bang")
		o.FailNext(boom)
		o.FailNext(nil)
		require.NoError(t, open(t, &o, "ttyS0", ser2net.DefaultMode()).Close())
		o.FailNext(boom)
		o.FailNext(bang)
		_, err = o.Open(t.Context(), "ttyS0", ser2net.DefaultMode())
		require.ErrorIs(t, err, boom)
		_, err = o.Open(t.Context(), "ttyS0", ser2net.DefaultMode())
		require.ErrorIs(t, err, bang)

		o.Delay(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err = o.Open(ctx, "ttyS0", ser2net.DefaultMode())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(begin))
		assert.Zero(t, o.InUse())
		p := open(t, &o, "ttyS0", ser2net.DefaultMode())
		assert.Equal(t, time.Second+time.Minute, time.Since(begin))
		assert.Equal(t, 1, o.InUse())
		require.NoError(t, p.Close())
		assert.Zero(t, o.InUse())
	})
}

func TestRateRefused(t *testing.T) {
	var o ser2nettest.Opener
	line := o.Add("ttyS0", ser2nettest.Hardware{MaxBaud: 115200})
	p := open(t, &o, "ttyS0", ser2net.Mode{Baud: 250_000, DataBits: 7})
	for _, baud := range []int{9600, 19200} {
		got, err := p.Mode()
		require.NoError(t, err)
		assert.Equal(t, ser2net.Mode{Baud: baud, DataBits: 7}.Normal(), got, "what was before stays")
		assert.Equal(t, got, line.Mode())
		require.NoError(t, p.SetMode(ser2net.Mode{Baud: 19200, DataBits: 7}))
		require.NoError(t, p.SetMode(ser2net.Mode{Baud: 115201, DataBits: 7}))
	}
}

// A port that heeds DCD hangs up when it falls, not while it has never risen.
func TestCarrier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o ser2nettest.Opener
		line := o.Add("ttyS0", ser2nettest.Hardware{})
		on, off := true, false
		require.NoError(t, line.Far().SetLines(&off, nil))
		p := open(t, &o, "ttyS0", ser2net.Mode{Carrier: true, HangUp: true})
		_, err := p.Lines()
		require.NoError(t, err)
		require.NoError(t, line.Far().SetLines(&on, nil))
		ended := make(chan error, 1)
		go func() {
			_, err := p.Read(make([]byte, 1))
			ended <- err
		}()
		synctest.Wait()
		require.Empty(t, ended)
		require.NoError(t, line.Far().SetLines(&off, nil))
		require.ErrorIs(t, <-ended, ser2net.ErrHangup)
		lines, err := line.Far().Lines()
		require.NoError(t, err)
		assert.Equal(t, ser2net.Lines{RTS: true}, lines, "the device has dropped its own")
	})
}

func TestPrints(t *testing.T) {
	var o ser2nettest.Opener
	usb := o.Add("ttyUSB0", ser2nettest.Hardware{})
	o.Alias("by-id/adapter", usb)
	bare := o.Add("ttyS0", ser2nettest.Hardware{NoLines: true})
	p := open(t, &o, "by-id/adapter", ser2net.Mode{Baud: 115200, Flow: ser2net.FlowRTSCTS})
	usb.Ring(true)
	_, err := io.WriteString(p, "123")
	require.NoError(t, err)
	bare.Unplug()
	assert.Equal(t, `ttyS0: unplugged 9600n81,local; received 0, sent 0
ttyUSB0: open 115200n81,local,rtscts; received 0, sent 3; lines up: DTR RTS CTS DSR RI DCD
`, o.String())
	require.NoError(t, p.Close())
	assert.Equal(t, "ttyUSB0: closed 115200n81,local,rtscts; received 0, sent 3; lines up: DTR RTS CTS DSR RI DCD", usb.String())
}
