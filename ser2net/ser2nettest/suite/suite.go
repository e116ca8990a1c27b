// Package suite is the conformance test of every ser2net.Opener.
package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

// Rig is a device to test with, and what is attached to it. What the hardware
// cannot show is left zero, and its cases are skipped.
type Rig struct {
	Opener ser2net.Opener
	Device string // a device that nobody uses
	Alias  string // another name of it; empty: none
	// Peer is the other end of the line, raw and 8-bit clean. When it is a
	// LinePort, its wires are crossed with those of the device; when it is a
	// BreakPort, its breaks are counted by the device.
	Peer io.ReadWriter
	// Unplug takes the device away and Plug brings it back under its name,
	// at Peer as before; nil: neither.
	Unplug, Plug func()

	AnyRate      bool // Mode reads back every rate
	AnyFrame     bool // Mode reads back data bits and parity
	HalfStop     bool // 1.5 stop bits; else that must be errors.ErrUnsupported
	Carrier      bool // heeds DCD, and HangUp; else errors.ErrUnsupported
	Flow         bool // flow control; else errors.ErrUnsupported
	StopsAtXOFF  bool // output heeds XOFF; some drivers leave that to the adapter
	RS485        bool // else errors.ErrUnsupported
	Lines        bool // modem lines; else ErrNoLines
	Counts       bool // counters; else errors.ErrUnsupported
	CountsBytes  bool // of bytes too; some drivers count faults only
	ZeroForBreak bool // a break received is a byte 0 as well, a fault of some drivers
	Large        int  // bytes of a large transfer; zero: 256 KiB
	Unlimited    bool // takes all output, whether Peer reads it or not
}

// limit is how long anything may take that ends by itself.
const limit = 20 * time.Second

// TestOpener tests that what build returns is an Opener that ser2net can use.
// build is called once for each case.
func TestOpener(t *testing.T, build func(t *testing.T) Rig) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, r Rig)
	}{
		{"missing_device", missingDevice},
		{"mode_with_faults", modeWithFaults},
		{"ended_ctx", endedCtx},
		{"one_user", oneUser},
		{"many_openings", manyOpenings},
		{"every_byte", everyByte},
		{"large_both_ways", largeBothWays},
		{"read_ends_with_close", readEndsWithClose},
		{"write_ends_with_close", writeEndsWithClose},
		{"close_is_final", closeIsFinal},
		{"reads_back_rates", readsBackRates},
		{"reads_back_frames", readsBackFrames},
		{"reads_back_carrier", readsBackCarrier},
		{"reads_back_flow", readsBackFlow},
		{"reads_back_rs485", readsBackRS485},
		{"mode_while_reading", modeWhileReading},
		{"lines", lines},
		{"lines_are_crossed", linesAreCrossed},
		{"first_lines", firstLines},
		{"wait_for_lines", waitForLines},
		{"xon_xoff", xonXoff},
		{"rts_cts", rtsCTS},
		{"drain", drain},
		{"flush_input", flushInput},
		{"send_break", sendBreak},
		{"receive_break", receiveBreak},
		{"counters", counters},
		{"unplug", unplug},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, build(t)) })
	}
}

// open opens the device of the rig in mode m until the end of the test.
func (r Rig) open(t *testing.T, m ser2net.Mode) ser2net.Port {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	p, err := r.Opener.Open(ctx, r.Device, m)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			assert.ErrorIs(t, err, os.ErrClosed)
		}
	})
	return p
}

// within fails unless what ends in time.
func within(t *testing.T, name string, what func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		what()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		require.Fail(t, "hangs", name)
	}
}

// receive reads as many bytes as want has and compares them.
func receive(t *testing.T, from io.Reader, want []byte) {
	t.Helper()
	var err error
	within(t, "read", func() { err = read(from, want) })
	require.NoError(t, err)
}

func send(t *testing.T, to io.Writer, data []byte) {
	t.Helper()
	var err error
	within(t, "write", func() { err = write(to, data) })
	require.NoError(t, err)
}

func read(from io.Reader, want []byte) error {
	got := make([]byte, len(want))
	if n, err := io.ReadFull(from, got); err != nil {
		return fmt.Errorf("after %d bytes of %d: %w", n, len(want), err)
	}
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("want % x, got % x from byte %d on", want[i:min(i+16, len(want))], got[i:min(i+16, len(got))], i)
		}
	}
	return nil
}

func write(to io.Writer, data []byte) error {
	n, err := to.Write(data)
	if err == nil && n != len(data) {
		err = fmt.Errorf("wrote %d bytes of %d", n, len(data))
	}
	return err
}

func missingDevice(t *testing.T, r Rig) {
	_, err := r.Opener.Open(t.Context(), r.Device+"-missing", ser2net.DefaultMode())
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, r.Device+"-missing")
}

func modeWithFaults(t *testing.T, r Rig) {
	var faults ser2net.ConfigError
	_, err := r.Opener.Open(t.Context(), r.Device, ser2net.Mode{DataBits: 9})
	assert.ErrorAs(t, err, &faults)
	p := r.open(t, ser2net.DefaultMode())
	assert.ErrorAs(t, p.SetMode(ser2net.Mode{Parity: "x"}), &faults)
}

func endedCtx(t *testing.T, r Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Opener.Open(ctx, r.Device, ser2net.DefaultMode())
	assert.ErrorIs(t, err, context.Canceled)
	r.open(t, ser2net.DefaultMode()) // nothing holds it
}

func oneUser(t *testing.T, r Rig) {
	first := r.open(t, ser2net.DefaultMode())
	names := []string{r.Device}
	if r.Alias != "" {
		names = append(names, r.Alias)
	}
	for _, name := range names {
		_, err := r.Opener.Open(t.Context(), name, ser2net.DefaultMode())
		assert.ErrorIs(t, err, ser2net.ErrPortBusy)
		assert.ErrorContains(t, err, name)
	}
	send(t, first, []byte("mine"))
	receive(t, r.Peer, []byte("mine"))

	require.NoError(t, first.Close())
	for _, name := range names {
		p, err := r.Opener.Open(t.Context(), name, ser2net.DefaultMode())
		require.NoError(t, err, "free again at once")
		require.NoError(t, p.Close())
	}
}

// Of many that want the device at once one gets it.
func manyOpenings(t *testing.T, r Rig) {
	const many = 16
	ports, errs := make(chan ser2net.Port, many), make(chan error, many)
	within(t, "open", func() {
		for range many {
			go func() {
				p, err := r.Opener.Open(t.Context(), r.Device, ser2net.DefaultMode())
				if err == nil {
					ports <- p
				}
				errs <- err
			}()
		}
		for range many {
			if err := <-errs; err != nil {
				assert.ErrorIs(t, err, ser2net.ErrPortBusy)
			}
		}
	})
	require.Len(t, ports, 1)
	assert.NoError(t, (<-ports).Close())
}

func closeIsFinal(t *testing.T, r Rig) {
	p := r.open(t, ser2net.DefaultMode())
	require.NoError(t, p.Close())
	assert.ErrorIs(t, p.Close(), os.ErrClosed)
	for name, err := range each(t, p) {
		assert.ErrorIs(t, err, os.ErrClosed, name)
	}
}

// each calls every method of a port that has ended.
func each(t *testing.T, p ser2net.Port) map[string]error {
	errs := make(map[string]error)
	within(t, "method of an ended port", func() {
		_, errs["Read"] = p.Read(make([]byte, 1))
		_, errs["Write"] = p.Write([]byte("x"))
		_, errs["Mode"] = p.Mode()
		errs["SetMode"] = p.SetMode(ser2net.DefaultMode())
		if l, ok := p.(ser2net.LinePort); ok {
			_, errs["Lines"] = l.Lines()
			errs["SetLines"] = l.SetLines(nil, nil)
			_, errs["WaitLines"] = l.WaitLines(t.Context(), ser2net.Lines{})
		}
		if b, ok := p.(ser2net.BreakPort); ok {
			errs["SetBreak"] = b.SetBreak(true)
		}
		if d, ok := p.(ser2net.DrainPort); ok {
			errs["Drain"] = d.Drain(t.Context())
		}
		if f, ok := p.(ser2net.FlushPort); ok {
			errs["FlushInput"] = f.FlushInput()
			errs["FlushOutput"] = f.FlushOutput()
		}
		if c, ok := p.(ser2net.CountPort); ok {
			_, errs["Counters"] = c.Counters()
		}
	})
	return errs
}

func unplug(t *testing.T, r Rig) {
	if r.Unplug == nil {
		t.Skip("the rig cannot unplug")
	}
	p := r.open(t, ser2net.DefaultMode())
	ended, waited := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := p.Read(make([]byte, 1))
		ended <- err
	}()
	linePort, hasLines := p.(ser2net.LinePort)
	hasLines = hasLines && r.Lines
	if hasLines {
		since, err := linePort.Lines()
		require.NoError(t, err)
		go func() {
			for err == nil { // lines may fall before the port hangs up
				since, err = linePort.WaitLines(t.Context(), since)
			}
			waited <- err
		}()
	}
	stuck := make(chan error, 1)
	go func() {
		size := 1 << 20
		if r.Unlimited {
			size = 1 << 10 // it would all be sent, and received by nobody
		}
		_, err := p.Write(make([]byte, size))
		stuck <- err
	}()
	time.Sleep(20 * time.Millisecond)
	r.Unplug()
	within(t, "Write after unplug", func() {
		if err := <-stuck; !r.Unlimited || err != nil {
			assert.ErrorIs(t, err, ser2net.ErrHangup)
		}
	})
	within(t, "Read after unplug", func() { assert.ErrorIs(t, <-ended, ser2net.ErrHangup) })
	if hasLines {
		within(t, "WaitLines after unplug", func() { assert.ErrorIs(t, <-waited, ser2net.ErrHangup) })
	}
	for name, err := range each(t, p) {
		assert.ErrorIs(t, err, ser2net.ErrHangup, name)
	}
	_, err := r.Opener.Open(t.Context(), r.Device, ser2net.DefaultMode())
	assert.True(t, errors.Is(err, fs.ErrNotExist) || errors.Is(err, ser2net.ErrPortBusy), "%v", err)
	assert.NoError(t, p.Close())
	_, err = r.Opener.Open(t.Context(), r.Device, ser2net.DefaultMode())
	assert.ErrorIs(t, err, fs.ErrNotExist)

	r.Plug()
	p = r.open(t, ser2net.DefaultMode())
	send(t, p, []byte("back"))
	within(t, "read", func() { // past what came before
		var got []byte
		for part := make([]byte, 4096); !bytes.HasSuffix(got, []byte("back")); {
			n, err := r.Peer.Read(part)
			if !assert.NoError(t, err) {
				return
			}
			got = append(got, part[:n]...)
		}
	})
}
