package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/internal/ptypair"
)

// line is a serial line with a device at its other end, which can be unplugged.
type line struct {
	adapter *ptypair.Adapter
	play    func(*ptypair.Pair) error // what the device does until the line goes
	playing sync.WaitGroup
}

// newLine plugs a line in whose name is in a new folder.
func newLine(folder string, play func(*ptypair.Pair) error) (*line, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	adapter, err := ptypair.NewAdapter(folder)
	if err != nil {
		return nil, err
	}
	l := &line{adapter: adapter, play: play}
	return l, l.plugged()
}

func (l *line) name() string { return l.adapter.Name() }

func (l *line) plug() error {
	if err := l.adapter.Plug(); err != nil {
		return err
	}
	return l.plugged()
}

// plugged lets the device play. While nobody has opened it, a pseudo terminal
// would answer like a console; a serial line does not.
func (l *line) plugged() error {
	pair := l.adapter.Pair()
	fd, err := unix.Open(pair.Name(), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", pair.Name(), err)
	}
	defer func() { _ = unix.Close(fd) }()
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("%s: %w", pair.Name(), err)
	}
	mode.Iflag, mode.Oflag, mode.Lflag = 0, 0, 0
	mode.Cflag = mode.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, mode); err != nil {
		return fmt.Errorf("%s: %w", pair.Name(), err)
	}
	l.playing.Go(func() { _ = l.play(pair) }) // the line is unplugged
	return nil
}

func (l *line) unplug() error {
	err := l.adapter.Unplug()
	l.playing.Wait()
	return err
}

func (l *line) close() {
	_ = l.adapter.Pair().Close()
	l.playing.Wait()
}

// echo is a device that sends back what it is sent.
func echo(p *ptypair.Pair) error {
	b := make([]byte, 4096)
	for {
		n, err := p.Read(b)
		if err == nil {
			_, err = p.Write(b[:n])
		}
		if err != nil {
			return err
		}
	}
}

// floodText is what a device that never pauses says, with a number.
const floodText = "R%010d the quick brown fox jumps over the lazy dog\n"

// flood is a device that counts aloud; it goes on where it was when it was
// unplugged.
func flood() func(*ptypair.Pair) error {
	number := 0
	return func(p *ptypair.Pair) error {
		for {
			var b bytes.Buffer
			for range 10 {
				fmt.Fprintf(&b, floodText, number)
				number++
			}
			if _, err := p.Write(b.Bytes()); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// serialTime is for how long an answer of a line is waited for.
const serialTime = 40 * time.Second

// errNoSession: the port did not let the client in, or the line did not answer
// yet.
var errNoSession = errors.New("no session")

// echoSession sends blocks to a line and wants each back, byte for byte. What
// the line still has to say to a client before comes first. last is when the
// line answered last; an error that wraps errNoSession says that it never did.
func echoSession(conn net.Conn, rng *rand.Rand, blocks int) (last time.Time, err error) {
	token := random(rng, 24)
	_ = conn.SetDeadline(time.Now().Add(serialTime))
	if _, err := conn.Write(token); err != nil {
		return last, fmt.Errorf("%w: %w", errNoSession, err)
	}
	var before []byte
	for one := make([]byte, 1); !bytes.HasSuffix(before, token); before = append(before, one[0]) {
		if _, err := conn.Read(one); err != nil {
			return last, fmt.Errorf("%w: after %.100q: %w", errNoSession, before, err)
		}
		if len(before) > 1<<20 {
			return last, fmt.Errorf("%w: the line never comes to an end of what it has to say", errNoSession)
		}
	}
	last = time.Now()
	for range blocks {
		want := random(rng, 1+rng.IntN(1500))
		_ = conn.SetDeadline(time.Now().Add(serialTime))
		if _, err := conn.Write(want); err != nil {
			return last, err
		}
		got := make([]byte, len(want))
		n, err := io.ReadFull(conn, got)
		if !bytes.Equal(got[:n], want[:n]) {
			return last, &wrongBytes{want: want[:n], got: got[:n]}
		}
		if err != nil {
			return last, err
		}
		last = time.Now()
	}
	return last, nil
}

// wrongBytes is what no disturbance excuses.
type wrongBytes struct{ want, got []byte }

func (w *wrongBytes) Error() string {
	at := 0
	for at < len(w.want) && at < len(w.got) && w.want[at] == w.got[at] {
		at++
	}
	return fmt.Sprintf("wrong bytes from %d of %d on: %.60x instead of %.60x", at, len(w.want), w.got[at:], w.want[at:])
}

func random(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// telnet is the client's end of a connection by telnet (RFC 854): it agrees to
// binary transmission and to no go-ahead, and to nothing else.
type telnet struct {
	net.Conn
	in []byte // read and not yet looked at
}

// The bytes of RFC 854 to 858.
const (
	iac, dont, do, wont, will, sb, se = 255, 254, 253, 252, 251, 250, 240
	optionBinary, optionSGA           = 0, 3
)

// Read returns data without commands.
func (t *telnet) Read(b []byte) (int, error) {
	for {
		n, rest, answer := plain(b, t.in)
		t.in = rest
		if len(answer) > 0 {
			if _, err := t.Conn.Write(answer); err != nil {
				return n, err
			}
		}
		if n > 0 {
			return n, nil
		}
		more := make([]byte, 4096)
		m, err := t.Conn.Read(more)
		t.in = append(t.in, more[:m]...)
		if err != nil && m == 0 {
			return 0, err
		}
	}
}

// plain takes data out of what came, until b is full or a command is not there
// as a whole.
func plain(b, in []byte) (n int, rest, answer []byte) {
	for len(in) > 0 && n < len(b) {
		if in[0] != iac {
			b[n] = in[0]
			n, in = n+1, in[1:]
			continue
		}
		if len(in) < 2 {
			return n, in, answer
		}
		switch in[1] {
		case iac:
			b[n] = iac
			n, in = n+1, in[2:]
		case do, dont, will, wont:
			if len(in) < 3 {
				return n, in, answer
			}
			agree := in[2] == optionBinary || in[2] == optionSGA
			switch {
			case in[1] == do && agree:
				answer = append(answer, iac, will, in[2])
			case in[1] == do:
				answer = append(answer, iac, wont, in[2])
			case in[1] == will && agree:
				answer = append(answer, iac, do, in[2])
			case in[1] == will:
				answer = append(answer, iac, dont, in[2])
			}
			in = in[3:]
		case sb:
			end := bytes.Index(in, []byte{iac, se})
			if end < 0 {
				return n, in, answer
			}
			in = in[end+2:]
		default:
			in = in[2:]
		}
	}
	return n, in, answer
}

// Write doubles what would be a command.
func (t *telnet) Write(b []byte) (int, error) {
	if _, err := t.Conn.Write(bytes.ReplaceAll(b, []byte{iac}, []byte{iac, iac})); err != nil {
		return 0, err
	}
	return len(b), nil
}
