package automation

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/automation/rest"
	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

const problemJSON = "application/problem+json"

// Problem is why a request was not done (RFC 9457).
type Problem struct {
	Title  string  `json:"title" doc:"The status in words."`
	Code   int     `json:"status" doc:"The HTTP status."`
	Detail string  `json:"detail" doc:"What is wrong, in a sentence."`
	Errors []Fault `json:"errors,omitempty" doc:"Every fault of what was sent."`
	// Conflict is with status 409, when somebody else has saved before.
	Conflict *Conflict `json:"conflict,omitempty"`
	// Steps are of an apply that did not reach every service.
	Steps []Step `json:"steps,omitempty"`
}

// Fault is one fault.
type Fault struct {
	Path    string `json:"path" doc:"Where: in the configuration, such as ipsec.connections[0].gateway, or in the request, such as body.base."`
	Message string `json:"message"`
}

// Conflict tells who has changed the configuration meanwhile, and what.
type Conflict struct {
	Base    uint64    `json:"base" doc:"The revision that the request began with."`
	Newest  uint64    `json:"newest" doc:"The newest revision."`
	By      string    `json:"by" doc:"Who saved it."`
	At      time.Time `json:"at"`
	Changes []Change  `json:"changes" doc:"What differs between the two."`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

func (p *Problem) write(w http.ResponseWriter) {
	p.Title = http.StatusText(p.Code)
	w.Header().Set("Content-Type", problemJSON)
	if p.Code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="gateway"`)
	}
	w.WriteHeader(p.Code)
	_ = json.NewEncoder(w).Encode(p) // who has gone needs no answer
}

// problemOf returns an error as a problem, with its status.
func (a *Automation) problemOf(err error) *Problem {
	var known *Problem
	var refusal *rest.Refusal
	var conflict *control.Conflict
	var invalid *document.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refusal):
		p := &Problem{Code: refusal.Status, Detail: refusal.Detail}
		for _, f := range refusal.Faults {
			p.Errors = append(p.Errors, Fault(f))
		}
		return p
	case errors.As(err, &conflict):
		return &Problem{Code: http.StatusConflict, Detail: err.Error(), Conflict: &Conflict{
			Base: uint64(conflict.Base), Newest: uint64(conflict.Newest), By: conflict.By, At: conflict.At, Changes: changesOf(conflict.Changes),
		}}
	case errors.As(err, &invalid):
		p := &Problem{Code: http.StatusUnprocessableEntity, Detail: "The configuration has faults."}
		for _, f := range invalid.Faults {
			p.Errors = append(p.Errors, Fault{f.Path, f.Problem})
		}
		return p
	case errors.Is(err, control.ErrNoItem), errors.Is(err, confstore.ErrNoRevision):
		return &Problem{Code: http.StatusNotFound, Detail: err.Error()}
	case errors.Is(err, control.ErrUnconfirmed), errors.Is(err, control.ErrNothingPending):
		return &Problem{Code: http.StatusConflict, Detail: err.Error()}
	}
	a.Log.Error("a request of the API failed", "error", err)
	return &Problem{Code: http.StatusInternalServerError, Detail: err.Error()}
}
