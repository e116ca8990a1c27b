package automation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
)

// Service is how a service is.
type Service struct {
	Name    string    `json:"name"`
	State   string    `json:"state" doc:"Such as running, disabled, restarting, stopping."`
	Since   time.Time `json:"since,omitzero"`
	Detail  string    `json:"detail,omitempty"`
	Error   string    `json:"error,omitempty" doc:"The last one."`
	LeftOut bool      `json:"left_out,omitempty" doc:"The gateway was built without it."`
}

// Item is a tunnel, an instance, a port.
type Item struct {
	Service    string         `json:"service"`
	Name       string         `json:"name"`
	Enabled    bool           `json:"enabled"`
	Configured bool           `json:"configured" doc:"It is valid, and taken by what runs it."`
	State      string         `json:"state"`
	Good       bool           `json:"good" doc:"The state is one to be happy with."`
	Since      time.Time      `json:"since,omitzero"`
	Detail     string         `json:"detail,omitempty"`
	Verbs      []control.Verb `json:"verbs" nullable:"false" doc:"What can be done now."`
}

// Missing is something that the host lacks.
type Missing struct {
	Service string `json:"service"`
	What    string `json:"what"`
	Command string `json:"command,omitempty" doc:"That mends it."`
	LeftOut bool   `json:"left_out,omitempty" doc:"The gateway was built without it: nothing on the host can mend that."`
}

// Finding is something that the doctor has found to be wrong.
type Finding struct {
	Service  string          `json:"service"`
	Subject  string          `json:"subject,omitempty" doc:"Such as the name of a tunnel."`
	Sentence string          `json:"sentence" doc:"What is wrong."`
	Todo     string          `json:"todo" doc:"What to do."`
	Severity doctor.Severity `json:"severity" enum:"fault,warning" doc:"A fault is something that does not work; a warning works, but not for long or not wholly."`
}

type statusOutput struct {
	Body struct {
		Version      string     `json:"version"`
		Saved        uint64     `json:"saved" doc:"The newest revision of the configuration."`
		Applied      uint64     `json:"applied" doc:"The revision in force."`
		ConfirmUntil *time.Time `json:"confirm_until,omitempty" doc:"When the configuration before comes back, unless it is confirmed."`
		Services     []Service  `json:"services" nullable:"false"`
		Missing      []Missing  `json:"missing" nullable:"false"`
	}
}

type itemsOutput struct {
	Body struct {
		Items []Item `json:"items" nullable:"false"`
	}
}

// servicePath is the part of a path that names a service.
type servicePath struct {
	Service string `path:"service" maxLength:"64" doc:"The name of a service, such as ipsec."`
}

// parts adds what is about services and what they are made of.
func (a *Automation) parts() {
	add(a, route{method: http.MethodGet, path: "/status", role: account.Viewer, summary: "How every service is"},
		func(context.Context, *struct{}) (*statusOutput, error) {
			out := new(statusOutput)
			plan := a.state(nil, nil).Body
			out.Body.Version, out.Body.Saved, out.Body.Applied, out.Body.ConfirmUntil = a.Version, plan.Saved, plan.Applied, plan.ConfirmUntil
			out.Body.Services, out.Body.Missing = []Service{}, []Missing{}
			for _, s := range a.Control.Services() {
				out.Body.Services = append(out.Body.Services, Service(s))
			}
			for _, m := range a.Control.Missing() {
				out.Body.Missing = append(out.Body.Missing, Missing(m))
			}
			return out, nil
		})
	add(a, route{method: http.MethodGet, path: "/items/{service}", role: account.Viewer, summary: "The tunnels, instances or ports of a service", refusals: []int{http.StatusNotFound}},
		func(_ context.Context, in *servicePath) (*itemsOutput, error) { return a.items(in.Service) })
	add(a, route{method: http.MethodPost, path: "/items/{service}/{name}/{verb}", role: account.Operator, summary: "Start, stop or restart one of them; what is stopped stays so until it is started, or the gateway is", refusals: []int{http.StatusNotFound, http.StatusConflict}},
		func(ctx context.Context, in *struct {
			servicePath
			Name string `path:"name" maxLength:"200"`
			Verb string `path:"verb" enum:"start,stop,restart"`
		}) (*itemsOutput, error) {
			account.Note(ctx, fmt.Sprintf("%s %.64q of %.64q", in.Verb, in.Name, in.Service))
			err := a.Control.Do(ctx, in.Service, in.Name, control.Verb(in.Verb))
			if err != nil && !errors.Is(err, control.ErrNoItem) {
				return nil, &Problem{Code: http.StatusConflict, Detail: err.Error()}
			}
			if err != nil {
				return nil, err
			}
			return a.items(in.Service)
		})
	if a.Doctor == nil {
		return
	}
	add(a, route{method: http.MethodGet, path: "/doctor", role: account.Viewer, summary: "What is wrong, and what to do"},
		func(ctx context.Context, _ *struct{}) (*findingsOutput, error) {
			out := new(findingsOutput)
			out.Body.Findings = []Finding{}
			for _, f := range a.Doctor(ctx) {
				out.Body.Findings = append(out.Body.Findings, Finding(f))
			}
			return out, nil
		})
}

type findingsOutput struct {
	Body struct {
		Findings []Finding `json:"findings" nullable:"false" doc:"None: everything is well."`
	}
}

func (a *Automation) items(service string) (*itemsOutput, error) {
	known := func(s control.ServiceState) bool { return s.Name == service }
	if !slices.ContainsFunc(a.Control.Services(), known) {
		return nil, &Problem{Code: http.StatusNotFound, Detail: "There is no service of this name."}
	}
	out := new(itemsOutput)
	out.Body.Items = []Item{}
	for _, i := range a.Control.Items(service) {
		item := Item(i)
		item.Verbs = append([]control.Verb{}, i.Verbs...)
		out.Body.Items = append(out.Body.Items, item)
	}
	return out, nil
}
