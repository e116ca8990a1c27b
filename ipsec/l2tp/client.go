package l2tp

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
	"github.com/fieldgate/fieldgate/ipsec"
)

// client keeps one client up while it is wanted.
type client struct {
	svc     *Service
	cfg     Client // with all defaults filled in
	enabled bool   // by the whole Config
	name    string // normalised
	channel string // name of the ipsec connection

	mu     sync.Mutex
	gone   bool     // it is, or is about to be, no client of the service any more
	again  bool     // a start was asked for after that
	runs   *running // nil while no goroutine runs
	status ClientStatus

	telling sync.Mutex // one OnChange at a time
}

// running is the goroutine of a client.
type running struct {
	cancel context.CancelFunc
	done   chan struct{}
	wake   chan struct{} // ends a pause
	ends   bool          // it was asked to
}

func newClient(s *Service, cfg Client, on bool) *client {
	cfg = cfg.normal()
	c := &client{svc: s, cfg: cfg, enabled: on && cfg.Enabled, name: cfg.Name, channel: ChannelName(cfg.Name)}
	c.status = ClientStatus{Name: c.name, Enabled: c.enabled, State: StateDisabled}
	if c.enabled {
		c.status.State = StateStopped
	}
	return c
}

// Status returns a copy.
func (c *client) Status() ClientStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// start runs the client until life ends or it is stopped.
func (c *client) start(life context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if life.Err() != nil {
		return // the service ends, and has stopped this client or is about to
	}
	if c.gone {
		c.again = true
		return
	}
	if c.runs != nil && !c.runs.ends {
		c.runs.prod()
		return
	}
	ctx, cancel := context.WithCancel(life)
	r := &running{cancel: cancel, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	before := c.runs
	c.runs = r
	go func() {
		defer close(r.done)
		defer cancel()
		if before != nil {
			<-before.done
		}
		c.run(ctx, r.wake)
	}()
}

// retire ends the client for good.
func (c *client) retire() {
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
	_ = c.stop(context.Background()) // without an end of time there is no error
}

// recalled tells whether a start was asked for since retire.
func (c *client) recalled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.again
}

// stop ends the client until it is started again.
func (c *client) stop(ctx context.Context) error {
	c.mu.Lock()
	r := c.runs
	if r != nil {
		r.ends = true
		r.cancel()
	}
	c.mu.Unlock()
	if r == nil {
		return nil
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wake has a client that waits try at once.
func (c *client) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs != nil {
		c.runs.prod()
	}
}

func (r *running) prod() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run brings the client up again and again until ctx ends. Then it ends all
// that it began.
func (c *client) run(ctx context.Context, wake <-chan struct{}) {
	pause := backoff.Backoff{Min: retryMin, Max: retryMax}
	for ctx.Err() == nil {
		daemon := c.svc.current()
		if daemon == nil {
			c.change(func(st *ClientStatus) { st.State, st.RetryAt = StateWaiting, time.Time{} })
			select {
			case <-ctx.Done():
			case <-wake:
			}
			continue
		}
		f := c.attempt(ctx, daemon, &pause)
		if f == nil {
			break
		}
		next := pause.Next()
		c.failed(f, next)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-time.After(next):
		}
	}
	c.change(func(st *ClientStatus) { st.State, st.RetryAt = StateClosing, time.Time{} })
	c.endChannel()
	c.change(func(st *ClientStatus) { st.State = StateStopped })
}

// attempt brings the client up and watches it. It returns why it is down, nil
// when ctx ended.
func (c *client) attempt(ctx context.Context, daemon Daemon, pause *backoff.Backoff) *Failure {
	c.change(func(st *ClientStatus) { st.State, st.RetryAt = StateChannel, time.Time{} })
	peer, err := c.bringChannel(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return c.channelFailure(err)
	}
	c.change(func(st *ClientStatus) { st.State, st.Peer = StateTunnel, peer })
	dialing, cancel := context.WithTimeout(ctx, dialTime)
	link, err := daemon.Dial(dialing, c.call(peer))
	cancel()
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		// The channel may be one that the peer has forgotten: the next try
		// begins with a new one.
		c.endChannel()
		return c.linkFailure(err)
	}
	since := time.Now()
	c.change(func(st *ClientStatus) {
		st.State, st.LinkFacts, st.LastError = StateUp, link.Facts(), nil
		st.Ups++
	})
	c.watch(ctx, link)
	select {
	case <-ctx.Done():
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		defer done()
		c.change(func(st *ClientStatus) { st.State = StateClosing })
		if err := link.Close(closing); err != nil {
			c.svc.opts.Logger.Warn("the link did not end cleanly", "client", c.name, "error", err)
		}
		return nil
	case <-link.Done():
	}
	if time.Since(since) > settled {
		pause.Reset()
	}
	if ctx.Err() != nil {
		return nil
	}
	return c.linkFailure(link.Err())
}

// watch waits for the end of ctx or of the link. A channel that goes down
// meanwhile is brought up again: PPP outlives that, when it does not take
// longer than its echo requests allow. A new tunnel would have to wait until the
// server has given up the old one, which it could not be told about.
func (c *client) watch(ctx context.Context, link Link) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tick := time.NewTicker(channelPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-link.Done():
			return
		case <-tick.C:
		}
		if c.channelDown() {
			trying, done := context.WithTimeout(ctx, channelTime)
			err := c.svc.opts.Channel.Initiate(trying, c.channel) // if it lasts, the link ends meanwhile
			done()
			if err == nil {
				c.svc.opts.Logger.Info("the channel is up again", "client", c.name)
			}
		}
	}
}

// channelDown tells whether the channel is down, as far as is known.
func (c *client) channelDown() bool {
	for _, conn := range c.svc.opts.Channel.Status().Connections {
		if conn.Name == c.channel {
			switch conn.State {
			case ipsec.StateArmed, ipsec.StateStopped, ipsec.StateClosed, ipsec.StateFailed:
				return true
			}
		}
	}
	return false
}

// bringChannel has the channel negotiated and returns the peer's address, which
// only the IKE daemon knows: a name may have several.
func (c *client) bringChannel(ctx context.Context) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, channelTime)
	defer cancel()
	if err := c.svc.opts.Channel.Initiate(ctx, c.channel); err != nil {
		return netip.Addr{}, err
	}
	for _, conn := range c.svc.opts.Channel.Status().Connections {
		if conn.Name != c.channel {
			continue
		}
		for _, sa := range conn.SAs {
			for _, child := range sa.Children {
				if addr := sa.RemoteHost.Addr().Unmap(); child.State == "INSTALLED" && addr.IsValid() {
					if !addr.Is4() {
						return addr, errors.New("the server has an IPv6 address, and L2TP is spoken over IPv4 only: give its IPv4 address as gateway")
					}
					return addr, nil
				}
			}
		}
	}
	return netip.Addr{}, errors.New("the channel went down as soon as it was up")
}

// endChannel ends the channel, whatever became of ctx.
func (c *client) endChannel() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	err := c.svc.opts.Channel.Terminate(ctx, c.channel)
	if err != nil && !errors.Is(err, ipsec.ErrUnavailable) && !errors.Is(err, ipsec.ErrUnknownConnection) {
		c.svc.opts.Logger.Warn("the channel did not end cleanly", "client", c.name, "error", err)
	}
}

func (c *client) call(peer netip.Addr) Call {
	call := Call{
		Name: c.name, Peer: peer, Username: c.cfg.Username, Password: c.cfg.Password,
		PPP: c.cfg.PPP, PeerDNS: c.cfg.PeerDNS, DefaultRoute: c.cfg.DefaultRoute,
		Established: func() { c.change(func(st *ClientStatus) { st.State = StatePPP }) },
	}
	for _, text := range c.cfg.Routes {
		network, _ := netip.ParsePrefix(text) // validated
		call.Routes = append(call.Routes, network)
	}
	return call
}

func (c *client) channelFailure(err error) *Failure {
	f := &Failure{Client: c.name, Cause: CauseChannel, Detail: err.Error()}
	if ike, ok := errors.AsType[*ipsec.Failure](err); ok {
		f.Detail = string(ike.Cause) + ": " + ike.Detail
		f.Log = ike.Log
	}
	if errors.Is(err, ipsec.ErrUnknownConnection) {
		f.Detail = "the ipsec service does not have the connection " + c.channel + ": its Config must come from Extend"
	}
	return f
}

func (c *client) linkFailure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		copied := *f
		copied.Client = c.name
		return &copied
	}
	switch {
	case errors.Is(err, ErrClosed):
		return &Failure{Client: c.name, Cause: CauseDaemon, Detail: err.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &Failure{Client: c.name, Cause: CauseNoResponse, Detail: "L2TP and PPP did not come to an end in " + dialTime.String()}
	case err == nil:
		return &Failure{Client: c.name, Cause: CauseOther, Detail: "the link ended without a reason"}
	}
	return &Failure{Client: c.name, Cause: CauseOther, Detail: err.Error()}
}

// failed notes a failure and when it is tried again. It is logged when its
// cause is another than before.
func (c *client) failed(f *Failure, pause time.Duration) {
	f.At = time.Now()
	last := c.Status().LastError
	c.change(func(st *ClientStatus) {
		st.State, st.LastError, st.RetryAt = StateFailed, f, f.At.Add(pause)
	})
	if last == nil || last.Cause != f.Cause || last.Detail != f.Detail {
		c.svc.opts.Logger.Warn("client is down", "client", c.name, "cause", string(f.Cause), "detail", f.Detail)
	}
}

// change changes the status and tells about it.
func (c *client) change(edit func(*ClientStatus)) {
	c.telling.Lock()
	defer c.telling.Unlock()
	c.mu.Lock()
	before := c.status.State
	edit(&c.status)
	if c.status.State != before {
		c.status.Since = time.Now()
		if c.status.State != StateUp && c.status.State != StateClosing {
			c.status.LinkFacts = LinkFacts{}
		}
		if c.status.State == StateChannel || c.status.State == StateStopped {
			c.status.Peer = netip.Addr{}
		}
	}
	now := c.status
	c.mu.Unlock()
	if now.State == before {
		return
	}
	if now.State == StateUp {
		c.svc.opts.Logger.Info("client is up", "client", c.name, "peer", now.Peer, "interface", now.Interface,
			"address", now.Local, "remote", now.Remote)
	}
	if c.svc.opts.OnChange != nil {
		c.svc.opts.OnChange(now)
	}
}
