//go:build !no_ipsec && !no_simulate

package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// watchedPPP calls closing before a link is closed.
type watchedPPP struct {
	l2tp.Backend
	closing func()
}

func (b watchedPPP) Start(ctx context.Context, s l2tp.Setup) (l2tp.Daemon, error) {
	d, err := b.Backend.Start(ctx, s)
	return watchedDaemon{d, b.closing}, err
}

type watchedDaemon struct {
	l2tp.Daemon
	closing func()
}

func (d watchedDaemon) Dial(ctx context.Context, c l2tp.Call) (l2tp.Link, error) {
	link, err := d.Daemon.Dial(ctx, c)
	if err != nil {
		return nil, err
	}
	return watchedLink{link, d.closing}, nil
}

type watchedLink struct {
	l2tp.Link
	closing func()
}

func (l watchedLink) Close(ctx context.Context) error {
	l.closing()
	return l.Link.Close(ctx)
}

// Whatever an apply does to an L2TP client, its link says good-bye inside of
// its channel, which ends after that.
func TestL2TPEndsInsideItsChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, err := simulate.New()
		require.NoError(t, err)
		log := slog.New(slog.DiscardHandler)
		g := &gateway{log: log, runDir: t.TempDir(), device: device, units: newSupervisor(log), points: newPoints(t.TempDir())}
		g.channel.units = g.units
		var mu sync.Mutex
		var closed []ipsec.ConnectionState // of the channel of dispatch, whenever its link is closed
		channelState := func(name string) ipsec.ConnectionState {
			for _, c := range runningIn[*ipsec.Service](g, "ipsec").Status().Connections {
				if c.Name == l2tp.ChannelName(name) {
					return c.State
				}
			}
			return ""
		}
		fakes := g.simulatedBackends()
		g.backends = func(doc document.Document) backends {
			b := fakes(doc)
			b.ppp = func() (l2tp.Backend, error) {
				return watchedPPP{device.PPP, func() {
					mu.Lock()
					defer mu.Unlock()
					closed = append(closed, channelState("dispatch"))
				}}, nil
			}
			return b
		}
		tunnels := func(doc document.Document) []unit {
			return slices.DeleteFunc(g.plan(doc), func(u unit) bool { return u.name != "ipsec" && u.name != "l2tp" })
		}
		linkUp := func(name string) bool {
			clients := runningIn[*l2tp.Service](g, "l2tp").Status().Clients
			return len(clients) == 1 && clients[0].Name == name && clients[0].State == l2tp.StateUp
		}
		var doc document.Document
		device.Fill(&doc)
		require.NoError(t, g.units.start(t.Context(), tunnels(doc)))
		time.Sleep(time.Minute)
		require.True(t, linkUp("dispatch"))

		renamed := doc
		renamed.L2TP.Clients = slices.Clone(doc.L2TP.Clients)
		renamed.L2TP.Clients[0].Name = "depot"
		steps, err := g.units.reload(t.Context(), tunnels(renamed))
		require.NoError(t, err, "%v", steps)
		assert.Equal(t, []ipsec.ConnectionState{ipsec.StateUp}, closed)
		assert.Empty(t, channelState("dispatch"), "the channel is gone, too")
		time.Sleep(time.Minute)
		assert.True(t, linkUp("depot"))

		// a change of IPsec alone keeps the channels
		other := renamed
		other.IPsec.Connections = other.IPsec.Connections[1:]
		_, err = g.units.reload(t.Context(), tunnels(other))
		require.NoError(t, err)
		assert.Equal(t, ipsec.StateUp, channelState("depot"))
		assert.True(t, linkUp("depot"))
		assert.Len(t, runningIn[*ipsec.Service](g, "ipsec").Status().Connections, 2)

		// a name that L2TP gives up may be that of a connection at once
		taken := other
		taken.L2TP.Clients = slices.Clone(doc.L2TP.Clients)
		taken.IPsec.Connections = slices.Clone(other.IPsec.Connections)
		taken.IPsec.Connections[0].Name = l2tp.ChannelName("depot")
		_, err = g.units.reload(t.Context(), tunnels(taken))
		require.NoError(t, err)
		time.Sleep(time.Minute)
		assert.True(t, linkUp("dispatch"))
		assert.Len(t, runningIn[*ipsec.Service](g, "ipsec").Status().Connections, 2)
		require.NoError(t, g.units.stop(t.Context(), false))
	})
}

// IPsec that is switched off does not keep the start waiting for a daemon that
// is not there, whatever ran before.
func TestTunnelsOffWithoutDaemon(t *testing.T) {
	g := &gateway{log: slog.New(slog.DiscardHandler), runDir: t.TempDir()}
	g.programs.charon = filepath.Join(t.TempDir(), "charon.vici")
	g.mark("ipsec")
	began := time.Now()
	s, err := g.newTunnels(ipsec.Config{}, g.realBackends(document.Document{}))
	require.NoError(t, err)
	require.ErrorIs(t, s.Start(t.Context()), errDisabled)
	assert.Less(t, time.Since(began), unitTimeout, "it does not wait")
	assert.FileExists(t, g.markOf("ipsec"), "for when the daemon is back")
}
