package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/internal/benchkit"
	"github.com/fieldgate/fieldgate/internal/ptypair"
)

// line is a way from a client to the other end of a serial line, through a
// proxy or through the kernel alone.
type line struct {
	near   io.ReadWriteCloser // the client's end
	far    io.ReadWriteCloser
	server *benchkit.Program // nil = none
}

// through returns the line of a port of a server.
func through(s *server, p *port) (*line, error) {
	conn, err := p.dial()
	if err != nil {
		return nil, err
	}
	return &line{near: conn, far: p, server: s.Program}, nil
}

// bareLine returns a pseudo terminal without a proxy: the client's end is the
// device itself.
func bareLine() (*line, error) {
	pair, err := ptypair.Open()
	if err != nil {
		return nil, err
	}
	device, err := os.OpenFile(pair.Name(), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, errors.Join(err, pair.Close())
	}
	raw := unix.Termios{Cflag: unix.B9600 | unix.CS8 | unix.CREAD | unix.CLOCAL}
	raw.Cc[unix.VMIN] = 1
	control, err := device.SyscallConn()
	if err == nil {
		var failed error
		err = errors.Join(control.Control(func(fd uintptr) { failed = unix.IoctlSetTermios(int(fd), unix.TCSETS, &raw) }), failed)
	}
	if err != nil {
		return nil, errors.Join(err, device.Close(), pair.Close())
	}
	return &line{near: device, far: pair}, nil
}

// cpu returns the processor time that the proxy has used.
func (l *line) cpu() (time.Duration, error) {
	if l.server == nil {
		return 0, nil
	}
	return l.server.CPU()
}

// closeWith closes the line when ctx ends, which ends who waits for it.
func (l *line) closeWith(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _, _ = l.near.Close(), l.far.Close() })
}

// flow is what a stream took.
type flow struct {
	rate float64 // MB/s
	cpu  float64 // of the proxy, s/GB
}

// The data of a stream: each byte tells its place, so that none can be lost,
// changed or put elsewhere unseen.
const (
	period = 251
	chunk  = 16 << 10
)

func pattern() []byte {
	p := make([]byte, 4*chunk+period)
	for i := range p {
		p[i] = byte(i % period)
	}
	return p
}

// stream sends data for a time and measures until all of it has arrived.
func (l *line) stream(to io.Writer, from io.Reader, duration time.Duration) (flow, error) {
	before, err := l.cpu()
	if err != nil {
		return flow{}, err
	}
	text, begin := pattern(), time.Now()
	var total atomic.Int64 // of all that is sent; 0 = not known yet
	sent := make(chan error, 1)
	go func() {
		var n int64
		for last := false; !last; n += chunk {
			if last = time.Since(begin) >= duration; last {
				total.Store(n + chunk)
			}
			at := n % period
			if _, err := to.Write(text[at : at+chunk]); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	var got int64
	for buf := make([]byte, 4*chunk); got == 0 || got != total.Load(); {
		n, err := from.Read(buf)
		if err != nil {
			return flow{}, fmt.Errorf("after %d bytes: %w", got, err)
		}
		at := got % period
		if !bytes.Equal(buf[:n], text[at:at+int64(n)]) {
			return flow{}, fmt.Errorf("wrong data after %d bytes", got)
		}
		got += int64(n)
	}
	took := time.Since(begin)
	after, err := l.cpu()
	return flow{
		rate: float64(got) / 1e6 / took.Seconds(), cpu: (after - before).Seconds() / (float64(got) / 1e9),
	}, errors.Join(err, <-sent)
}

// trips are round trips of a small frame, in µs.
type trips struct {
	p50, p99 float64
	cpu      float64 // of the proxy, for one
}

// frame is the size of a small frame in bytes.
const frame = 8

// echo lets a frame go to the other end and back, one at a time.
func (l *line) echo(most int, duration time.Duration) (trips, error) {
	before, err := l.cpu()
	if err != nil {
		return trips{}, err
	}
	var took []float64
	buf, back := []byte("ABCDEFGH")[:frame], make([]byte, frame)
	for begin := time.Now(); len(took) < most && time.Since(begin) < duration; {
		sent := time.Now()
		for _, hop := range []struct {
			to   io.Writer
			from io.Reader
		}{{l.near, l.far}, {l.far, l.near}} {
			if _, err := hop.to.Write(buf); err != nil {
				return trips{}, err
			}
			if _, err := io.ReadFull(hop.from, back); err != nil {
				return trips{}, err
			}
			if !bytes.Equal(buf, back) {
				return trips{}, fmt.Errorf("%q became %q", buf, back)
			}
		}
		took = append(took, micro(time.Since(sent)))
	}
	after, err := l.cpu()
	slices.Sort(took)
	return trips{
		p50: percentile(took, 50), p99: percentile(took, 99), cpu: micro(after-before) / float64(len(took)),
	}, err
}

// percentile returns the smallest of sorted values that so many of a hundred
// do not exceed.
func percentile(sorted []float64, percent int) float64 {
	return sorted[(len(sorted)*percent+99)/100-1]
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
