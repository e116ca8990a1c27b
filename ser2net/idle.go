package ser2net

import (
	"math"
	"sync/atomic"
	"time"
)

// idle calls a function when nothing has happened for long. A nil idle does
// nothing.
type idle struct {
	limit time.Duration
	begin time.Time
	last  atomic.Int64 // nanoseconds from begin
	timer *time.Timer
}

// newIdle begins to wait; limit 0 stands for none, which is nil.
func newIdle(limit time.Duration, expire func()) *idle {
	if limit == 0 {
		return nil
	}
	i := &idle{limit: limit, begin: time.Now()}
	i.timer = time.AfterFunc(math.MaxInt64, func() {
		if rest := i.limit - (time.Since(i.begin) - time.Duration(i.last.Load())); rest > 0 {
			i.timer.Reset(rest)
			return
		}
		expire()
	})
	i.timer.Reset(limit)
	return i
}

// touch tells that something has happened.
func (i *idle) touch() {
	if i != nil {
		i.last.Store(int64(time.Since(i.begin)))
	}
}

func (i *idle) stop() {
	if i != nil {
		i.timer.Stop()
	}
}
