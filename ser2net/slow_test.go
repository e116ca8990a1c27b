package ser2net_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

// lazy connects a client that reads nothing.
func (r *rig) lazy() net.Conn {
	r.t.Helper()
	conn, err := r.network.Dial(r.t.Context(), "tcp", "127.0.0.1:1")
	require.NoError(r.t, err)
	r.t.Cleanup(func() { _ = conn.Close() })
	synctest.Wait()
	return conn
}

// flood lets the attached machine send without waiting for the end.
func (r *rig) flood(text string) (done <-chan struct{}) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = r.line.Far().Write([]byte(text))
	}()
	synctest.Wait()
	return ended
}

func over(done <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func slow(policy ser2net.SlowClient, clients int) ser2net.Config {
	return config(port(func(p *ser2net.PortConfig) {
		p.SlowClient, p.MaxClients, p.Queue = policy, clients, 4096
	}))
}

// pattern is n bytes that tell where they are.
func pattern(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strings.Repeat(string(rune('a'+i%26)), 7) + "\n")
	}
	return b.String()[:n]
}

// Alone, a slow client stops the device and gets everything.
func TestSlowClientAlone(t *testing.T) {
	bubble(t, slow(ser2net.SlowAuto, 1), func(t *testing.T, r *rig) {
		client := r.lazy()
		want := pattern(100_000)
		done := r.flood(want)
		assert.False(t, over(done), "the device waits")
		waiting := r.service.Status().Ports[0].Clients[0].Waiting
		assert.Positive(t, waiting)
		assert.LessOrEqual(t, waiting, 4096+16<<10)
		got := make([]byte, len(want))
		_, err := io.ReadFull(client, got)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
		assert.True(t, over(done))
	})
}

// Beside another, a slow client has to go, and the other misses nothing.
func TestSlowClientBesideAFastOne(t *testing.T) {
	bubble(t, slow(ser2net.SlowAuto, 2), func(t *testing.T, r *rig) {
		lazy, fast := r.lazy(), r.connect()
		want := pattern(100_000)
		done := r.flood(want)
		assert.True(t, over(done))
		assert.Equal(t, want, fast.heard())
		clients := r.service.Status().Ports[0].Clients
		require.Len(t, clients, 1)
		assert.EqualValues(t, len(want), clients[0].Sent)
		sleep(t, "3s")
		_, err := io.ReadAll(lazy)
		require.NoError(t, err, "its connection was closed")
	})
}

// A client that waits alone is not alone any more when another comes.
func TestSlowClientMeetsAnother(t *testing.T) {
	bubble(t, slow(ser2net.SlowAuto, 2), func(t *testing.T, r *rig) {
		r.lazy()
		done := r.flood(pattern(100_000))
		require.False(t, over(done))
		fast := r.connect()
		assert.True(t, over(done))
		assert.NotEmpty(t, fast.heard())
	})
}

func TestSlowClientMayStopTheOthers(t *testing.T) {
	bubble(t, slow(ser2net.SlowWait, 2), func(t *testing.T, r *rig) {
		lazy, fast := r.lazy(), r.connect()
		want := pattern(100_000)
		done := r.flood(want)
		assert.False(t, over(done))
		require.NoError(t, lazy.Close())
		assert.True(t, over(done))
		assert.Equal(t, want, fast.heard())
	})
}

func TestSlowClientLosesTheOldest(t *testing.T) {
	bubble(t, slow(ser2net.SlowDropOldest, 1), func(t *testing.T, r *rig) {
		client := r.lazy()
		want := pattern(100_000)
		assert.True(t, over(r.flood(want)))
		status := r.service.Status().Ports[0].Clients[0]
		assert.Positive(t, status.Dropped)
		got := make([]byte, status.Waiting)
		_, err := io.ReadFull(client, got)
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(want, string(got[len(got)-2048:])), "the newest is kept")
		assert.EqualValues(t, len(want), uint64(len(got))+status.Dropped)
	})
}

// What telnet sends can be cut between chunks only.
func TestSlowTelnetClientLosesWholeChunks(t *testing.T) {
	c := slow(ser2net.SlowDropOldest, 1)
	c.Ports[0].Protocol = ser2net.ProtocolTelnet
	bubble(t, c, func(t *testing.T, r *rig) {
		client := r.lazy()
		for range 50 {
			require.True(t, over(r.flood(strings.Repeat("\xff", 333))))
		}
		require.NoError(t, r.service.Disconnect("a", 0))
		got := make(chan string, 1)
		go func() {
			all, _ := io.ReadAll(client)
			got <- string(all)
		}()
		data := strings.TrimPrefix(<-got, options)
		assert.NotEmpty(t, data)
		assert.Zero(t, len(data)%(2*333))
	})
}

// Stop waits for clients that take nothing, but not for ever.
func TestStopWithASlowClient(t *testing.T) {
	bubble(t, slow(ser2net.SlowAuto, 1), func(t *testing.T, r *rig) {
		r.lazy()
		r.flood(pattern(100_000))
		begun := time.Now()
		require.NoError(t, r.service.Stop(t.Context()))
		assert.LessOrEqual(t, time.Since(begun), 2500*time.Millisecond)
		assert.Positive(t, time.Since(begun))
	})
}

// A client that asks and asks and never reads cannot fill the memory.
func TestAnswersAreBounded(t *testing.T) {
	c := slow(ser2net.SlowWait, 1)
	c.Ports[0].Protocol = ser2net.ProtocolTelnet
	bubble(t, c, func(t *testing.T, r *rig) {
		client := r.lazy()
		var err error
		for range 10_000 {
			if _, err = client.Write([]byte("\xff\xf6")); err != nil { // AYT
				break
			}
		}
		sleep(t, "3s")
		assert.Empty(t, r.service.Status().Ports[0].Clients)
	})
}

// A client that is slow may hold up the device while nobody else is connected.
func TestSlowBesideWhoIsNotConnected(t *testing.T) {
	c := config(port(func(p *ser2net.PortConfig) {
		p.Connect.Destinations, p.Connect.When, p.Queue = []string{"192.0.2.1:1"}, ser2net.WhenOnData, 4096
	}))
	bubble(t, c, func(t *testing.T, r *rig) {
		sleep(t, "5s")
		r.lazy()
		assert.False(t, over(r.flood(pattern(100_000))))
		assert.Len(t, r.service.Status().Ports[0].Clients, 1)
	})
}
