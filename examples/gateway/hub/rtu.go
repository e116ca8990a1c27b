package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	modbus "github.com/grid-x/modbus"

	"github.com/fieldgate/fieldgate/api/hubconfig"
	"github.com/fieldgate/fieldgate/ser2net"
)

// maxFrame is the size of a frame on a serial line.
const maxFrame = 256

// line is a serial line, which the devices on it use in turns.
type line struct {
	mode   hubconfig.Line
	opener ser2net.Opener
	turn   chan struct{} // holds one token while nobody uses the line

	// These belong to whoever has the turn.
	port  *port     // nil: closed
	quiet time.Time // when the next frame may begin
}

func newLine(mode hubconfig.Line, opener ser2net.Opener) *line {
	l := &line{mode: mode, opener: opener, turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// characters returns how long n characters of 11 bits take.
func (l *line) characters(n float64) time.Duration {
	return time.Duration(n * 11 * float64(time.Second) / float64(l.mode.Baud))
}

// gap is the silence between frames: 3.5 characters, and 1.75 ms above 19,200
// baud (Modbus over serial line 1.02, 2.5.1.1).
func (l *line) gap() time.Duration {
	if l.mode.Baud > 19_200 {
		return 1750 * time.Microsecond
	}
	return l.characters(3.5)
}

// close closes the port; nobody uses the line any more.
func (l *line) close() {
	if l.port != nil {
		l.port.close()
		l.port = nil
	}
}

// rtuTransport is one device on a line.
type rtuTransport struct {
	line    *line
	framing modbus.Packager
	timeout time.Duration
}

func newRTUAsker(d hubconfig.Device, l *line) *asker {
	framing := modbus.NewRTUClientHandler(d.Path)
	return newAsker(&rtuTransport{l, framing, d.Timeout()}, framing, d.Slave())
}

func (t *rtuTransport) exchange(ctx context.Context, request []byte) ([]byte, error) {
	l := t.line
	select {
	case <-l.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { l.turn <- struct{}{} }()
	if l.port == nil {
		p, err := openPort(ctx, l)
		if err != nil {
			return nil, err
		}
		l.port = p
	}
	if err := pause(ctx, time.Until(l.quiet)); err != nil {
		return nil, err
	}
	// The answer may take its time after the request has gone, and then as
	// long as its own bytes need.
	limit := l.characters(float64(len(request)+maxFrame)) + t.timeout
	if err := l.port.send(ctx, request, limit); err != nil {
		l.close()
		return nil, err
	}
	answer, err := t.receive(ctx, request, limit)
	l.quiet = time.Now().Add(l.gap())
	return answer, err
}

// receive waits for the answer to request. What stands before it, such as the
// echo of the request or a byte of noise, is passed over.
func (t *rtuTransport) receive(ctx context.Context, request []byte, limit time.Duration) ([]byte, error) {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	var got []byte
	for {
		select {
		case chunk, open := <-t.line.port.input:
			if !open {
				err := t.line.port.err
				t.line.close()
				return nil, err
			}
			got = append(got, chunk...)
			if answer := t.find(got, request); answer != nil {
				return answer, nil
			}
			if len(got) > 2*maxFrame {
				return nil, fmt.Errorf("%w: there is no end of bytes without a frame", errMalformed)
			}
		case <-deadline.C:
			if len(got) > 0 {
				return nil, fmt.Errorf("%w: there is no whole frame in %d bytes", errMalformed, len(got))
			}
			return nil, os.ErrDeadlineExceeded
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// find returns the frame in got that answers request, nil if there is none.
func (t *rtuTransport) find(got, request []byte) []byte {
	for i := range got {
		frame := got[i:]
		if len(frame) < 5 {
			return nil
		}
		length := 5 // of an exception
		if frame[1] == request[1] {
			length += int(frame[2])
		}
		if frame[0] != request[0] || frame[1]&0x7f != request[1] || len(frame) < length || length > maxFrame {
			continue
		}
		if _, err := t.framing.Decode(frame[:length]); err == nil { // its check sum is right
			return frame[:length:length]
		}
	}
	return nil
}

// repeat: noise comes and goes.
func (t *rtuTransport) repeat(err error) bool { return errors.Is(err, errMalformed) }

// close: the line is that of others too.
func (t *rtuTransport) close() {}

// port is an open serial port, whose input is read all the time.
type port struct {
	ser2net.Port
	input chan []byte // closed at the end
	done  chan struct{}
	err   error // why input is closed
}

func openPort(ctx context.Context, l *line) (*port, error) {
	p, err := l.opener.Open(ctx, l.mode.Path, ser2net.Mode{
		Baud: l.mode.Baud, DataBits: l.mode.DataBits,
		Parity: ser2net.Parity(l.mode.Parity), StopBits: ser2net.StopBits(strconv.Itoa(l.mode.StopBits)),
	})
	if err != nil {
		return nil, err
	}
	opened := &port{Port: p, input: make(chan []byte), done: make(chan struct{})}
	go opened.read()
	return opened, nil
}

func (p *port) read() {
	defer close(p.input)
	buffer := make([]byte, maxFrame)
	for {
		n, err := p.Read(buffer)
		if err != nil {
			p.err = err
			return
		}
		select {
		case p.input <- append([]byte(nil), buffer[:n]...):
		case <-p.done:
			return
		}
	}
}

// send drops what has come unasked and writes a frame. After an error, such
// as one of a driver that takes no bytes in time, the port cannot be used.
func (p *port) send(ctx context.Context, frame []byte, limit time.Duration) error {
	p.discard()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = p.Close() })
	_, err := p.Write(frame)
	if !stop() {
		return ctx.Err()
	}
	return err
}

// discard drops what has come unasked.
func (p *port) discard() {
	for {
		select {
		case _, open := <-p.input:
			if !open {
				return
			}
		default:
			return
		}
	}
}

// close waits for the end of reading.
func (p *port) close() {
	close(p.done)
	_ = p.Close() // there is nothing to lose
	for range p.input {
	}
}

// pause waits, no longer than ctx.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
