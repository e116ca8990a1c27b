package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/internal/lifecycle"
)

// bench makes units whose services write down what happens to them.
type bench struct {
	mu      sync.Mutex
	history []string
	refuse  map[string]error         // next starts of the unit fail
	kill    map[string]chan<- error  // ends the running service of the unit
	stuck   map[string]time.Duration // how long the unit takes to stop
}

func newBench() *bench {
	return &bench{refuse: map[string]error{}, kill: map[string]chan<- error{}, stuck: map[string]time.Duration{}}
}

func (b *bench) unit(name, config string) unit {
	return unit{name: name, enabled: config != "off", essential: true, config: config, build: func(ctx context.Context) (service, error) {
		if err := ctx.Err(); err != nil {
			return nil, err // as a build that reads the host would
		}
		return lifecycle.New(name, func(context.Context) (lifecycle.Run, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			if config == "off" {
				return nil, lifecycle.ErrDisabled
			}
			if err := b.refuse[name]; err != nil {
				delete(b.refuse, name)
				b.history = append(b.history, "refused "+name)
				return nil, err
			}
			b.history = append(b.history, "start "+name+" "+config)
			kill := make(chan error, 1)
			b.kill[name] = kill
			return func(ctx context.Context) error {
				select {
				case err := <-kill:
					return err
				case <-ctx.Done():
				}
				time.Sleep(b.stuck[name])
				b.mu.Lock()
				defer b.mu.Unlock()
				b.history = append(b.history, "stop "+name)
				return nil
			}, nil
		}), nil
	}}
}

// took returns the history since the last call.
func (b *bench) took() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := strings.Join(b.history, ", ")
	b.history = nil
	return h
}

func (b *bench) die(name string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kill[name] <- err
}

func TestSupervisorStartsInOrderAndStopsInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1"), b.unit("b", "off"), b.unit("c", "1")}))
		assert.Equal(t, "start a 1, start c 1", b.took())
		states := s.states()
		require.Len(t, states, 3)
		assert.Equal(t, []string{"running", "disabled", "running"}, []string{states[0].State, states[1].State, states[2].State})
		require.NoError(t, s.stop(t.Context(), false))
		assert.Equal(t, "stop c, stop a", b.took())
	})
}

func TestSupervisorRollsBackAFailedStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		b.refuse["c"] = errors.New("port taken")
		err := s.start(t.Context(), []unit{b.unit("a", "1"), b.unit("b", "1"), b.unit("c", "1"), b.unit("d", "1")})
		require.EqualError(t, err, "c does not start: c: start: port taken")
		assert.Equal(t, "start a 1, start b 1, refused c, stop b, stop a", b.took())
		assert.Empty(t, s.states())
		require.NoError(t, s.stop(t.Context(), false))
	})
}

func TestSupervisorRestartsWhatDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1"), b.unit("b", "1")}))
		b.took()
		b.die("a", errors.New("unplugged"))
		synctest.Wait()
		assert.Equal(t, "start a 1", b.took(), "only the dead one is started again")
		assert.Equal(t, "running", s.states()[0].State)
		assert.Equal(t, "a: unplugged", s.states()[0].Error, "the page still tells why it died")

		// dying over and over backs off instead of spinning, and ends well
		const deaths = 20
		for range deaths {
			b.mu.Lock()
			b.refuse["a"] = errors.New("still unplugged")
			select {
			case b.kill["a"] <- errors.New("unplugged"):
			default: // it is dead already and waits for its restart
			}
			b.mu.Unlock()
			time.Sleep(time.Second)
		}
		assert.Less(t, strings.Count(b.took(), "refused"), deaths)
		time.Sleep(time.Hour)
		assert.Equal(t, "running", s.states()[0].State)
		require.NoError(t, s.stop(t.Context(), false))
	})
}

func TestSupervisorReloadTouchesOnlyWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1"), b.unit("b", "1"), b.unit("c", "off")}))
		b.took()
		steps, err := s.reload(t.Context(), []unit{b.unit("a", "1"), b.unit("b", "2"), b.unit("c", "1")})
		require.NoError(t, err)
		assert.Equal(t, []control.Step{
			{Service: "a", Action: control.Unchanged}, {Service: "b", Action: control.Restarted}, {Service: "c", Action: control.Started},
		}, steps)
		assert.Equal(t, "stop b, start b 2, start c 1", b.took())
		units := []unit{b.unit("a", "off"), b.unit("b", "2"), b.unit("c", "1")}
		assert.Equal(t, control.Stopped, s.plan(units)[0].Action)
		_, err = s.reload(t.Context(), units)
		require.NoError(t, err)
		assert.Equal(t, "stop a", b.took())
		assert.Equal(t, "disabled", s.states()[0].State)
		require.NoError(t, s.stop(t.Context(), false))
		assert.Equal(t, "stop c, stop b", b.took())
	})
}

func TestSupervisorKeepsTheOldConfigurationOnFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1"), b.unit("b", "1")}))
		b.took()
		b.refuse["a"] = errors.New("port taken")
		steps, err := s.reload(t.Context(), []unit{b.unit("a", "2"), b.unit("b", "2")})
		assert.NotEmpty(t, steps[0].Error)
		assert.Empty(t, steps[1].Error)
		require.ErrorContains(t, err, "a does not start with its new configuration and keeps the old one")
		assert.Equal(t, "stop b, stop a, refused a, start a 1, start b 2", b.took())
		assert.Equal(t, "running", s.states()[0].State)

		// the failed configuration is tried again by the next reload
		_, err = s.reload(t.Context(), []unit{b.unit("a", "2"), b.unit("b", "2")})
		require.NoError(t, err)
		assert.Equal(t, "stop a, start a 2", b.took())
		require.NoError(t, s.stop(t.Context(), false))
	})
}

// A unit that hangs at a reload is shown as what it is, and starts with its
// new configuration as soon as its old service has ended.
func TestSupervisorReloadsAServiceThatDoesNotStop(t *testing.T) {
	for _, config := range []string{"2", "off"} {
		t.Run(config, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
				b.stuck["a"] = time.Minute
				require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1"), b.unit("b", "1")}))
				b.took()
				_, err := s.reload(t.Context(), []unit{b.unit("a", config), b.unit("b", "1")})
				require.ErrorContains(t, err, "a does not stop")
				assert.Empty(t, b.took())
				assert.Equal(t, "stopping", s.states()[0].State)
				assert.Equal(t, "running", s.states()[1].State)

				time.Sleep(2 * time.Minute)
				if config == "off" {
					assert.Equal(t, "stop a", b.took())
					assert.Equal(t, "disabled", s.states()[0].State)
				} else {
					assert.Equal(t, "stop a, start a 2", b.took())
					assert.Equal(t, "running", s.states()[0].State)
				}
				b.stuck["a"] = 0
				require.NoError(t, s.stop(t.Context(), false))
			})
		})
	}
}

// What was reloaded can die and come back: nothing of the reload is needed.
func TestSupervisorRestartsAfterReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, s.start(ctx, []unit{b.unit("a", "1")}))
		_, err := s.reload(ctx, []unit{b.unit("a", "2")})
		require.NoError(t, err)
		cancel()
		b.took()
		b.die("a", errors.New("unplugged"))
		synctest.Wait()
		assert.Equal(t, "start a 2", b.took())
		require.NoError(t, s.stop(t.Context(), false))
	})
}

func TestSupervisorReportsAServiceThatDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		b.stuck["a"] = time.Minute
		require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1")}))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		require.ErrorContains(t, s.stop(ctx, false), "a does not stop")
		assert.LessOrEqual(t, time.Since(began), 10*time.Second)
		time.Sleep(time.Hour)
	})
}

// A unit that is not essential does not keep the others from starting.
func TestSupervisorGoesOnWithoutWhatIsNotEssential(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		a := b.unit("a", "1")
		a.essential = false
		b.refuse["a"] = errors.New("port taken")
		require.NoError(t, s.start(t.Context(), []unit{a, b.unit("b", "1")}))
		assert.Contains(t, s.states()[0].Error, "port taken")
		time.Sleep(time.Minute)
		took := b.took()
		assert.True(t, strings.HasPrefix(took, "refused a, "), took) // it is tried again at once, beside b
		assert.Contains(t, took, "start a 1")
		assert.Contains(t, took, "start b 1")
		assert.Equal(t, "running", s.states()[0].State)
		require.NoError(t, s.stop(t.Context(), false))
	})
}

// What can be changed in place is not restarted, also not after it dies.
func TestSupervisorChangesInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		var refuse error
		var took []string
		inPlace := func(config string) unit {
			u := b.unit("a", config)
			u.reconfigure = func(context.Context, service) error {
				if refuse == nil {
					took = append(took, config)
				}
				return refuse
			}
			return u
		}
		require.NoError(t, s.start(t.Context(), []unit{inPlace("1"), b.unit("b", "1")}))
		b.took()
		steps, err := s.reload(t.Context(), []unit{inPlace("2"), b.unit("b", "1")})
		require.NoError(t, err)
		assert.Equal(t, control.Reconfigured, steps[0].Action)
		assert.Equal(t, []string{"2"}, took)
		assert.Empty(t, b.took())

		refuse = errors.New("port taken")
		steps, err = s.reload(t.Context(), []unit{inPlace("3"), b.unit("b", "1")})
		require.ErrorContains(t, err, "keeps the old one")
		assert.Contains(t, steps[0].Error, "port taken")
		b.die("a", errors.New("unplugged"))
		synctest.Wait()
		assert.Equal(t, "start a 2", b.took())
		require.NoError(t, s.stop(t.Context(), false))
		b.took()
	})
}

// A service that takes its new configuration but for some items has it: the
// step tells of these, and nothing has failed.
func TestSupervisorTakesAPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		inPlace := func(config string) unit {
			u := b.unit("a", config)
			u.reconfigure = func(context.Context, service) error { return partly{errors.New("instance x: no key")} }
			return u
		}
		require.NoError(t, s.start(t.Context(), []unit{inPlace("1")}))
		steps, err := s.reload(t.Context(), []unit{inPlace("2")})
		require.NoError(t, err)
		assert.Equal(t, control.Step{Service: "a", Action: control.Reconfigured, Detail: "not all of it: instance x: no key"}, steps[0])
		assert.Equal(t, control.Unchanged, s.plan([]unit{inPlace("2")})[0].Action)
		require.NoError(t, s.stop(t.Context(), false))
	})
}

// A gateway that hands over releases what can be, and stops the rest.
func TestSupervisorReleases(t *testing.T) {
	for _, release := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
			released := 0
			a := b.unit("a", "1")
			a.release = func(ctx context.Context, running service) error {
				released++
				return running.Stop(ctx)
			}
			require.NoError(t, s.start(t.Context(), []unit{a, b.unit("b", "1")}))
			b.took()
			require.NoError(t, s.stop(t.Context(), release))
			assert.Equal(t, "stop b, stop a", b.took())
			assert.Equal(t, release, released == 1)
		})
	}
}

// Tunnels are left to the next try when the start fails, but ended with a start
// that is broken off.
func TestSupervisorReleasesWhenTheStartFails(t *testing.T) {
	for _, brokenOff := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			released := false
			a := b.unit("a", "1")
			a.release = func(ctx context.Context, running service) error {
				released = true
				return running.Stop(ctx)
			}
			b.refuse["web"] = errors.New("port taken")
			last := b.unit("web", "1")
			if brokenOff {
				build := last.build
				last.build = func(ctx context.Context) (service, error) { cancel(); return build(ctx) }
			}
			require.Error(t, s.start(ctx, []unit{a, last}))
			assert.Equal(t, !brokenOff, released)
			require.NoError(t, s.stop(t.Context(), false))
		})
	}
}

// A unit with patience may take longer to stop than others, and is no trouble.
func TestSupervisorHasPatience(t *testing.T) {
	for patience, fails := range map[time.Duration]bool{0: true, 10 * time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			b, s := newBench(), newSupervisor(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))
			a := b.unit("a", "1")
			a.patience = patience
			b.stuck["a"] = 8 * time.Second
			require.NoError(t, s.start(t.Context(), []unit{a}))
			err := s.stop(t.Context(), false)
			assert.Equal(t, fails, err != nil, "%v", err)
			assert.Empty(t, log.String(), "the error tells")
			time.Sleep(time.Minute) // it ends by itself
		})
	}
}

// The unit that carries the request for a reload is restarted after it, with
// the newest configuration, and goes back to the old one if that fails.
func TestSupervisorRestartsTheCarrierLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		web := func(config string) unit {
			u := b.unit("web", config)
			u.carrier = true
			return u
		}
		require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1"), web("1")}))
		b.took()
		steps, err := s.reload(t.Context(), []unit{b.unit("a", "2"), web("2")})
		require.NoError(t, err)
		assert.Equal(t, control.Restarted, steps[1].Action)
		assert.NotEmpty(t, steps[1].Detail)
		assert.Equal(t, "stop a, start a 2", b.took())
		_, err = s.reload(t.Context(), []unit{b.unit("a", "2"), web("3")})
		require.NoError(t, err)
		assert.Empty(t, b.took())
		time.Sleep(time.Second)
		assert.Equal(t, "stop web, start web 3", b.took())

		_, err = s.reload(t.Context(), []unit{b.unit("a", "2"), web("4")})
		require.NoError(t, err)
		_, err = s.reload(t.Context(), []unit{b.unit("a", "2"), web("3")})
		require.NoError(t, err)
		time.Sleep(time.Second)
		assert.Empty(t, b.took(), "it was taken back meanwhile")

		b.refuse["web"] = errors.New("port taken")
		_, err = s.reload(t.Context(), []unit{b.unit("a", "2"), web("5")})
		require.NoError(t, err)
		time.Sleep(time.Second)
		assert.Equal(t, "stop web, refused web, start web 3", b.took())

		_, err = s.reload(t.Context(), []unit{b.unit("a", "2"), web("6")})
		require.NoError(t, err)
		require.NoError(t, s.stop(t.Context(), false))
		assert.Equal(t, "stop web, stop a", b.took(), "the end does not wait for it")
	})
}

// A request that asks for a reload while what carries it stops is served: the
// carrier waits for it, and it does not wait for the carrier.
func TestSupervisorReloadsWhileTheCarrierStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		web := func(config string) unit {
			u := b.unit("web", config)
			u.carrier = true
			return u
		}
		require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1"), web("1")}))
		b.stuck["web"] = 2 * time.Second // a request is under way
		_, err := s.reload(t.Context(), []unit{b.unit("a", "1"), web("2")})
		require.NoError(t, err)
		time.Sleep(carrierDelay + time.Second) // it stops now
		began := time.Now()
		_, err = s.reload(t.Context(), []unit{b.unit("a", "2"), web("3")})
		require.NoError(t, err)
		assert.Zero(t, time.Since(began))
		time.Sleep(time.Minute)
		assert.Equal(t, "start a 1, start web 1, stop a, start a 2, stop web, start web 3", b.took())
		require.NoError(t, s.stop(t.Context(), false))
	})
}

// A request for which what carries it waits at the end is told that the
// gateway ends: it does not wait for the end, which waits for it.
func TestSupervisorRefusesWhileItStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1"), b.unit("web", "1")}))
		b.stuck["web"] = 2 * time.Second // a request is under way
		ended := make(chan error)
		began := time.Now()
		go func() { ended <- s.stop(t.Context(), false) }()
		time.Sleep(time.Second)
		_, err := s.reload(t.Context(), []unit{b.unit("a", "2"), b.unit("web", "1")})
		require.ErrorIs(t, err, errEnded)
		require.ErrorIs(t, s.refresh(t.Context(), "a"), errEnded)
		assert.Equal(t, time.Second, time.Since(began))
		require.NoError(t, <-ended)
		assert.Equal(t, "start a 1, start web 1, stop web, stop a", b.took())
	})
}

// What runs takes its configuration again when a file of it has changed.
func TestSupervisorRefreshes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		refreshed := 0
		inPlace := func(name, config string) unit {
			u := b.unit(name, config)
			u.reconfigure = func(context.Context, service) error { refreshed++; return nil }
			return u
		}
		require.NoError(t, s.start(t.Context(), []unit{inPlace("a", "1"), inPlace("b", "off"), b.unit("c", "1")}))
		for _, name := range []string{"a", "b", "c", "none"} {
			require.NoError(t, s.refresh(t.Context(), name))
		}
		assert.Equal(t, 1, refreshed)
		require.NoError(t, s.stop(t.Context(), false))
	})
}

// Who asks for a change while everything ends is refused, and so is who asks
// after that.
func TestSupervisorReloadsNothingAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
		require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1"), b.unit("b", "1")}))
		require.NoError(t, s.stop(t.Context(), false))
		b.took()
		steps, err := s.reload(t.Context(), []unit{b.unit("a", "2"), b.unit("b", "1")})
		require.ErrorIs(t, err, errEnded)
		assert.Empty(t, steps)
		assert.Empty(t, b.took())
		s.turn()
	})
}

// A service that dies while it is changed, and comes up again with the
// configuration it had, is restarted with the new one: what is said to be in
// force is.
func TestSupervisorChangesWhatDiesMeanwhile(t *testing.T) {
	for name, die := range map[string]bool{"before": true, "after": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, s := newBench(), newSupervisor(slog.New(slog.DiscardHandler))
				require.NoError(t, s.start(t.Context(), []unit{b.unit("a", "1"), b.unit("b", "1")}))
				b.took()
				next := b.unit("a", "2")
				next.reconfigure = func(context.Context, service) error {
					b.die("a", errors.New("unplugged"))
					if die {
						time.Sleep(time.Second) // it is up again before this returns
					}
					return nil
				}
				steps, err := s.reload(t.Context(), []unit{next, b.unit("b", "1")})
				require.NoError(t, err)
				synctest.Wait()
				time.Sleep(time.Second)
				assert.True(t, strings.HasSuffix(b.took(), "start a 2"), "what runs has the new configuration")
				assert.Equal(t, control.Unchanged, s.plan([]unit{next, b.unit("b", "1")})[0].Action)
				if die {
					assert.Equal(t, control.Restarted, steps[0].Action)
				}
				require.NoError(t, s.stop(t.Context(), false))
			})
		})
	}
}
