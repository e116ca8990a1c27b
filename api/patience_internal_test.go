package api

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type patienceKey struct{}

// It ends as a context of package context does, whatever of it is asked first.
func TestPatience(t *testing.T) {
	for name, look := range map[string]func(*patience) error{
		"err":  func(p *patience) error { return p.Err() },
		"done": func(p *patience) error { <-p.Done(); return p.Err() },
		"child": func(p *patience) error {
			child, cancel := context.WithTimeout(p, time.Hour)
			defer cancel()
			<-child.Done()
			assert.Equal(t, context.Cause(p), context.Cause(child))
			return child.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				request, leave := context.WithCancel(context.WithValue(t.Context(), patienceKey{}, "value"))
				p := newPatience(request, time.Second)
				require.NoError(t, p.Err())
				assert.Equal(t, "value", p.Value(patienceKey{}))
				deadline, ok := p.Deadline()
				assert.True(t, ok)
				assert.Equal(t, time.Second, time.Until(deadline))
				time.Sleep(time.Second)
				synctest.Wait()
				require.ErrorIs(t, look(p), context.DeadlineExceeded)
				require.ErrorIs(t, context.Cause(p), errSlow)
				assert.Equal(t, "value", p.Value(patienceKey{}))
				p.end()
				require.ErrorIs(t, p.Err(), context.DeadlineExceeded)

				gone := newPatience(request, time.Second)
				leave()
				require.ErrorIs(t, look(gone), context.Canceled)
				assert.NotErrorIs(t, context.Cause(gone), errSlow)
				gone.end()

				over := newPatience(t.Context(), time.Second)
				over.end()
				require.ErrorIs(t, look(over), context.Canceled)
			})
		})
	}
}

func TestPatienceOfARequestWithADeadline(t *testing.T) {
	request, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	want, _ := request.Deadline()
	p := newPatience(request, time.Hour)
	defer p.end()
	got, _ := p.Deadline()
	assert.Equal(t, want, got)
}
