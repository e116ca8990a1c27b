package pki

import (
	"bytes"
	"context"
	"log/slog"
	"time"
)

// pace is how often Run looks. Timers do not see a clock that is set, so it
// looks often.
const pace = time.Minute

// RunOptions is what a program gives [Authority.Run]. The zero value is good.
type RunOptions struct {
	// Logger gets a line when the revocation list was made anew, and when a cause
	// of failure comes or goes. Nil discards.
	Logger *slog.Logger
	// OnCRL is called with the revocation list at the beginning and whenever it
	// has changed, by whatever program: put it where servers read it. An error
	// is logged, and the call repeated a minute later.
	OnCRL func(crl []byte) error
}

// Run maintains the authority until ctx ends, and returns its cause. See
// [Authority.Maintain].
func (a *Authority) Run(ctx context.Context, o RunOptions) error {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := runner{a: a, RunOptions: o}
	ticks := time.NewTicker(pace)
	defer ticks.Stop()
	for {
		r.look()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticks.C:
		}
	}
}

// runner is one Run.
type runner struct {
	a *Authority
	RunOptions
	told  []byte // the list that OnCRL has
	fault string // logged last
}

func (r *runner) look() {
	changed, err := r.a.Maintain(time.Now())
	if changed {
		r.Logger.Info("pki: made the revocation list anew", "authority", r.a.id.Name())
	}
	if err == nil {
		err = r.tell()
	}
	switch {
	case err == nil && r.fault != "":
		r.Logger.Info("pki: the authority is maintained again", "authority", r.a.id.Name())
		r.fault = ""
	case err != nil && err.Error() != r.fault:
		r.fault = err.Error()
		r.Logger.Error("pki: the authority cannot be maintained", "authority", r.a.id.Name(), "error", err)
	}
}

// tell passes on a list that has changed.
func (r *runner) tell() error {
	if r.OnCRL == nil {
		return nil
	}
	crl, err := r.a.CRL()
	if err != nil || bytes.Equal(crl, r.told) {
		return err
	}
	if err := r.OnCRL(crl); err != nil {
		return err
	}
	r.told = crl
	return nil
}
