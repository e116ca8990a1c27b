package process

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/internal/management"
)

// errGone is what ends the search for a connection: the process has ended, or
// was released.
var errGone = errors.New("the process is gone")

// run owns the process until it ends or is released. conn may be nil.
func (p *process) run(conn *management.Connection) {
	defer close(p.done)
	for {
		if conn == nil {
			var err error
			if conn, err = p.attach(); err != nil {
				break
			}
		}
		p.set(conn)
		p.setUp(conn)
		stop := context.AfterFunc(p.ctx, func() { _ = conn.Close() }) // wakes Serve
		err := conn.Serve()
		stop()
		p.set(nil)
		conn = nil
		if p.ctx.Err() != nil {
			break
		}
		if p.isEnding() {
			break
		}
		p.last = openvpn.StateChanged{} // told again once it answers
		p.events.put(openvpn.SocketLost{Reason: reason(err)})
	}
	if p.ctx.Err() != nil {
		_ = p.home.close() // closing a lock cannot fail in a way that matters
		p.events.drop()
		return
	}
	p.finish()
}

// set makes conn the connection for commands.
func (p *process) set(conn *management.Connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn = conn
}

// isEnding waits a moment for the end of a process whose socket is closed:
// the kernel closes it a little earlier.
func (p *process) isEnding() bool {
	for pause := time.Millisecond; pause < 300*time.Millisecond; pause *= 2 {
		if p.reap() {
			return true
		}
		time.Sleep(pause)
	}
	return p.reap()
}

// attach connects to the socket, as often as it takes, and tells when it takes
// long.
func (p *process) attach() (*management.Connection, error) {
	begin, told := time.Now(), p.logRead // what was connected once is told as lost already
	for {
		if p.reap() {
			return nil, errGone
		}
		conn, err := p.dial()
		if p.ctx.Err() != nil {
			return nil, errGone
		}
		if err == nil {
			return conn, nil
		}
		waited := time.Since(begin)
		if !told && (!isEarly(err) || waited > p.patience) {
			if p.reap() {
				return nil, errGone
			}
			p.events.put(openvpn.SocketLost{Reason: reason(err)})
			told = true
		}
		select {
		case <-p.ctx.Done():
			return nil, errGone
		case <-time.After(pauseAfter(waited, err)):
		}
	}
}

// pauseAfter is how long the next try waits: openvpn takes some 30 ms until
// its socket is there, and each of them counts.
func pauseAfter(waited time.Duration, err error) time.Duration {
	switch {
	case !isEarly(err):
		return 500 * time.Millisecond
	case waited < 200*time.Millisecond:
		return time.Millisecond
	case waited < 2*time.Second:
		return 10 * time.Millisecond
	}
	return 200 * time.Millisecond
}

// isEarly reports whether the socket is not there yet.
func isEarly(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}

// reason puts into words why the socket is lost.
func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return "openvpn does not serve its management socket"
	}
	return err.Error()
}

// dial makes one try. It returns once openvpn has greeted and named itself.
func (p *process) dial() (*management.Connection, error) {
	path := p.home.inside(socketName)
	socket, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(p.ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	p.held = false
	return management.Open(p.ctx, conn, p.PID(), management.Options{
		Greeting: p.patience / 2, Probe: p.patience / 2, Answer: p.patience / 2, Resolving: 6 * p.patience,
		Handle: p.handle, Check: func() error { return p.check(socket) },
	})
}

// check looks whether the socket is still the one that was dialled, since
// openvpn takes any over that is in its way.
func (p *process) check(socket os.FileInfo) error {
	now, err := os.Stat(p.home.inside(socketName))
	if err != nil || !os.SameFile(socket, now) {
		return management.ErrOther
	}
	return nil
}

// setUp asks for events, and for what there was before. conn.Serve sends it.
func (p *process) setUp(conn *management.Connection) {
	p.home.readOutput() // which may have got full
	ignore := func(string, []string, error) {}
	conn.Submit(management.StateOn(), ignore)
	if !p.logRead {
		p.logRead = true
		conn.Submit(management.LogOnAll(), func(_ string, body []string, _ error) {
			for _, line := range body {
				if l, ok := management.ParseLog(line); ok {
					p.log(l)
				}
			}
		})
	} else {
		conn.Submit(management.LogOn(), ignore)
	}
	conn.Submit(management.CurrentState(), func(_ string, body []string, _ error) {
		if len(body) > 0 {
			if s, ok := management.ParseState(body[len(body)-1]); ok {
				p.state(s)
			}
		}
	})
	conn.Submit(management.ByteCountEvery(p.seconds), ignore)
	if p.held {
		conn.Submit(management.HoldRelease(), ignore)
	}
}

// handle takes an event of openvpn.
func (p *process) handle(e management.Event) {
	switch e := e.(type) {
	case management.Hold:
		p.held = true // while it is dialled; setUp lets it go
		if conn, err := p.connection(); err == nil {
			conn.Submit(management.HoldRelease(), func(string, []string, error) {})
		}
	case management.State:
		p.state(e.StateChanged)
	case management.Log:
		p.log(e.LogLine)
	case management.ByteCount:
		p.events.put(e.ByteCount)
	case management.NeedPassword:
		p.events.put(e.NeedCredentials)
	case management.Refused:
		e.Reason = p.mask(e.Reason)
		p.events.put(e.CredentialsRefused)
	case management.Fatal:
		p.fatal = p.mask(e.Text)
	default:
		if done := p.sessions.Add(e); done != nil {
			p.events.put(done)
		}
	}
}

// state tells a state, once: right after the connection it comes both as an
// event and as a reply.
func (p *process) state(s openvpn.StateChanged) {
	if s == p.last {
		return
	}
	p.last = s
	p.events.put(s)
	if p.record.Bridge != "" && s.Name == "CONNECTED" {
		if err := joinBridge(p.record.Device, p.record.Bridge); err != nil {
			p.events.put(openvpn.LogLine{At: time.Now(), Flags: "W", Text: err.Error()})
		}
	}
}

// log tells a line of the log. Each stands in the output too, which must not
// get full.
func (p *process) log(l openvpn.LogLine) {
	if p.logged += len(l.Text) + 1; p.logged > drainOutput {
		p.logged = 0
		p.home.readOutput()
	}
	if management.Worth(l.Text) {
		l.Text = p.mask(l.Text)
		p.events.put(l)
	}
}

// finish tells the end, once nothing of the process is left and another one
// may start.
func (p *process) finish() {
	var output []string
	if p.home.output != nil {
		output = p.home.output.lines()
	}
	for i := range output {
		output[i] = p.mask(output[i])
	}
	if p.record.Trusted {
		p.endDaemons()
	}
	p.home.clean(p.record)
	_ = p.home.close()
	p.release()
	p.events.put(openvpn.Exited{At: time.Now(), Status: p.status, Fatal: p.fatal, Output: output})
	p.events.finish()
}

// endDaemons ends what a trusted text put into the background by an option
// that only openvpn saw, such as one in a file that the text names.
func (p *process) endDaemons() {
	running, err := managed(filepath.Dir(p.home.path))
	if err != nil {
		return // there is no /proc, and nothing of ours can be found
	}
	for _, id := range running[p.name] {
		id.end(p.patience / 2)
		p.fatal = cmp.Or(p.fatal, "it went into the background (option daemon), where it cannot be supervised")
	}
}
