package main

import (
	"context"
	"slices"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/openvpn"
)

// engine is the gateway as [control.Engine]: documents in, services out.
type engine struct{ *gateway }

var _ control.Engine = engine{}

// Plan implements [control.Engine].
func (e engine) Plan(doc document.Document) []control.Step { return e.units.plan(e.plan(doc)) }

// Apply implements [control.Engine].
func (e engine) Apply(_ context.Context, doc document.Document) ([]control.Step, error) {
	e.warn(doc)
	// Who asks may go away half-way, which is no reason to leave it there.
	ctx, cancel := context.WithTimeout(e.life, startTimeout)
	defer cancel()
	return e.units.reload(ctx, e.plan(doc))
}

// Services implements [control.Parts].
func (e engine) Services() []control.ServiceState { return e.units.states() }

// Items implements [control.Parts].
func (e engine) Items(service string) []control.Item { return e.units.items(service) }

// Do implements [control.Parts].
func (e engine) Do(ctx context.Context, service, item string, verb control.Verb) error {
	return e.units.do(ctx, service, item, verb)
}

// Missing implements [control.Parts].
func (e engine) Missing() []control.Missing {
	var all []control.Missing
	if _, saved := e.control.Saved(); saved == e.standIn {
		all = append(all, e.unread)
	}
	doc, _ := e.control.Applied()
	all = append(all, missingParts(doc)...)
	if e.simulated {
		return all
	}
	folder := false
	if running := runningIn[*openvpn.Service](e.gateway, "openvpn"); running != nil {
		folder = slices.ContainsFunc(running.Status().Instances, func(i openvpn.InstanceStatus) bool { return i.FromFolder && i.Enabled })
	}
	return append(all, thisHost(e.programs).missing(doc, folder)...)
}
