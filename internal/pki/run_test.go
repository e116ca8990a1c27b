package pki_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
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
		var told [][]byte
		var log bytes.Buffer
		end := errors.New("the end")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- a.Run(ctx, pki.RunOptions{
				Log:   slog.New(slog.NewTextHandler(&log, nil)),
				OnCRL: func(crl []byte) error { told = append(told, crl); return nil },
			})
		}()
		synctest.Wait()
		require.Len(t, told, 1, "at once")

		// Another program revokes.
		other, err := pki.OpenAuthority(path)
		require.NoError(t, err)
		lost := client(t, other, "lost")
		require.NoError(t, other.Revoke(lost.Serial()))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, told, 2)
		list, err := pki.ParseCRL(told[1])
		require.NoError(t, err)
		assert.Equal(t, []pki.Serial{lost.Serial()}, revoked(list))

		time.Sleep(day / 2)
		synctest.Wait()
		require.Len(t, told, 3, "half of a day")
		assert.Equal(t, 1, strings.Count(log.String(), "made the revocation list anew"))

		// The disk fails for an hour: one line in the log, and one afterwards.
		aside := path + ".aside"
		require.NoError(t, os.Rename(path, aside))
		time.Sleep(time.Hour)
		require.NoError(t, os.Rename(aside, path))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, 1, strings.Count(log.String(), "cannot be maintained"))
		assert.Equal(t, 1, strings.Count(log.String(), "is maintained again"))
		assert.Len(t, told, 3)

		cancel(end)
		require.ErrorIs(t, <-done, end)
	})
}

// What OnCRL refuses comes again.
func TestRunTellsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := authority(t, pki.AuthorityConfig{})
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		done := make(chan error, 1)
		go func() {
			done <- a.Run(ctx, pki.RunOptions{OnCRL: func([]byte) error {
				if calls++; calls < 3 {
					return errors.New("not now")
				}
				return nil
			}})
		}()
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		assert.Equal(t, 3, calls)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
}
