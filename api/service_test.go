package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/internal/memnet"
)

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		var network memnet.Network
		o := new(device).options()
		o.Listen = network.Listen
		service, err := api.New(allOn(t), o)
		require.NoError(t, err)
		disabled, err := api.New(api.DefaultConfig(), o)
		require.NoError(t, err)
		return lifecycletest.Subject{
			Service: service, Disabled: disabled,
			Resources: network.Open, Refuse: network.Refuse, Hold: network.Hold,
		}
	})
}

// memClient is a client of a service in memory.
type memClient struct {
	ask
	service *api.Service
	network *memnet.Network
}

func (m memClient) dial(ctx context.Context) (net.Conn, error) {
	return m.network.Dial(ctx, "tcp", "127.0.0.1:0")
}

func serveInMemory(t *testing.T, d *device) (memClient, func()) {
	t.Helper()
	return serveInMemoryWith(t, d, func(*api.Options) {})
}

// serveInMemoryWith runs a service in a bubble; stop ends it and demands that
// nothing is left.
func serveInMemoryWith(t *testing.T, d *device, change func(*api.Options)) (m memClient, stop func()) {
	t.Helper()
	m.network = new(memnet.Network)
	o := d.options()
	o.Listen = m.network.Listen
	change(&o)
	var err error
	m.service, err = api.New(allOn(t), o)
	require.NoError(t, err)
	require.NoError(t, m.service.Start(t.Context()))
	transport := &http.Transport{DialContext: m.network.Dial}
	m.ask = ask{t, apitest.Client{URL: "http://127.0.0.1:0", Key: testKey, HTTP: &http.Client{Transport: transport}}}
	return m, func() {
		require.NoError(t, m.service.Stop(t.Context()))
		transport.CloseIdleConnections()
		synctest.Wait()
		assert.Zero(t, m.network.Open(), "connections left open")
	}
}

func TestServiceAnswers(t *testing.T) {
	var d device
	s, err := api.New(allOn(t), d.options())
	require.NoError(t, err)
	assert.Nil(t, s.Addr())
	assert.Empty(t, s.Status().Listening)
	require.NoError(t, s.Start(t.Context()))
	addr := s.Addr().String()
	assert.NotContains(t, addr, ":0", "the port that was free")
	assert.Equal(t, addr, s.Status().Listening)

	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	a := ask{t, apitest.Client{URL: "http://" + addr, Key: testKey, HTTP: &http.Client{Transport: transport}}}
	assert.Equal(t, 200, a.get("/api/version").Status)
	assert.Equal(t, 404, a.get("/api//version").Status, "no redirect either")
	assert.Equal(t, uint64(2), s.Status().Requests)

	require.NoError(t, s.Stop(t.Context()))
	assert.Nil(t, s.Addr())
	_, err = a.client.Get(t.Context(), "/api/version")
	require.Error(t, err)
	assert.Equal(t, uint64(2), s.Status().Requests, "the counts stay")
}

func TestStartOnTakenAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	c := allOn(t)
	c.Listen = taken.Addr().String()
	s, err := api.New(c, new(device).options())
	require.NoError(t, err)
	err = s.Start(t.Context())
	require.ErrorContains(t, err, "api: start: ")
	require.ErrorContains(t, err, c.Listen)
	require.NoError(t, taken.Close())
	require.NoError(t, s.Start(t.Context()), "once the address is free")
	require.NoError(t, s.Stop(t.Context()))
}

// A request under way is finished when that takes less than 3 s.
func TestStopLetsRequestsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, stop := serveInMemoryWith(t, new(device), func(o *api.Options) {
			o.Providers.Syslog = syslogFunc(func(ctx context.Context, w io.Writer) error {
				time.Sleep(2 * time.Second)
				_, err := io.WriteString(w, "done\n")
				return err
			})
		})
		replies := make(chan apitest.Reply, 1)
		go func() { replies <- m.get("/api/syslog") }()
		synctest.Wait()
		stop()
		assert.Equal(t, "done\n", (<-replies).Body)
	})
}

// One that takes longer is broken off, and its provider told.
func TestStopBreaksLongRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d device
		d.syslog.Set("one")
		d.syslog.Stall(1)
		m, stop := serveInMemory(t, &d)
		replies := make(chan bool, 1)
		go func() {
			reply, err := m.client.Get(t.Context(), "/api/syslog")
			replies <- err != nil || reply.Broken
		}()
		synctest.Wait()
		start := time.Now()
		stop()
		assert.Equal(t, 3*time.Second, time.Since(start))
		assert.True(t, <-replies, "the client sees that the log is not whole")
	})
}

// The provider is told even where the server does not watch the connection,
// since a body was announced that nobody reads.
func TestStopTellsEveryProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d device
		d.system.Stall(true)
		m, stop := serveInMemory(t, &d)
		conn, err := m.dial(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "GET /api/systemInfo HTTP/1.1\r\nHost: x\r\napiKey: %s\r\nContent-Length: 5\r\n\r\n", testKey)
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, 1, d.system.Calls())
		start := time.Now()
		require.NoError(t, conn.SetReadDeadline(start.Add(time.Minute)))
		require.NoError(t, m.service.Stop(t.Context()))
		assert.Equal(t, 3*time.Second, time.Since(start))
		require.NoError(t, conn.Close())
		stop()
	})
}

// Stop returns when nothing of the service runs any more, also where a
// provider does not listen to its context.
func TestStopWaitsForProviders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		m, stop := serveInMemoryWith(t, new(device), func(o *api.Options) {
			o.Providers.Syslog = syslogFunc(func(context.Context, io.Writer) error {
				time.Sleep(8 * time.Second)
				ended = true
				return nil
			})
		})
		go func() { _, _ = m.client.Get(t.Context(), "/api/syslog") }()
		synctest.Wait()
		stop()
		assert.True(t, ended)
	})
}

// A client that connects and says nothing holds no connection for long.
func TestSilentClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, stop := serveInMemory(t, new(device))
		defer stop()
		conn, err := m.dial(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		start := time.Now()
		_, err = fmt.Fprint(conn, "GET /api/version HTTP/1.1\r\nHost:")
		require.NoError(t, err)
		_, err = io.ReadAll(conn)
		require.NoError(t, err)
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestHugeHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, stop := serveInMemory(t, new(device))
		defer stop()
		r, err := http.NewRequestWithContext(t.Context(), "GET", m.client.URL+"/api/version", nil)
		require.NoError(t, err)
		r.Header.Set("X-Long", strings.Repeat("x", 64<<10))
		reply, err := m.client.Send(r)
		assert.True(t, err != nil || reply.Status == http.StatusRequestHeaderFieldsTooLarge, "%+v", reply.Status)
		assert.Equal(t, 200, m.get("/api/version").Status)
	})
}

// A listener that breaks ends the service, with the reason and nothing left.
func TestListenerBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memnet.Network
		var broken breakable
		o := new(device).options()
		o.Listen = func(ctx context.Context, n, addr string) (net.Listener, error) {
			var err error
			broken.Listener, err = network.Listen(ctx, n, addr)
			return &broken, err
		}
		s, err := api.New(allOn(t), o)
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		conn, err := network.Dial(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, broken.Listener.Close())
		<-s.Done()
		require.ErrorIs(t, s.Err(), errTorn)
		assert.Nil(t, s.Addr())
		require.NoError(t, conn.Close())
		synctest.Wait()
		assert.Zero(t, network.Open())
	})
}

var errTorn = errors.New("the network is torn out")

type breakable struct{ net.Listener }

func (b *breakable) Accept() (net.Conn, error) {
	conn, err := b.Listener.Accept()
	if err != nil {
		return nil, errTorn
	}
	return conn, nil
}
