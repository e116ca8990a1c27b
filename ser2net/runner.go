package ser2net

import (
	"context"
	"net"
	"net/netip"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/ser2net/internal/match"
)

// runner is one running port: its address, the clients that have a place, and
// the session with the device while there are any.
type runner struct {
	cfg    PortConfig // with its defaults
	env    *environment
	texts  texts
	secure atomic.Pointer[Handshake] // nil = none

	onData bool // the port dials when the device has sent something
	keeps  bool // clients stay while the device is away

	ctx      context.Context // ends with the port
	cancel   context.CancelFunc
	tasks    sync.WaitGroup
	newcomer chan struct{} // one for each connection without a place, but with TLS
	panicked atomic.Bool   // a stack has been logged

	toDevice, toNetwork atomic.Uint64 // bytes

	// mu guards what follows, the clients with their queues, and the
	// sessions. Nobody waits for I/O while holding it.
	mu       sync.Mutex
	changed  *sync.Cond // a queue has more room, or a client has gone
	started  bool
	address  net.Addr // that is listened on, nil if none
	closers  []interface{ Close() error }
	unproved []net.Conn      // with TLS those without a place, the oldest first
	session  *session        // with the device, nil when nobody has a place
	free     <-chan struct{} // closed when the session before has given the device back; nil at first
	count    portCounts
	trouble  string // the last error
	happened time.Time
}

// portCounts are what a port has seen.
type portCounts struct {
	connects, refused, opens, losses, packets, dropped uint64
}

// texts are the texts of a PortConfig without their escapes.
type texts struct {
	closeOn, sendOn, delimiter *match.Pattern // nil = none
}

func newRunner(c PortConfig, env *environment) *runner {
	r := &runner{cfg: c.normal(), env: env, newcomer: make(chan struct{}, maxNewcomers)}
	r.changed = sync.NewCond(&r.mu)
	r.onData = r.cfg.dials() && r.cfg.Connect.When == WhenOnData
	r.keeps = r.onData || r.cfg.OnLoss == OnLossKeep
	pattern := func(text string) *match.Pattern {
		if text == "" {
			return nil
		}
		return match.Compile(r.text(text, ""))
	}
	r.texts = texts{
		closeOn: pattern(r.cfg.CloseOn), sendOn: pattern(r.cfg.Packing.SendOn),
		delimiter: pattern(r.cfg.Packing.Delimiter),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// text returns a configured text with its escapes replaced for now; remote is
// the address of a client, empty if none is concerned.
func (r *runner) text(text, remote string) []byte {
	if text == "" {
		return nil
	}
	return mustExpand(text, &facts{port: &r.cfg, remote: remote, time: time.Now()})
}

// start listens and dials. On failure nothing is held, and the port is to be
// looked at only.
func (r *runner) start(ctx context.Context) (err error) {
	if err = r.loadTLS(); err == nil && r.cfg.Listen != "" {
		err = r.listen(ctx)
	}
	if err != nil {
		r.fail(err.Error())
		r.cancel()
		return err
	}
	for _, to := range r.cfg.Connect.Destinations {
		d := &dialer{r: r, to: to}
		r.tasks.Go(d.run)
	}
	r.mu.Lock()
	r.started = true
	r.mu.Unlock()
	return nil
}

// is tells whether the port is as c says.
func (r *runner) is(c *PortConfig) bool { return reflect.DeepEqual(r.cfg, c.normal()) }

// running tells whether start has succeeded and stop was not called.
func (r *runner) running() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.started && r.ctx.Err() == nil
}

// stop ends everything and waits for the end, but not for ever for a driver
// that hangs.
func (r *runner) stop() {
	r.cancel()
	r.mu.Lock()
	closers := r.closers
	r.closers, r.address = nil, nil
	if s := r.session; s != nil {
		for _, c := range s.clients {
			r.part(c, reasonStopped)
		}
	}
	r.mu.Unlock()
	for _, c := range closers {
		_ = c.Close()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.tasks.Wait()
	}()
	late := time.NewTimer(stopLimit)
	defer late.Stop()
	select {
	case <-ended:
	case <-late.C:
		r.fail("the driver of " + r.cfg.Device + " hangs, the port was given up")
	}
}

// closeAtStop notes what stop is to close. It returns false, and closes it,
// when the port has been stopped meanwhile.
func (r *runner) closeAtStop(c interface{ Close() error }, address net.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		_ = c.Close()
		return false
	}
	r.closers, r.address = append(r.closers, c), address
	return true
}

// allowed tells whether a client may come from that address.
func (r *runner) allowed(remote net.Addr) bool {
	if len(r.cfg.Allow) == 0 {
		return true
	}
	from, err := netip.ParseAddrPort(remote.String())
	if err != nil {
		return false
	}
	addr := from.Addr().Unmap().WithZone("")
	for _, prefix := range r.cfg.Allow {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// fail notes an error of the port and reports it.
func (r *runner) fail(text string) {
	r.note(text)
	r.report(EventFailed, nil, text)
}

func (r *runner) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble, r.happened = text, time.Now()
}

// report tells of an event, of the client c if it is not nil.
func (r *runner) report(kind EventKind, c *client, text string) {
	e := Event{Port: r.cfg.Name, Kind: kind, Text: text}
	if c != nil {
		e.Client, e.Remote = c.id, c.remote
	}
	r.env.report(e)
}
