//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package hardware_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tty"
)

// Bits of the modem lines in asm-generic/termios.h that x/sys lacks.
const (
	tiocmOut1 = 0x2000 // RI in loopback
	tiocmOut2 = 0x4000 // DCD in loopback
	tiocmLoop = 0x8000
)

// full is a port with all that the native backend offers.
type full interface {
	ser2net.Port
	ser2net.LinePort
	ser2net.BreakPort
	ser2net.DrainPort
	ser2net.FlushPort
	ser2net.CountPort
}

func open(t *testing.T, device string, m ser2net.Mode) full {
	p, err := new(tty.Opener).Open(t.Context(), device, m)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			assert.ErrorIs(t, err, os.ErrClosed)
		}
	})
	return p.(full)
}

// loopback switches the self-test of the UART on: it then hears itself, and
// its outputs are its inputs. It returns a function that sets or clears
// further outputs.
func loopback(t *testing.T) (set func(bits int, on bool)) {
	fd, err := unix.Open(uart, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0) // root may
	require.NoError(t, err)
	set = func(bits int, on bool) {
		request := uint(unix.TIOCMBIC)
		if on {
			request = unix.TIOCMBIS
		}
		require.NoError(t, unix.IoctlSetPointerInt(fd, request, bits))
	}
	set(tiocmLoop, true)
	t.Cleanup(func() {
		set(tiocmLoop, false)
		assert.NoError(t, unix.Close(fd))
	})
	return set
}

func TestUARTLines(t *testing.T) {
	machine(t)
	p := open(t, uart, ser2net.DefaultMode())
	set := loopback(t)
	for i := range 16 {
		dtr, rts, ri, dcd := i&1 != 0, i&2 != 0, i&4 != 0, i&8 != 0
		require.NoError(t, p.SetLines(&dtr, &rts))
		set(tiocmOut1, ri)
		set(tiocmOut2, dcd)
		got, err := p.Lines()
		require.NoError(t, err)
		assert.Equal(t, ser2net.Lines{DTR: dtr, DSR: dtr, RTS: rts, CTS: rts, RI: ri, DCD: dcd}, got)
	}
	since, err := p.Lines()
	require.NoError(t, err)
	begin := time.Now()
	time.AfterFunc(20*time.Millisecond, func() { set(tiocmOut1, false) })
	got, err := p.WaitLines(t.Context(), since)
	require.NoError(t, err)
	assert.False(t, got.RI)
	assert.Less(t, time.Since(begin), time.Second)
}

func TestUARTCounts(t *testing.T) {
	machine(t)
	p := open(t, uart, ser2net.Mode{Baud: 115200})
	loopback(t)
	sent := bytes.Repeat([]byte("0123456789"), 100)
	_, err := p.Write(sent)
	require.NoError(t, err)
	got := make([]byte, len(sent))
	_, err = io.ReadFull(p, got)
	require.NoError(t, err)
	assert.Equal(t, sent, got)
	count, err := p.Counters()
	require.NoError(t, err)
	assert.Equal(t, ser2net.Counters{Rx: 1000, Tx: 1000}, count)
}

// The driver says nothing when it refuses a rate: only reading back tells.
func TestUARTRefusesRate(t *testing.T) {
	machine(t)
	p := open(t, uart, ser2net.Mode{Baud: 19200})
	require.NoError(t, p.SetMode(ser2net.Mode{Baud: 4_000_000, DataBits: 7}))
	got, err := p.Mode()
	require.NoError(t, err)
	assert.Equal(t, ser2net.Mode{Baud: 19200, DataBits: 7}.Normal(), got)
}

// FTDI chips have 7 and 8 data bits; the driver hides that for 5.
func TestFTDIRefusesFrame(t *testing.T) {
	machine(t)
	p := open(t, ftdi, ser2net.Mode{DataBits: 7, Parity: ser2net.ParityMark, StopBits: ser2net.StopBits2})
	for range 2 {
		got, err := p.Mode()
		require.NoError(t, err)
		assert.Equal(t, "9600m72,local", got.String())
		require.NoError(t, p.SetMode(ser2net.Mode{DataBits: 6, Parity: ser2net.ParityMark, StopBits: ser2net.StopBits2}))
	}
}

// A line that flow control stops wedges nothing but itself.
func TestUARTStopped(t *testing.T) {
	machine(t)
	p := open(t, uart, ser2net.Mode{Baud: 115200})
	loopback(t)
	on, off := true, false
	stop := func() { // CTS, which is RTS, counts when flow control begins
		require.NoError(t, p.SetLines(nil, &off))
		require.NoError(t, p.SetMode(ser2net.Mode{Baud: 115200, Flow: ser2net.FlowRTSCTS}))
	}
	stop()
	_, err := p.Write([]byte("held"))
	require.NoError(t, err)
	require.ErrorIs(t, p.Drain(t.Context()), os.ErrDeadlineExceeded)
	count, err := p.Counters()
	require.NoError(t, err)
	require.Zero(t, count.Rx)

	require.NoError(t, p.SetLines(nil, &on))
	require.NoError(t, p.SetMode(ser2net.Mode{Baud: 115200}))
	got := make([]byte, 4)
	_, err = io.ReadFull(p, got)
	require.NoError(t, err)
	require.Equal(t, "held", string(got))

	stop()
	written := make(chan error, 1)
	go func() {
		_, err := p.Write(make([]byte, 1<<16))
		written <- err
	}()
	time.Sleep(50 * time.Millisecond)
	require.Empty(t, written)
	begin := time.Now()
	require.NoError(t, p.SetBreak(true), "in place of what is held")
	assert.Less(t, time.Since(begin), 3*time.Second)
	begin = time.Now()
	require.NoError(t, p.Close())
	assert.Less(t, time.Since(begin), time.Second)
	require.ErrorIs(t, <-written, os.ErrClosed)
}

// What the driver shows of its lines while nobody has the device open.
func TestHangUpAtClose(t *testing.T) {
	machine(t)
	for _, hangUp := range []bool{false, true, false} {
		p := open(t, uart, ser2net.Mode{HangUp: hangUp})
		require.NoError(t, p.Close())
		state, err := os.ReadFile("/proc/tty/driver/serial")
		require.NoError(t, err)
		_, line, found := strings.Cut(string(state), "\n1: ")
		require.True(t, found)
		line, _, _ = strings.Cut(line, "\n")
		assert.Equal(t, !hangUp, strings.Contains(line, "RTS|"), line)
		assert.Equal(t, !hangUp, strings.Contains(line, "DTR|"), line)
	}
}
