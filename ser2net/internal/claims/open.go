package claims

import (
	"context"
	"errors"
	"io/fs"
	"time"
)

// Open claims the device and calls start to open it, in a goroutine, since a
// driver may hang in there. It returns soon after ctx ends at the latest: what
// start returns afterwards goes to drop, and until then the device stays
// claimed. A driver that does not hang has done so when Open returns.
// The function returned gives the device free; the caller calls it when it has
// closed the port. The error is an *fs.PathError with the name of the device.
func Open[P any](ctx context.Context, s *Set, device string, start func() (P, error), drop func(P)) (P, func(), error) {
	failed := func(err error) (P, func(), error) {
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err // the name comes once
		}
		var none P
		return none, nil, &fs.PathError{Op: "open", Path: device, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return failed(err)
	}
	release, err := s.Take(device)
	if err != nil {
		return failed(err)
	}

	type result struct {
		port P
		err  error
	}
	opened, over := make(chan result), make(chan struct{})
	go func() {
		defer close(over)
		port, err := start()
		select {
		case opened <- result{port, err}:
			return
		case <-ctx.Done(): // nobody waits any more
		}
		if err == nil {
			drop(port)
		}
		release()
	}()
	select {
	case r := <-opened:
		if r.err != nil {
			release()
			return failed(r.err)
		}
		return r.port, release, nil
	case <-ctx.Done():
		late := time.NewTimer(grace)
		defer late.Stop()
		select {
		case <-over:
		case <-late.C:
		}
		return failed(ctx.Err())
	}
}

// grace is how long Open waits for a driver when nobody wants the device any
// more, so that the next user does not find it claimed.
const grace = 100 * time.Millisecond
