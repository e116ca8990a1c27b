package atmodem

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/api"
)

// session is a conversation on an open port. One goroutine asks.
type session struct {
	port    io.ReadWriteCloser
	timeout time.Duration // of one command
	out     chan string   // commands to be written
	dead    chan struct{} // closed when the port has failed

	mu    sync.Mutex
	err   error         // why it is dead
	asked *answer       // what is read now; nil = nothing is wanted
	whole chan struct{} // closed when asked is complete

	// What the asking goroutine knows.
	owed  int                  // answers to earlier commands that may still come
	left  map[string]time.Time // commands that are left out until then
	done  map[string]bool      // settings that are made
	iccid string               // the command that has told the ICCID
	known identity
	last  round
}

// round is what a questioning leaves to the next.
type round struct {
	info api.ModemInfo
	next int // the step that is due first, where this one was cut
	at   time.Time
}

// newSession begins to read the port.
func newSession(port io.ReadWriteCloser, timeout time.Duration) *session {
	s := &session{
		port: port, timeout: timeout, out: make(chan string), dead: make(chan struct{}),
		owed: 1, // to whom had the port before
		left: make(map[string]time.Time), done: make(map[string]bool),
	}
	go s.listen()
	go s.speak()
	return s
}

// close ends the session and its goroutines.
func (s *session) close() error {
	s.die(fs.ErrClosed)
	return s.port.Close()
}

// die marks the session as dead.
func (s *session) die(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		close(s.dead)
	}
}

func (s *session) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// listen reads until the port fails. Lines that nobody has asked for are lost.
func (s *session) listen() {
	var lines splitter
	piece := make([]byte, 256)
	for idle := 0; ; idle++ {
		n, err := s.port.Read(piece)
		lines.add(piece[:n], s.take)
		const maxIdle = 100
		if n > 0 {
			idle = 0
		} else if idle == maxIdle && err == nil {
			err = io.ErrNoProgress
		}
		if err != nil {
			s.die(fmt.Errorf("%w: %w", errHungUp, err))
			return
		}
	}
}

func (s *session) take(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked != nil && s.asked.add(line) {
		s.asked = nil
		close(s.whole)
	}
}

// speak writes until the port fails.
func (s *session) speak() {
	for {
		select {
		case <-s.dead:
			return
		case text := <-s.out:
			if _, err := io.WriteString(s.port, text); err != nil {
				s.die(fmt.Errorf("%w: %w", errHungUp, err))
				return
			}
		}
	}
}

// exchange writes text, if any, and waits for the answer. The error is
// errSilent when there was none within wait.
func (s *session) exchange(ctx context.Context, text string, a *answer, wait time.Duration) error {
	whole := make(chan struct{})
	s.mu.Lock()
	s.asked, s.whole = a, whole
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.asked = nil
		s.mu.Unlock()
	}()
	limit := time.NewTimer(wait)
	defer limit.Stop()
	out := s.out
	if text == "" {
		out = nil
	}
	for {
		select {
		case out <- text:
			out = nil
		case <-whole:
			return nil
		case <-s.dead:
			return s.reason()
		case <-limit.C:
			return errSilent
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

const (
	// wakeup sets how the modem talks; it also ends a prompt for text (ESC)
	// that somebody may have left open.
	wakeup = "ATQ0V1E0"
	escape = "\x1b"
	// again is how long the modem has for its first answer: it may have to
	// wake up, or to find the speed of the line.
	again = time.Second
)

// sync gets the modem to listen, and makes sure that it owes no answer.
func (s *session) sync(ctx context.Context) error {
	tries, err := s.wake(ctx)
	s.owed += tries - 1
	if err != nil || s.owed == 0 {
		return err
	}
	// Answers come in the order of the commands: what is before that of
	// +CMEE? is an answer that was owed.
	a := &answer{command: "AT+CMEE?", after: "+CMEE:", owed: s.owed}
	text := a.command + "\r"
	for {
		before := a.skipped
		err = s.exchange(ctx, text, a, s.timeout)
		if err != errSilent || a.skipped == before {
			break
		}
		text = "" // it is slow, but on its way
	}
	if err == errSilent && a.skipped > 0 { // it knows no +CMEE?, and is quiet
		err = nil
	}
	if err == nil {
		s.owed = 0
	}
	return err
}

// wake sends wakeup until there is an answer, and tells how often it did.
func (s *session) wake(ctx context.Context) (tries int, err error) {
	text := wakeup + "\r"
	for rest := s.timeout; rest > 0; rest -= again {
		tries++
		err = s.exchange(ctx, text, &answer{command: wakeup}, min(rest, again))
		if err != errSilent {
			break
		}
		text = escape + wakeup + "\r"
	}
	return tries, err
}

// leftOut is how long a command is left out that has failed.
const leftOut = time.Minute

// ask sends a command, unless it is left out for now, and returns what the
// modem says. An error means that the session is at its end, or ctx.
func (s *session) ask(ctx context.Context, command string) (answer, error) {
	a := answer{command: command}
	if time.Now().Before(s.left[command]) {
		return a, nil
	}
	err := s.exchange(ctx, command+"\r", &a, s.timeout)
	switch {
	case err == errSilent:
		s.owed++
		err = s.sync(ctx)
		a = answer{command: command} // whatever came of it
	case err != nil: // perhaps in the middle of it
		s.owed++
		return answer{command: command}, err
	}
	if a.final != "OK" && !a.explained() {
		s.left[command] = time.Now().Add(leftOut)
	}
	return a, err
}
