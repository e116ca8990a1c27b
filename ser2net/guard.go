package ser2net

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// guarded runs what works on bytes from outside. A panic in it, which is a
// fault of this program or of what it was given in the Options, becomes an
// error: it ends one connection or one use of a device, and no other. It is
// reported, and the first of a port is logged with its stack.
func (r *runner) guarded(work func() error) (err error) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		err = fmt.Errorf("internal error: %v", fault)
		r.fail(err.Error())
		if r.panicked.CompareAndSwap(false, true) {
			r.env.opts.Logger.LogAttrs(context.Background(), slog.LevelError, "ser2net: internal error",
				slog.String("port", r.cfg.Name), slog.Any("error", fault), slog.String("stack", string(debug.Stack())))
		}
	}()
	return work()
}
