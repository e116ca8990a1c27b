package strongswan

import (
	"context"
	"errors"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// rekeyPause is between two looks at whether the keys are new.
const rekeyPause = 50 * time.Millisecond

// Rekey makes new keys for the data channels of a connection, and waits until
// there is one. charon itself only promises to try: what the peer says to it,
// such as that the group of phase 2 is not its own, stands in the log alone.
func (s *session) Rekey(ctx context.Context, name string) error {
	if _, err := s.look(name); err != nil {
		return err
	}
	ctx, cancel := s.during(ctx)
	defer cancel()
	before, err := s.channels(ctx, name)
	if err != nil {
		return err
	}
	if len(before) == 0 {
		return notUp(name)
	}
	log := newLink(s.backend.dial, s.backend.options.Timeout)
	defer log.close()
	lines, err := log.subscribe(ctx, "log")
	if err == nil {
		_, err = s.commands.call(ctx, "rekey", new(vici.Message).Set("child", s.names.charon(name)))
	}
	var r *refusal
	switch {
	case errors.As(err, &r):
		return notUp(name)
	case err != nil && ctx.Err() != nil:
		return s.interrupted(ctx)
	case err != nil && s.gone() != nil:
		return s.gone()
	case err != nil:
		return s.failed(err)
	}
	d := diagnosis{established: true}
	late := time.After(s.listTimeout())
	for {
		after, err := s.channels(ctx, name)
		if err != nil {
			return err
		}
		for id := range after {
			if !before[id] {
				return nil
			}
		}
		pause := time.After(rekeyPause)
		for waiting := true; waiting; {
			select {
			case event, open := <-lines:
				if !open {
					return s.failed(unavailable(errors.New("charon has closed the connection")))
				}
				log.took()
				if m := fromGovici(event.Message); m.Text("ikesa-name") == s.names.charon(name) {
					d.line(m.Text("msg"))
				}
				if d.cause != "" {
					return d.failure(name, "")
				}
			case <-pause:
				waiting = false
			case <-late:
				return &ipsec.Failure{Connection: name, Cause: ipsec.CauseTimeout, Detail: "the keys are not renewed yet", Log: d.last}
			case <-ctx.Done():
				return s.interrupted(ctx)
			}
		}
		if len(after) == 0 {
			return &ipsec.Failure{Connection: name, Cause: ipsec.CauseClosed, Detail: "it went down meanwhile", Log: d.last}
		}
	}
}

func notUp(name string) error {
	return &ipsec.Failure{Connection: name, Cause: ipsec.CauseOther, Detail: "it is not up, there are no keys to renew"}
}

// channels returns the ids of the data channels of a connection that carry
// data.
func (s *session) channels(ctx context.Context, name string) (map[uint64]bool, error) {
	aside := newLink(s.backend.dial, s.backend.options.Timeout)
	defer aside.close()
	list, err := s.current(ctx, aside, s.backend.options.Timeout, name)
	ids := make(map[uint64]bool)
	for _, sa := range list {
		for _, child := range sa.Children {
			if sa.Connection == name && child.Name == name && (child.State == "INSTALLED" || child.State == "REKEYING") {
				ids[child.ID] = true
			}
		}
	}
	return ids, err
}
