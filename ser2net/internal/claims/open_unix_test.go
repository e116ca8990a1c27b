//go:build unix

package claims_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/claims"
)

// attempt is one driver: what it does in open, and what came of it.
type attempt struct {
	takes   time.Duration
	err     error
	dropped []string
}

func (a *attempt) open(ctx context.Context, s *claims.Set) (string, func(), error) {
	return claims.Open(ctx, s, os.DevNull, func() (string, error) {
		time.Sleep(a.takes)
		if a.err != nil {
			return "", a.err
		}
		return "port", nil
	}, func(port string) { a.dropped = append(a.dropped, port) })
}

func TestOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var set claims.Set
		driver := attempt{takes: time.Second}
		port, release, err := driver.open(t.Context(), &set)
		require.NoError(t, err)
		assert.Equal(t, "port", port)

		_, _, err = driver.open(t.Context(), &set)
		require.ErrorIs(t, err, ser2net.ErrPortBusy)
		assert.EqualError(t, err, "open /dev/null: the device is in use")
		release()

		driver.err = &fs.PathError{Op: "open", Path: os.DevNull, Err: errors.New("boom")}
		for range 2 { // a failure claims nothing
			_, _, err = driver.open(t.Context(), &set)
			require.EqualError(t, err, "open /dev/null: boom")
		}
		assert.Empty(t, driver.dropped)
	})
}

// Who gives up finds the device free, as long as its driver does not hang.
func TestOpenGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var set claims.Set
		slow := attempt{takes: time.Second}
		ctx, cancel := context.WithTimeout(t.Context(), 950*time.Millisecond)
		defer cancel()
		_, _, err := slow.open(ctx, &set)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		release, err := set.Take(os.DevNull)
		require.NoError(t, err)
		release()
	})
}

// A driver that hangs in open holds up nobody, and what it gives too late is
// dropped.
func TestOpenHangs(t *testing.T) {
	for name, late := range map[string]error{"late port": nil, "late error": errors.New("boom")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var set claims.Set
				slow := attempt{takes: time.Minute, err: late}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begin := time.Now()
				_, _, err := slow.open(ctx, &set)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, 1100*time.Millisecond, time.Since(begin), "a moment later, in which it may come back")
				_, _, err = slow.open(ctx, &set)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				_, err = set.Take(os.DevNull)
				require.ErrorIs(t, err, ser2net.ErrPortBusy, "the driver has not come back")

				time.Sleep(time.Minute)
				synctest.Wait()
				if late == nil {
					assert.Equal(t, []string{"port"}, slow.dropped)
				} else {
					assert.Empty(t, slow.dropped)
				}
				release, err := set.Take(os.DevNull)
				require.NoError(t, err)
				release()
			})
		})
	}
}
