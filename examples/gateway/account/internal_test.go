package account

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// Users that do not exist cost the same work as those that do: one comparison
// with a hash of the same cost, whatever is typed.
func TestUnknownUsersTakeAsLong(t *testing.T) {
	folder := t.TempDir()
	hash, err := bcrypt.GenerateFromPassword([]byte("some password"), bcrypt.MinCost)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "users.yaml"),
		[]byte("key: 00112233445566778899aabbccddeeff\nusers: [{name: anna, role: admin, password: '"+string(hash)+"'}]\n"), 0o600))
	m, err := Open(Options{Folder: folder, Cost: bcrypt.MinCost})
	require.NoError(t, err)
	var costs []int
	m.strangers.compare = func(hash, password []byte) error {
		cost, err := bcrypt.Cost(hash)
		assert.NoError(t, err)
		costs = append(costs, cost)
		err = bcrypt.CompareHashAndPassword(hash, password)
		assert.ErrorIs(t, err, bcrypt.ErrMismatchedHashAndPassword, "not refused before the work is done")
		return err
	}
	long := string(make([]byte, 200))
	for _, try := range [][2]string{{"anna", "wrong password"}, {"nobody", "wrong password"}, {"", ""}, {"anna", long}} {
		_, err := m.authenticate(httptest.NewRequest("POST", "/login", nil), try[0], try[1])
		require.ErrorIs(t, err, errWrong)
	}
	assert.Equal(t, []int{bcrypt.MinCost, bcrypt.MinCost, bcrypt.MinCost, bcrypt.MinCost}, costs)
	assert.Len(t, nobodysHash(10), 60)
}

// One password is checked at a time, and no more wait than there is room for.
func TestMill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMill()
		m.compare = func(_, _ []byte) error { time.Sleep(time.Second); return nil }
		start := time.Now()
		var all sync.WaitGroup
		for range maxWaiting {
			all.Go(func() {
				ok, err := m.check(t.Context(), "", "x")
				assert.NoError(t, err)
				assert.True(t, ok)
			})
		}
		synctest.Wait()
		_, err := m.check(t.Context(), "", "x")
		require.ErrorIs(t, err, errBusy)
		all.Wait()
		assert.Equal(t, maxWaiting*time.Second, time.Since(start))

		all.Go(func() { _, _ = m.check(t.Context(), "", "x") })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err = m.check(ctx, "", "x")
		assert.True(t, errors.Is(err, context.DeadlineExceeded))
		all.Wait()
	})
}

// A session that ends while a request of it is under way does not come back
// when the request stores it.
func TestEndedSessionsStayEnded(t *testing.T) {
	s := newSessions()
	s.store.admit("token", "anna")
	require.NoError(t, s.store.Commit("token", []byte("x"), time.Now().Add(time.Hour)))
	_, found, _ := s.store.Find("token")
	require.True(t, found)
	s.store.end("anna", "")
	require.NoError(t, s.store.Commit("token", []byte("x"), time.Now().Add(time.Hour)))
	_, found, _ = s.store.Find("token")
	assert.False(t, found)
}

func TestSessionsOfAllAreBounded(t *testing.T) {
	s := newSessions()
	for i := range 2 * maxSessions {
		s.store.admit(string(rune('a'+i)), string(rune('a'+i)))
	}
	assert.Len(t, s.store.all, maxSessions)
}

// The wait doubles up to its bound, and no number overflows.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(3, time.Minute)
		var waits []time.Duration
		for range 40 {
			require.Zero(t, p.take("x"))
			wait := p.take("x")
			waits = append(waits, wait)
			time.Sleep(wait)
		}
		s := time.Second
		assert.Equal(t, []time.Duration{0, s, 2 * s}, []time.Duration{waits[0], waits[1], waits[2]})
		assert.Equal(t, time.Minute, waits[39])
		time.Sleep(forgetAfter + time.Minute)
		require.Zero(t, p.take("x"))
		require.Zero(t, p.take("x"), "all is forgotten")
	})
}
