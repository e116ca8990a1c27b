package linepoll_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/linepoll"
)

func TestWait(t *testing.T) {
	up, boom := ser2net.Lines{CTS: true}, errors.New("boom")
	begin := func() func() time.Duration {
		at := time.Now()
		return func() time.Duration { return time.Since(at) }
	}
	for name, c := range map[string]struct {
		since ser2net.Lines
		read  func(passed time.Duration) (ser2net.Lines, error)
		ctx   time.Duration // until it ends
		close time.Duration // until the port is closed
		want  error
		after time.Duration
	}{
		"differs at once": {
			read: func(time.Duration) (ser2net.Lines, error) { return up, nil },
		},
		"changes": {
			read: func(passed time.Duration) (ser2net.Lines, error) {
				return ser2net.Lines{CTS: passed > 120*time.Millisecond}, nil
			},
			after: 150 * time.Millisecond,
		},
		"fault": {
			since: up,
			read:  func(time.Duration) (ser2net.Lines, error) { return ser2net.Lines{}, boom },
			want:  boom,
		},
		"ctx": {
			since: up,
			read:  func(time.Duration) (ser2net.Lines, error) { return up, nil },
			ctx:   time.Second, want: context.DeadlineExceeded, after: time.Second,
		},
		"closed": {
			since: up,
			read:  func(time.Duration) (ser2net.Lines, error) { return up, nil },
			close: time.Second, want: os.ErrClosed, after: time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				if c.ctx > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), c.ctx)
				}
				defer cancel()
				closed := make(chan struct{})
				if c.close > 0 {
					time.AfterFunc(c.close, func() { close(closed) })
				}
				passed := begin()
				got, err := linepoll.Wait(ctx, closed, linepoll.Default, c.since,
					func() (ser2net.Lines, error) { return c.read(passed()) })
				assert.Equal(t, c.after, passed())
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, up, got)
			})
		})
	}
}
