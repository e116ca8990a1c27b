package pki_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
)

// The list never ends, and servers get each within a minute.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, path := authority(t, pki.AuthorityConfig{CRLLifetime: days(1)})
		var told record
		var log record
		end := errors.New("the end")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- a.Run(ctx, pki.RunOptions{
				Logger: slog.New(slog.NewTextHandler(&log, nil)),
				OnCRL:  func(crl []byte) error { _, err := told.Write(crl); return err },
			})
		}()
		synctest.Wait()
		require.Len(t, told.all(), 1, "at once")

		// Another program revokes.
		other, err := pki.OpenAuthority(path)
		require.NoError(t, err)
		lost := client(t, other, "lost")
		require.NoError(t, other.Revoke(lost.Serial()))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, told.all(), 2)
		list, err := pki.ParseCRL([]byte(told.all()[1]))
		require.NoError(t, err)
		assert.Equal(t, []pki.Serial{lost.Serial()}, revoked(list))

		time.Sleep(day / 2)
		synctest.Wait()
		require.Len(t, told.all(), 3, "half of a day")
		assert.Equal(t, 1, strings.Count(strings.Join(log.all(), ""), "made the revocation list anew"))

		// The disk fails for an hour: one line in the log, and one afterwards.
		aside := path + ".aside"
		require.NoError(t, os.Rename(path, aside))
		time.Sleep(time.Hour)
		require.NoError(t, os.Rename(aside, path))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, 1, strings.Count(strings.Join(log.all(), ""), "cannot be maintained"))
		assert.Equal(t, 1, strings.Count(strings.Join(log.all(), ""), "is maintained again"))
		assert.Len(t, told.all(), 3)

		cancel(end)
		require.ErrorIs(t, <-done, end)
	})
}

// record keeps what is written to it.
type record struct {
	mu   sync.Mutex
	list []string
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, string(b))
	return len(b), nil
}

func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.list)
}

// What OnCRL refuses comes again.
func TestRunTellsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := authority(t, pki.AuthorityConfig{})
		ctx, cancel := context.WithCancel(t.Context())
		var calls atomic.Int32
		done := make(chan error, 1)
		go func() {
			done <- a.Run(ctx, pki.RunOptions{OnCRL: func([]byte) error {
				if calls.Add(1) < 3 {
					return errors.New("not now")
				}
				return nil
			}})
		}()
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		assert.EqualValues(t, 3, calls.Load())
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
}
