package snmp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	queueSize = 64

	// What Destination has when it says nothing.
	defaultTimeout = 5 * time.Second
	defaultRetries = 5

	// trapTime bounds the sending of a trap, and is what an inform gets beyond
	// its waiting.
	trapTime = 10 * time.Second
	// authPause is the least time between two authenticationFailures.
	authPause = time.Second
)

// trap returns one of the generic notifications of RFC 3418.
func trap(arc uint32) OID { return snmpModules(1, 1, 5, arc) }

// The generic notifications that the agent itself sends.
const (
	coldStart             = 1
	warmStart             = 2
	authenticationFailure = 5
)

// destination is a receiver of notifications with its queue.
type destination struct {
	to    Destination
	queue chan queued

	mu     sync.Mutex
	status DestinationStatus
}

// queued is a notification that waits.
type queued struct {
	Notification
	uptime uint32
}

func newDestination(to Destination) *destination {
	if to.Timeout == 0 {
		to.Timeout = Duration(defaultTimeout)
	}
	if to.Retries == nil {
		to.Retries = new(int)
		*to.Retries = defaultRetries
	}
	return &destination{to: to, queue: make(chan queued, queueSize), status: DestinationStatus{Name: to.Name}}
}

// Notify puts a notification into the queue of every destination. It never
// waits. Its error tells that the agent does not run, that the notification
// cannot be sent, or which destinations have a full queue: those miss it.
func (s *Service) Notify(n Notification) error {
	if s.current.Load() == nil {
		return errors.New("snmp: notify: the agent does not run")
	}
	if err := n.check(); err != nil {
		return fmt.Errorf("snmp: notify: %w", err)
	}
	item := queued{n, s.uptime()}
	var errs []error
	for _, d := range s.destinations {
		select {
		case d.queue <- item:
		default:
			d.update(func(st *DestinationStatus) { st.Dropped++ })
			errs = append(errs, fmt.Errorf("snmp: notify: the queue of %q is full", d.to.Name))
		}
	}
	return errors.Join(errs...)
}

// check tells what is wrong with a notification.
func (n *Notification) check() error {
	if len(n.Trap) < 2 || len(n.Trap) > MaxArcs {
		return fmt.Errorf("%v is no value of snmpTrapOID", n.Trap)
	}
	for _, b := range n.Binds {
		if len(b.OID) < 2 || len(b.OID) > MaxArcs || !b.Value.Exists() {
			return fmt.Errorf("%v has no value but %v", b.OID, b.Value)
		}
	}
	return nil
}

// announce tells that the agent has started.
func (s *Service) announce() {
	arc := uint32(coldStart)
	if s.opts.WarmStart {
		arc = warmStart
	}
	_ = s.Notify(Notification{Trap: trap(arc)}) // the queues are empty
}

// watched takes a notification from a Watcher. Full queues are counted there.
func (s *Service) watched(m *mount, n Notification) {
	if err := n.check(); err != nil {
		s.handlerFault(m, err.Error())
		return
	}
	_ = s.Notify(n)
}

// authenticationFailure tells of a message that was not let in, if that is
// wanted and was not told just now.
func (s *Service) authenticationFailure() {
	if !s.cfg.Notifications.AuthenticationFailures {
		return
	}
	now, last := int64(time.Since(s.made)), s.lastAuthFail.Load()
	if last >= 0 && now-last < int64(authPause) || !s.lastAuthFail.CompareAndSwap(last, now) {
		return
	}
	_ = s.Notify(Notification{Trap: trap(authenticationFailure)}) // full queues are counted there
}

// deliver sends what is in the queue of a destination until ctx ends.
func (s *Service) deliver(ctx context.Context, r *run, d *destination) {
	for {
		select {
		case item := <-d.queue:
			err := s.send(ctx, r, d, item)
			if ctx.Err() != nil {
				return
			}
			s.delivered(d, err)
		case <-ctx.Done():
			return
		}
	}
}

// send sends one notification.
func (s *Service) send(ctx context.Context, r *run, d *destination, item queued) error {
	m := NotificationMessage{Notification: item.Notification, To: d.to, Uptime: item.uptime, Agent: s.objectID()}
	limit := trapTime
	if d.to.Inform {
		limit += time.Duration(*d.to.Retries+1) * d.to.Timeout.Std()
	}
	if d.to.Version == Version3 {
		v3 := r.v3.Load()
		if v3.engine == nil {
			return fmt.Errorf("SNMPv3 is off: %w", v3.fault)
		}
		for _, u := range s.cfg.Users {
			if u.Name == d.to.User {
				m.User = u
			}
		}
		m.Engine.ID = v3.engine.ID()
		m.Engine.Boots, m.Time = v3.engine.Clock()
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s.counters.inc(outTraps)
	s.counters.inc(outPkts)
	return s.opts.Sender.Send(ctx, m)
}

// delivered keeps the result, and logs when it changes between good and bad.
func (s *Service) delivered(d *destination, err error) {
	var before string
	d.update(func(st *DestinationStatus) {
		before = st.LastError
		st.LastError = ""
		if err == nil {
			st.Sent++
		} else {
			st.Failed++
			st.LastError = err.Error()
		}
	})
	switch {
	case err != nil && before == "":
		s.log.Warn("snmp: notifications fail", "destination", d.to.Name, "error", err)
	case err == nil && before != "":
		s.log.Info("snmp: notifications are sent again", "destination", d.to.Name)
	}
}

func (d *destination) update(change func(*DestinationStatus)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.status)
}
