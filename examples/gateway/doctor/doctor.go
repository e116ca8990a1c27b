package doctor

import (
	"cmp"
	"context"
	"slices"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/telemetry"
)

// Severity is how bad a finding is.
type Severity string

// The severities.
const (
	Fault   Severity = "fault"   // something does not work
	Warning Severity = "warning" // it works, but not for long or not wholly
)

// Finding is one thing that is wrong.
type Finding struct {
	Service string `json:"service"` // such as ipsec, or system
	// Subject is the connection, instance, port or the like; may be empty.
	Subject  string   `json:"subject,omitempty"`
	Sentence string   `json:"sentence"` // what is wrong
	Todo     string   `json:"todo"`     // what to do
	Severity Severity `json:"severity"`
}

// String is the finding in a line.
func (f Finding) String() string {
	name := f.Service
	if f.Subject != "" {
		name += " " + f.Subject
	}
	return string(f.Severity) + ": " + name + ": " + f.Sentence + " " + f.Todo
}

// Live returns the services that run; nil for one that does not.
type Live interface {
	Telemetry() *telemetry.Service
	IPsec() *ipsec.Service
	L2TP() *l2tp.Service
	OpenVPN() *openvpn.Service
	Ser2net() *ser2net.Service
	SNMP() *snmp.Service
}

// Facts is what the doctor looks at. A status is nil while its service does
// not run.
type Facts struct {
	Document  document.Document // in force
	Services  []control.ServiceState
	Missing   []control.Missing
	Telemetry *telemetry.Status
	IPsec     *ipsec.Status
	L2TP      *l2tp.Status
	OpenVPN   *openvpn.Status
	Ser2net   *ser2net.Status
	SNMP      *snmp.Status
	Host      Host
}

// Gather asks the services of a gateway.
func Gather(c control.Control, l Live, h Host) Facts {
	f := Facts{Services: c.Services(), Missing: c.Missing(), Host: h}
	f.Document, _ = c.Applied()
	if s := l.Telemetry(); s != nil {
		f.Telemetry = new(s.Status())
	}
	if s := l.IPsec(); s != nil {
		f.IPsec = new(s.Status())
	}
	if s := l.L2TP(); s != nil {
		f.L2TP = new(s.Status())
	}
	if s := l.OpenVPN(); s != nil {
		f.OpenVPN = new(s.Status())
	}
	if s := l.Ser2net(); s != nil {
		f.Ser2net = new(s.Status())
	}
	if s := l.SNMP(); s != nil {
		f.SNMP = new(s.Status())
	}
	return f
}

// Run returns what is wrong, the worst first, else in the order of the
// services; none: everything is well. The end of ctx ends the probes, whose
// outcome is then left out.
func Run(ctx context.Context, f Facts) []Finding {
	e := &examination{Facts: f, nameless: make(map[string]bool)}
	e.system(ctx)
	e.missing()
	e.names(ctx)
	e.services()
	e.telemetry()
	e.ipsec()
	e.l2tp()
	e.openvpn()
	e.ser2net()
	e.snmp()
	order.Stable(e.found, func(a, b Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	return e.found
}

// examination is one run.
type examination struct {
	Facts
	found    []Finding
	nameless map[string]bool // host names that are told already
}

func (e *examination) add(service, subject, sentence, todo string) {
	e.found = append(e.found, Finding{service, subject, sentence, todo, Fault})
}

func (e *examination) warn(service, subject, sentence, todo string) {
	e.found = append(e.found, Finding{service, subject, sentence, todo, Warning})
}

// told reports whether there is a finding about a service already.
func (e *examination) told(service string) bool {
	return slices.ContainsFunc(e.found, func(f Finding) bool { return f.Service == service })
}

// lacks reports whether the host lacks something for a service.
func (e *examination) lacks(service string) bool {
	return slices.ContainsFunc(e.Missing, func(m control.Missing) bool { return m.Service == service })
}
