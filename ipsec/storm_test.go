package ipsec_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
)

// Everybody does everything at once, while the daemon dies and comes back.
// Nothing may hang, and in the calm after it everything is as it was ordered
// last.
func TestStorm(t *testing.T) {
	full := []ipsec.Connection{site(0), kept(site(1)), site(2), kept(site(3)), site(4)}
	bubble(t, config(full...), func(r *rig) {
		r.daemon.Delay(300 * time.Millisecond)
		r.start()
		end := time.Now().Add(4 * time.Minute)
		var wg sync.WaitGroup
		for worker := range 8 {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			wg.Go(func() {
				for time.Now().Before(end) {
					name := fmt.Sprintf("site%d", random.IntN(5))
					ctx := within(r, time.Duration(random.IntN(5000))*time.Millisecond)
					switch random.IntN(8) {
					case 0, 1:
						_ = r.s.Initiate(ctx, name)
					case 2:
						_ = r.s.Terminate(ctx, name)
					case 3:
						_ = r.s.Restart(ctx, name)
					case 4:
						_ = r.s.Rekey(ctx, name)
					case 5:
						list := append([]ipsec.Connection(nil), full[:1+random.IntN(5)]...)
						list[0].KeyLifetime = ipsec.Duration(time.Duration(1+random.IntN(3)) * time.Hour)
						_, _ = r.s.Apply(ctx, config(list...))
					case 6:
						r.daemon.PeerCloses(name)
					case 7:
						assert.NotEmpty(r, r.s.Status().Connections)
					}
					time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
				}
			})
		}
		for time.Now().Before(end) {
			time.Sleep(17 * time.Second)
			switch time.Now().Second() % 3 {
			case 0:
				r.daemon.Kill()
				time.Sleep(2 * time.Second)
				r.daemon.Start()
			case 1:
				r.daemon.Stall(true)
				time.Sleep(7 * time.Second)
				r.daemon.Stall(false)
			case 2:
				r.daemon.SetPeer("site3", ipsectest.PeerSilent)
				time.Sleep(7 * time.Second)
				r.daemon.SetPeer("site3", ipsectest.PeerAnswers)
			}
		}
		wg.Wait()
		_, err := r.s.Apply(r.Context(), config(full...))
		require.NoError(r, err)
		for n := range 5 {
			require.NoError(r, r.s.Initiate(r.Context(), fmt.Sprintf("site%d", n)))
		}
		require.NoError(r, r.s.Terminate(r.Context(), "site3"))
		r.after(2 * time.Minute)
		for n := range 5 {
			name := fmt.Sprintf("site%d", n)
			if n == 3 {
				r.state(name, ipsec.StateStopped)
				continue
			}
			r.state(name, ipsec.StateUp)
			require.Len(r, r.conn(name).SAs, 1)
			assert.LessOrEqual(r, len(r.conn(name).History), 32)
		}
		assert.Equal(r, 4, len(r.daemon.Loaded()), r.daemon.String())
	})
}
