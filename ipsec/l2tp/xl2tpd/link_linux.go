package xl2tpd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// How long a server may take.
const (
	tunnelTime = 35 * time.Second // xl2tpd itself gives up after 31 s
	pppdTime   = 3 * time.Second  // from the session to a pppd
)

// link is the way to one server.
type link struct {
	d     *daemon
	call  l2tp.Call
	entry string // its name in xl2tpd, another one for each call
	facts l2tp.LinkFacts
	proc  process
	told  bool         // pppd has logged the addresses
	unpin func() error // nil: nothing is pinned
	mark  int          // of the log of xl2tpd, where this call begins

	done    chan struct{}
	closing chan struct{}
	once    sync.Once // closes closing

	err error // read after done
}

// Dial implements [l2tp.Daemon].
func (d *daemon) Dial(ctx context.Context, c l2tp.Call) (l2tp.Link, error) {
	l := &link{d: d, call: c, done: make(chan struct{}), closing: make(chan struct{})}
	if err := d.claim(l); err != nil {
		return nil, err
	}
	if err := l.bring(ctx); err != nil {
		l.end()
		return nil, err
	}
	go l.watch()
	return l, nil
}

// claim takes the name of a client.
func (d *daemon) claim(l *link) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.done:
		return l2tp.ErrClosed
	default:
	}
	if d.ends {
		return l2tp.ErrClosed
	}
	if d.links[l.call.Name] != nil {
		return fmt.Errorf("xl2tpd: %s: it is dialled already", l.call.Name)
	}
	d.links[l.call.Name] = l
	d.calls++
	l.entry = fmt.Sprintf("%s_%d", l.call.Name, d.calls)
	return nil
}

// bring dials and waits for the addresses of PPP.
func (l *link) bring(ctx context.Context) (err error) {
	name, f := l.call.Name, l.d.files
	if l.call.DefaultRoute {
		if l.unpin, err = pin(l.call.Peer); err != nil {
			return l.failure(l2tp.CauseRoute, err.Error())
		}
	}
	if err := f.call(l.call); err != nil {
		return l.failure(l2tp.CauseHost, err.Error())
	}
	if err := l.d.cut.close(ctx, l.d.guard.local, l.call.Peer); err != nil {
		l.d.opts.Logger.Warn("an old tunnel may be in the way of the next", "client", name, "error", err)
	}
	l.mark = l.d.program.log.count()
	if err := l.d.control.do(ctx, commandAdd, l.entry, renderClient(l.call.Peer, f.options(name))); err != nil {
		return l.commandFailure(err)
	}
	if err := l.d.control.do(ctx, commandConnect, l.entry); err != nil {
		return l.commandFailure(err)
	}
	began := time.Now()
	var established time.Time
	for {
		up, err := l.look()
		if up || err != nil {
			return err
		}
		if l.proc.pid == 0 {
			said := l.d.program.log.since(l.mark)
			if established.IsZero() && says(said, "Call established with "+l.call.Peer.String()+",") != "" {
				established = time.Now()
			}
			switch {
			case !established.IsZero() && time.Since(established) > pppdTime:
				return explain(name, append(readLog(f.log(name)), said...))
			case says(said, "Connection closed to "+l.call.Peer.String()+",") != "":
				line := says(said, "Connection closed to "+l.call.Peer.String()+",")
				return l.failure(l2tp.CauseRefused, "the L2TP server closed the tunnel", line)
			case time.Since(began) > tunnelTime:
				return l.failure(l2tp.CauseNoResponse, "the channel is up, but no L2TP server answers in it on UDP port 1701", tail(said, 5)...)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.closing:
			return l2tp.ErrClosed
		case <-l.d.done:
			return l2tp.ErrClosed
		case <-time.After(pollTime):
		}
	}
}

// look looks how far it is: whether there is a pppd, and whether that has
// addresses. Routes are set then.
func (l *link) look() (up bool, err error) {
	path := l.d.files.options(l.call.Name)
	if l.proc.pid == 0 {
		for _, c := range children(l.d.program.pid) {
			if c.options == path {
				l.proc = c.process
				if l.call.Established != nil {
					l.call.Established()
				}
			}
		}
		if l.proc.pid == 0 {
			return false, nil
		}
	}
	name := l.proc.name()
	if name != "" {
		if local, remote, ok := interfaceFacts(name); ok {
			log := readLog(l.d.files.log(l.call.Name))
			if l.call.PeerDNS && !l.told {
				// The name servers are written right after the address of the
				// peer: they are there the next time.
				l.told = says(log, "remote IP address") != ""
				return false, nil
			}
			l.facts = l2tp.LinkFacts{Interface: name, Local: local, Remote: remote}
			if l.call.PeerDNS {
				l.facts.DNS = peerDNS(log)
			}
			return true, l.route(name)
		}
	}
	ended := !l.proc.alive()
	log := readLog(l.d.files.log(l.call.Name))
	// Told by xl2tpd to be passive, it waits for ever after that.
	if ended || says(log, "LCP: timeout sending Config-Requests") != "" {
		return false, explain(l.call.Name, log)
	}
	return false, nil
}

func (l *link) route(name string) error {
	networks := l.call.Routes
	if l.call.DefaultRoute {
		networks = append(everything(), networks...)
	}
	if err := addRoutes(name, networks); err != nil {
		return l.failure(l2tp.CauseRoute, err.Error())
	}
	return nil
}

// watch ends the link when its pppd does, or Close asks for it.
func (l *link) watch() {
	tick := time.NewTicker(5 * pollTime)
	defer tick.Stop()
	for {
		select {
		case <-l.closing:
			l.end()
			return
		case <-l.d.done:
			l.err = l.failure(l2tp.CauseDaemon, "xl2tpd ended")
			l.end()
			return
		case <-tick.C:
		}
		if !l.proc.alive() {
			l.err = explain(l.call.Name, readLog(l.d.files.log(l.call.Name)))
			l.end()
			return
		}
	}
}

// end ends what there is: PPP, the session and the tunnel, what belongs to
// them.
func (l *link) end() {
	ctx, cancel := context.WithTimeout(context.Background(), politely+2*tries*answerTime)
	defer cancel()
	var errs []error
	patience := politely
	if l.d.Err() != nil { // there is no way any more to tell the other end
		patience = pollTime
		if t, found := tunnelOf(l.call.Peer, l.d.program.log.since(l.mark)); found {
			l.d.cut.note(l.call.Peer, t)
		}
	}
	if l.proc.pid != 0 {
		l.proc.signal(syscall.SIGTERM) // it tells the other end
		l.wait(patience)
	}
	l.d.hangUp(ctx, l.entry)
	if l.proc.pid == 0 { // one may have begun meanwhile
		for _, c := range children(l.d.program.pid) {
			if c.options == l.d.files.options(l.call.Name) {
				l.proc = c.process
			}
		}
	}
	if l.proc.pid != 0 && l.proc.alive() {
		l.wait(patience)
		l.proc.signal(syscall.SIGKILL)
	}
	if l.unpin != nil {
		errs = append(errs, l.unpin())
	}
	errs = append(errs, l.d.files.forget(l.call.Name))
	if err := errors.Join(errs...); err != nil {
		l.d.opts.Logger.Warn("something is left of a link", "client", l.call.Name, "error", err)
	}
	l.d.mu.Lock()
	delete(l.d.links, l.call.Name)
	l.d.mu.Unlock()
	close(l.done)
}

// hangUp closes a tunnel and forgets the entry. Nothing to close is no fault.
func (d *daemon) hangUp(ctx context.Context, entry string) {
	select {
	case <-d.done:
	default:
		_ = d.control.do(ctx, commandDisconnect, entry)
		_ = d.control.do(ctx, commandRemove, entry)
	}
}

// wait waits for the end of the pppd.
func (l *link) wait(limit time.Duration) {
	for end := time.Now().Add(limit); l.proc.alive() && time.Now().Before(end); {
		time.Sleep(pollTime / 4)
	}
}

// Facts implements [l2tp.Link].
func (l *link) Facts() l2tp.LinkFacts { return l.facts }

// Done implements [l2tp.Link].
func (l *link) Done() <-chan struct{} { return l.done }

// Err implements [l2tp.Link].
func (l *link) Err() error {
	select {
	case <-l.done:
		return l.err
	default:
		return nil
	}
}

// Close implements [l2tp.Link].
func (l *link) Close(ctx context.Context) error {
	l.once.Do(func() { close(l.closing) })
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("xl2tpd: %s: still ending: %w", l.call.Name, ctx.Err())
	}
}

func (l *link) failure(cause l2tp.Cause, detail string, log ...string) *l2tp.Failure {
	return &l2tp.Failure{Client: l.call.Name, Cause: cause, Detail: detail, Log: log}
}

// commandFailure is about a command that xl2tpd did not do.
func (l *link) commandFailure(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENXIO):
		return fmt.Errorf("%w: %w", l2tp.ErrClosed, err)
	}
	return l.failure(l2tp.CauseDaemon, err.Error())
}

// says returns the last line with a text in it, "" if there is none.
func says(log []string, text string) string {
	for i := len(log) - 1; i >= 0; i-- {
		if strings.Contains(log[i], text) {
			return log[i]
		}
	}
	return ""
}
