package pages

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

// All who look at the same page share what is rendered; what nobody looks at
// any more is forgotten.
func TestViews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s views
		key := viewKey{"/ipsec", "", account.Viewer}
		one, leaveOne := s.join(key)
		two, leaveTwo := s.join(key)
		other, leaveOther := s.join(viewKey{"/ipsec", "", account.Admin})
		assert.Same(t, one, two)
		assert.NotSame(t, one, other, "an admin sees more")

		rendered := 0
		render := func() ([]byte, error) { rendered++; return []byte("x"), nil }
		for range 50 {
			text, err := two.current(time.Second, render)
			require.NoError(t, err)
			assert.Equal(t, "x", string(text))
		}
		assert.Equal(t, 1, rendered)
		time.Sleep(time.Second)
		_, err := one.current(time.Second, func() ([]byte, error) { return nil, errors.New("no") })
		require.Error(t, err)
		_, err = one.current(time.Second, render)
		require.NoError(t, err, "a failure is not kept")
		assert.Equal(t, 2, rendered)

		leaveOne()
		leaveOther()
		assert.Len(t, s.all, 1)
		leaveTwo()
		assert.Empty(t, s.all)
	})
}
