package management

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// What ends a connection.
var (
	// ErrSilent: openvpn did not answer in time.
	ErrSilent = errors.New("openvpn does not answer")
	// ErrMute: there was no greeting. Another program has the connection, or
	// openvpn is stopped.
	ErrMute = errors.New("openvpn does not greet: another program may manage it")
	// ErrOther: the process at the socket is another one.
	ErrOther = errors.New("another process took the management socket")
	// errClosed is what commands get once the connection is gone.
	errClosed = errors.New("the management connection is closed")
)

// Options are how patient a client is. Zero values take the defaults.
type Options struct {
	Greeting time.Duration // for the first line, and the first reply. Default 5 s
	Answer   time.Duration // for the next line of a reply. Default 10 s
	// Resolving is for the same while openvpn resolves a name, which stops all
	// else in it. Default 60 s.
	Resolving time.Duration
	// Probe is after how long a silence openvpn is asked whether it is there.
	// Default 5 s.
	Probe time.Duration
	// Handle gets each event, on the goroutine of Open or Serve. It must not
	// wait for a command.
	Handle func(Event)
	// Check, if set, is called every Probe at the least, also while openvpn
	// talks; its error ends the connection.
	Check func() error
}

// Connection is a management connection. Open and then Serve own it; commands
// may come from anywhere and are sent one at a time.
type Connection struct {
	o       Options
	conn    net.Conn
	lines   *lines
	checked time.Time // of the goroutine of Serve

	mu        sync.Mutex
	err       error      // why it ended
	queue     []*request // the first one is sent
	reply     reply      // to the first one
	resolving bool
}

// maxQueue is how many commands may wait.
const maxQueue = 1024

type request struct {
	command Command
	done    func(text string, body []string, err error)
}

// Open takes over a connection once openvpn has greeted and named itself as
// the process pid. It closes conn if that fails.
func Open(ctx context.Context, conn net.Conn, pid int, o Options) (*Connection, error) {
	o.Greeting = cmp.Or(o.Greeting, 5*time.Second)
	o.Answer = cmp.Or(o.Answer, 10*time.Second)
	o.Resolving = cmp.Or(o.Resolving, time.Minute)
	o.Probe = cmp.Or(o.Probe, 5*time.Second)
	c := &Connection{o: o, conn: conn, lines: newLines(conn)}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // wakes the reader
	err := c.greet(pid)
	if !stop() && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		c.end(err)
		return nil, err
	}
	return c, nil
}

// greet waits for the first line and the pid. Other events may come between,
// such as a hold or the question for a password.
func (c *Connection) greet(pid int) error {
	// One deadline for all of it: it is about a socket that nobody serves.
	if err := c.conn.SetReadDeadline(time.Now().Add(c.o.Greeting)); err != nil {
		return err
	}
	greeted, named := false, false
	var refused error
	for !named {
		line, err := c.lines.next()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return ErrMute
		case err != nil:
			return err
		}
		if greeted {
			if err := c.take(line); err != nil {
				return err
			}
		} else {
			if e, err := ParseEvent(line); err != nil {
				return fmt.Errorf("%w: no greeting", errLine)
			} else if _, ok := e.(Greeting); !ok {
				return fmt.Errorf("%w: no greeting", errLine)
			}
			greeted = true
			c.Submit(PID(), func(text string, _ []string, err error) {
				named = true
				got := 0
				if err == nil {
					got, err = ParsePID(text)
				}
				if err == nil && got != pid {
					err = fmt.Errorf("%w: it is %d, not %d", ErrOther, got, pid)
				}
				refused = err
			})
		}
	}
	return refused
}

// Serve reads until the connection ends, and returns why.
func (c *Connection) Serve() error {
	for {
		if err := c.step(); err != nil {
			c.end(err)
			return err
		}
	}
}

// step takes one line, or asks whether openvpn is there.
func (c *Connection) step() error {
	if now := time.Now(); c.o.Check != nil && now.Sub(c.checked) >= c.o.Probe {
		c.checked = now
		if err := c.o.Check(); err != nil {
			return err
		}
	}
	c.wait()
	line, err := c.lines.next()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return c.probe()
	}
	if err != nil {
		return err
	}
	return c.take(line)
}

// wait sets the time until which the next line must be there.
func (c *Connection) wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.patience()
}

// patience is wait with c.mu held.
func (c *Connection) patience() {
	limit := c.o.Probe
	if len(c.queue) > 0 {
		limit = c.o.Answer
		if c.resolving {
			limit = c.o.Resolving
		}
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(limit)) // of a broken connection the read tells more
}

func (c *Connection) probe() error {
	c.mu.Lock()
	waiting := len(c.queue) > 0
	c.mu.Unlock()
	if waiting {
		return ErrSilent
	}
	c.Submit(LoadStats(), func(string, []string, error) {})
	return nil
}

// take handles a line.
func (c *Connection) take(line string) error {
	if len(line) > 0 && line[0] == '>' {
		e, err := ParseEvent(line)
		if err != nil {
			return err
		}
		if s, ok := e.(State); ok {
			c.setResolving(s.Name == "RESOLVE")
		}
		c.o.Handle(e)
		return nil
	}
	c.mu.Lock()
	if len(c.queue) == 0 {
		c.mu.Unlock()
		return fmt.Errorf("%w: a line that nobody asked for", errLine)
	}
	done, err := c.reply.add(line)
	if !done {
		c.mu.Unlock()
		return err
	}
	answered, r := c.queue[0], c.reply
	c.queue = c.queue[1:]
	var sendErr error
	if len(c.queue) > 0 {
		sendErr = c.send()
	} else {
		c.queue = nil
	}
	c.reply.body = nil // it is the caller's now
	c.mu.Unlock()
	answered.done(r.text, r.body, err)
	return sendErr
}

func (c *Connection) setResolving(is bool) {
	c.mu.Lock()
	c.resolving = is
	c.mu.Unlock()
}

// Submit sends a command, after those that wait already, and calls done with
// its reply: on the goroutine of Serve, or at once if the connection is
// closed. done must not wait for another command.
func (c *Connection) Submit(command Command, done func(text string, body []string, err error)) {
	err := c.submit(&request{command, done})
	if err != nil {
		done("", nil, err)
	}
}

func (c *Connection) submit(r *request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if len(c.queue) >= maxQueue {
		return fmt.Errorf("%s: %d commands wait already", r.command, maxQueue)
	}
	c.queue = append(c.queue, r)
	if len(c.queue) > 1 {
		return nil
	}
	if err := c.send(); err != nil {
		c.queue = nil
		_ = c.conn.Close() // Serve ends by it
		return err
	}
	return nil
}

// send writes the first command of the queue; c.mu is held.
func (c *Connection) send() error {
	r := c.queue[0]
	c.reply = reply{shape: r.command.Shape}
	// openvpn's end of the socket holds many commands: a write waits only if
	// openvpn has not read for long.
	if err := c.conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := c.conn.Write([]byte(r.command.text)); err != nil {
		return fmt.Errorf("%w: %w", ErrSilent, err)
	}
	c.patience()
	return nil
}

// Do sends a command and waits for its reply. One whose context ends while it
// waits for its turn is sent all the same.
func (c *Connection) Do(ctx context.Context, command Command) (text string, body []string, err error) {
	type answer struct {
		text string
		body []string
		err  error
	}
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	answers := make(chan answer, 1)
	c.Submit(command, func(text string, body []string, err error) { answers <- answer{text, body, err} })
	select {
	case a := <-answers:
		return a.text, a.body, a.err
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
}

// Close ends the connection; openvpn goes on.
func (c *Connection) Close() error {
	return c.conn.Close()
}

// end closes the connection and fails what still waits.
func (c *Connection) end(why error) {
	_ = c.conn.Close() // closed already, or of no use any more
	c.mu.Lock()
	waiting := c.queue
	c.queue, c.err = nil, fmt.Errorf("%w: %w", errClosed, why)
	err := c.err
	c.mu.Unlock()
	for _, r := range waiting {
		r.done("", nil, err)
	}
}
