// Package control is what pages, automation and the doctor do with a gateway:
// read and change its configuration, apply it, start and stop single parts,
// and see what runs.
package control

import (
	"context"
	"errors"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// Control is a gateway seen by those who operate it. The concrete one is
// [Gateway]; pages and automation take the interface.
type Control interface {
	Configuration
	Parts
}

// Revision numbers the stored configurations, from 1.
type Revision uint64

// Configuration is the stored configuration and how it comes into force.
type Configuration interface {
	// Saved returns the configuration that was stored last.
	Saved() (document.Document, Revision)
	// Applied returns the one in force; it differs from the saved one after a
	// Save, until Apply.
	Applied() (document.Document, Revision)
	// Save stores doc as the next revision if base is still the newest one;
	// else the error is a *[Conflict]. A document with faults is refused with
	// a *[document.Error], and nothing is stored; so is one that changes what
	// only gateway.yaml on the device sets ([document.FixedFaults]).
	Save(ctx context.Context, by, what string, base Revision, doc document.Document) (Revision, error)
	// Plan tells what Apply would do, service by service.
	Plan() []Step
	// Apply puts the saved configuration into force. With confirm above 0 the
	// one before comes back unless Confirm is called in that time, also
	// through a restart of the gateway. The error names the services that keep
	// their old configuration.
	Apply(ctx context.Context, by string, confirm time.Duration) ([]Step, error)
	// Confirm keeps what Apply has put into force.
	Confirm(by string) error
	// Pending returns until when an Apply has to be confirmed; zero: none.
	Pending() time.Time

	// History lists the stored revisions, newest first.
	History() ([]Version, error)
	// At returns a stored revision.
	At(r Revision) (document.Document, error)
	// Diff lists what differs between two revisions; secrets are compared,
	// never shown.
	Diff(from, to Revision) ([]Change, error)
	// Export returns the saved configuration as YAML, with secrets only if
	// asked; Import saves what Export, or a person, has written, as Save does.
	Export(secrets bool) ([]byte, error)
	Import(ctx context.Context, by string, base Revision, text []byte) (Revision, error)
}

// Conflict is the error of a Save on a base that is not the newest revision.
type Conflict struct {
	Base, Newest Revision
	By           string    // who saved the newest
	At           time.Time // when
	Changes      []Change  // what they changed since Base
}

// Error says who came first.
func (c *Conflict) Error() string {
	return "the configuration was changed meanwhile by " + c.By
}

// Version is a stored revision.
type Version struct {
	Revision Revision
	At       time.Time
	By, What string
}

// Change is a difference of one field.
type Change struct {
	Path     string // such as ipsec.connections[0].gateway
	From, To string // as YAML; secrets as [redacted]
}

// Action is what an Apply does to a service.
type Action string

// The actions.
const (
	Unchanged    Action = "unchanged"
	Reconfigured Action = "reconfigured" // in place: only what changed is touched
	Restarted    Action = "restarted"
	Started      Action = "started"
	Stopped      Action = "stopped"
)

// Step is one service in a plan, or what became of it.
type Step struct {
	Service string // telemetry, ipsec, l2tp, openvpn, ser2net, snmp, api, web, ...
	Action  Action
	Detail  string // such as the connections that are touched
	Error   string // after Apply: why it keeps its old configuration
}

// Parts are the services and what they are made of.
type Parts interface {
	// Services tells how each service is, in start order.
	Services() []ServiceState
	// Items lists the single tunnels, instances and ports of a service.
	Items(service string) []Item
	// Do starts, stops or restarts one of them, which changes no
	// configuration. A stopped one stays so until it is started, or the
	// gateway is.
	Do(ctx context.Context, service, item string, verb Verb) error
	// Missing lists what the host lacks for services that are configured.
	Missing() []Missing
}

// Verb is what is done to an item.
type Verb string

// The verbs.
const (
	Start   Verb = "start"
	Stop    Verb = "stop"
	Restart Verb = "restart"
)

// ErrNoItem means that there is no item of that name, or that its service does
// not run.
var ErrNoItem = errors.New("there is nothing of that name to start or stop")

// ServiceState is one service.
type ServiceState struct {
	Name   string
	State  string // running, disabled, restarting, stopping
	Since  time.Time
	Detail string
	Error  string
	// LeftOut: the gateway was built without it; Detail says so.
	LeftOut bool
}

// Item is a tunnel, an instance, a port.
type Item struct {
	Service, Name string
	Enabled       bool
	Configured    bool // valid, and taken by what runs it
	State         string
	Good          bool // the state is one to be happy with
	Since         time.Time
	Detail        string
	Verbs         []Verb // that make sense now
}

// Missing is something that the host, or the gateway itself, lacks.
type Missing struct {
	Service string
	What    string // such as "openvpn is not installed"
	Command string // that mends it, such as "apt install openvpn"; may be empty
	LeftOut bool   // the gateway was built without it, so nothing on the host can mend it
}
