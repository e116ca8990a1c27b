package automation

import (
	"context"
	"net/http"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
)

// Step is what an apply does to a service, or has done.
type Step struct {
	Service string         `json:"service"`
	Action  control.Action `json:"action" enum:"unchanged,reconfigured,restarted,started,stopped"`
	Detail  string         `json:"detail,omitempty"`
	Error   string         `json:"error,omitempty" doc:"Why it keeps its old configuration."`
}

// Change is a difference of one field.
type Change struct {
	Path string `json:"path" doc:"Such as ipsec.connections[demo0].gateway."`
	From string `json:"from" doc:"Empty: it was not there. Secrets read [redacted]."`
	To   string `json:"to"`
}

func stepsOf(all []control.Step) []Step {
	steps := make([]Step, 0, len(all))
	for _, s := range all {
		steps = append(steps, Step(s))
	}
	return steps
}

func changesOf(all []control.Change) []Change {
	changes := make([]Change, 0, len(all))
	for _, c := range all {
		changes = append(changes, Change(c))
	}
	return changes
}

// planOutput is what an apply would do, or has done.
type planOutput struct {
	Body struct {
		Saved   uint64 `json:"saved" doc:"The newest revision."`
		Applied uint64 `json:"applied" doc:"The revision in force."`
		// ConfirmUntil is when the configuration before comes back.
		ConfirmUntil *time.Time `json:"confirm_until,omitempty" doc:"When the configuration before comes back, unless it is confirmed."`
		Changes      []Change   `json:"changes" nullable:"false" doc:"What is saved and was not in force."`
		Steps        []Step     `json:"steps" nullable:"false"`
	}
}

func (a *Automation) applying() {
	add(a, route{method: http.MethodGet, path: "/plan", role: account.Viewer, summary: "What an apply would do"},
		func(context.Context, *struct{}) (*planOutput, error) {
			changes, err := a.unapplied()
			return a.state(changes, a.Control.Plan()), err
		})
	type applyInput struct {
		Body *struct {
			Confirm uint32 `json:"confirm_seconds,omitempty" maximum:"3600" doc:"Take it back after so many seconds unless it is confirmed, 5 to 3600; 0: keep it."`
		}
	}
	add(a, route{method: http.MethodPost, path: "/apply", role: account.Admin, summary: "Put the saved configuration into force", refusals: []int{http.StatusConflict}},
		func(ctx context.Context, in *applyInput) (*planOutput, error) {
			account.Note(ctx, "apply the configuration")
			var confirm time.Duration
			if in.Body != nil {
				confirm = time.Duration(in.Body.Confirm) * time.Second
			}
			if confirm > 0 && confirm < control.MinConfirm {
				return nil, &Problem{Code: http.StatusUnprocessableEntity, Detail: "validation failed", Errors: []Fault{{"body.confirm_seconds", "expected 0, or 5 to 3600"}}}
			}
			changes, err := a.unapplied()
			if err != nil {
				return nil, err
			}
			steps, err := a.Control.Apply(ctx, account.From(ctx).Name, confirm)
			if err != nil {
				p := a.problemOf(err)
				p.Steps = stepsOf(steps)
				return nil, p
			}
			return a.state(changes, steps), nil
		})
	add(a, route{method: http.MethodPost, path: "/confirm", role: account.Admin, summary: "Keep what was applied", refusals: []int{http.StatusConflict}},
		func(ctx context.Context, _ *struct{}) (*planOutput, error) {
			account.Note(ctx, "confirm the configuration")
			if err := a.Control.Confirm(account.From(ctx).Name); err != nil {
				return nil, err
			}
			return a.state(nil, nil), nil
		})
}

// unapplied lists what is saved and not in force.
func (a *Automation) unapplied() ([]control.Change, error) {
	_, saved := a.Control.Saved()
	_, applied := a.Control.Applied()
	if saved == applied {
		return nil, nil
	}
	return a.Control.Diff(applied, saved)
}

func (a *Automation) state(changes []control.Change, steps []control.Step) *planOutput {
	out := new(planOutput)
	_, saved := a.Control.Saved()
	_, applied := a.Control.Applied()
	out.Body.Saved, out.Body.Applied = uint64(saved), uint64(applied)
	out.Body.Changes, out.Body.Steps = changesOf(changes), stepsOf(steps)
	if until := a.Control.Pending(); !until.IsZero() {
		out.Body.ConfirmUntil = &until
	}
	return out
}
