package ser2net

import (
	"fmt"
	"time"
)

// Status is what the proxy does now.
type Status struct {
	Ports    []PortStatus    `json:"ports"`              // in the order of the Config
	Rotators []RotatorStatus `json:"rotators,omitempty"` // in the order of the Config
}

// PortState is what a port does.
type PortState string

// The states of a port.
const (
	StateOff     PortState = "off"     // disabled, or the service does not run
	StateFailed  PortState = "failed"  // it could not be started; LastError says why
	StateWaiting PortState = "waiting" // nobody uses the device
	StateOpening PortState = "opening" // the device is being opened, or taken over
	StateOpen    PortState = "open"    // the device is open
	StateLost    PortState = "lost"    // the device has gone and is awaited
)

// PortStatus is what one port does and has done since it was started.
type PortStatus struct {
	Name   string    `json:"name"`
	State  PortState `json:"state"`
	Device string    `json:"device"`
	// Listening is the address that is listened on, empty for none.
	Listening string `json:"listening"`
	// Mode is what the driver does while the device is open, else what is
	// configured.
	Mode    Mode           `json:"mode"`
	Clients []ClientStatus `json:"clients"`
	// Lines are the modem lines and Counters the driver's counters; nil while
	// the device is not open, or has none.
	Lines    *Lines    `json:"lines,omitempty"`
	Counters *Counters `json:"counters,omitempty"`

	ToDevice  uint64 `json:"to_device"`  // bytes that clients sent
	ToNetwork uint64 `json:"to_network"` // bytes that the device sent
	Packets   uint64 `json:"packets"`    // writes to the clients, see [Packing]
	Dropped   uint64 `json:"dropped"`    // bytes for a device that had gone
	Connects  uint64 `json:"connects"`   // clients served
	Refused   uint64 `json:"refused"`    // clients turned away
	Opens     uint64 `json:"opens"`      // of the device
	Losses    uint64 `json:"losses"`     // of the device

	// LastError is the last thing that did not work, with its time; empty
	// before the first.
	LastError   string    `json:"last_error"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
}

// ClientStatus is one client that has a place.
type ClientStatus struct {
	ID     uint64    `json:"id"` // for [Service.Disconnect]
	Remote string    `json:"remote"`
	User   string    `json:"user,omitzero"` // common name of its certificate
	Dialed bool      `json:"dialed,omitzero"`
	Since  time.Time `json:"since"`

	Sent     uint64 `json:"sent"`     // bytes that it took
	Received uint64 `json:"received"` // bytes that it sent
	Waiting  int    `json:"waiting"`  // bytes that wait for it
	Dropped  uint64 `json:"dropped"`  // bytes that it was too slow for
}

// RotatorStatus is what one rotator does.
type RotatorStatus struct {
	Name      string `json:"name"`
	Listening string `json:"listening"` // empty while it does not run
	LastError string `json:"last_error"`
}

// Status tells what each port does. It asks the open devices for their mode,
// lines and counters, and waits for those at most 100 ms: of a device that
// takes longer it tells what was known before.
func (s *Service) Status() Status {
	cfg := s.config()
	var status Status
	runners := make([]*runner, len(cfg.Ports))
	for i, p := range cfg.Ports {
		runners[i] = s.runner(p.Name)
	}
	askDevices(runners)
	for i, p := range cfg.Ports {
		if r := runners[i]; r != nil {
			status.Ports = append(status.Ports, r.status())
			continue
		}
		p = p.normal()
		status.Ports = append(status.Ports, PortStatus{Name: p.Name, State: StateOff, Device: p.Device, Mode: p.Mode})
	}
	for _, c := range cfg.Rotators {
		status.Rotators = append(status.Rotators, s.rotatorStatus(c.Name))
	}
	return status
}

func (s *Service) rotatorStatus(name string) RotatorStatus {
	s.mu.Lock()
	r := s.set.rotators[name]
	s.mu.Unlock()
	status := RotatorStatus{Name: name}
	if r == nil {
		return status
	}
	if addr := r.address(); addr != nil {
		status.Listening = addr.String()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	status.LastError = r.trouble
	return status
}

// Disconnect ends a client of a port, or all of them for the client 0. What
// waits for it is still sent. The errors are [ErrUnknownPort] and [ErrUnknownClient].
func (s *Service) Disconnect(port string, client uint64) error {
	r := s.runner(port)
	if r == nil {
		return fmt.Errorf("ser2net: disconnect from %q: %w", port, ErrUnknownPort)
	}
	if !r.disconnect(client) {
		return fmt.Errorf("ser2net: disconnect %d from %q: %w", client, port, ErrUnknownClient)
	}
	return nil
}

// disconnect ends a client, or all for 0, and returns whether there was one.
func (r *runner) disconnect(id uint64) (found bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.session == nil {
		return false
	}
	for _, c := range r.session.clients {
		if c.conn != nil && (id == 0 || c.id == id) {
			r.part(c, reasonOrdered)
			found = true
		}
	}
	return found
}

// status tells what the port does, without asking anybody.
func (r *runner) status() PortStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	status := PortStatus{
		Name: r.cfg.Name, State: r.state(), Device: r.cfg.Device, Mode: r.cfg.Mode,
		ToDevice: r.toDevice.Load(), ToNetwork: r.toNetwork.Load(),
		Packets: r.count.packets, Dropped: r.count.dropped, Connects: r.count.connects,
		Refused: r.count.refused, Opens: r.count.opens, Losses: r.count.losses,
		LastError: r.trouble, LastErrorAt: r.happened, Clients: []ClientStatus{},
	}
	if r.address != nil {
		status.Listening = r.address.String()
	}
	if r.session == nil {
		return status
	}
	if facts := r.session.facts; facts.known {
		status.Mode, status.Lines, status.Counters = facts.mode, facts.lines, facts.counters
	}
	for _, c := range r.session.clients {
		if c.seated {
			status.Clients = append(status.Clients, c.status())
		}
	}
	return status
}

// state is the state of the port, with mu held.
func (r *runner) state() PortState {
	switch {
	case !r.started:
		return StateFailed
	case r.ctx.Err() != nil:
		return StateOff
	case r.session == nil:
		return StateWaiting
	case !r.session.began:
		return StateOpening
	case r.session.port.Load() == nil:
		return StateLost
	}
	return StateOpen
}

// status is what is known of a client, with mu held.
func (c *client) status() ClientStatus {
	return ClientStatus{
		ID: c.id, Remote: c.remote, User: c.user, Dialed: c.dialed, Since: c.since,
		Sent: c.out.sent, Received: c.toDevice.Load(), Waiting: c.out.waiting(), Dropped: c.out.dropped,
	}
}
