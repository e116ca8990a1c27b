package nats_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/examples/collector/sink/nats"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is a real NATS server with JetStream on disk, in this process.
type peer struct {
	*server.Server
	options *server.Options
}

// startPeer starts a server; change adjusts its options.
func startPeer(t testing.TB, change func(*server.Options)) *peer {
	options := &server.Options{
		Host:      "127.0.0.1",
		Port:      server.RANDOM_PORT,
		JetStream: true,
		StoreDir:  t.TempDir(),
		NoLog:     true,
		NoSigs:    true,
	}
	if change != nil {
		change(options)
	}
	p := &peer{options: options}
	p.start(t)
	options.Port = p.Addr().(*net.TCPAddr).Port // the same after a restart
	t.Cleanup(p.stop)
	return p
}

func (p *peer) start(t testing.TB) {
	s, err := server.NewServer(p.options.Clone())
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(10*time.Second), "the server does not start")
	p.Server = s
}

func (p *peer) stop() {
	p.Shutdown()
	p.WaitForShutdown()
}

// config returns a Config for the server.
func (p *peer) config() nats.Config {
	c := nats.DefaultConfig()
	c.Servers = []string{p.ClientURL()}
	return c
}

// open returns a sink of the Config, closed at the end of the test.
func open(t testing.TB, c nats.Config) *nats.Sink {
	s, err := nats.New(c, nats.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// stored returns all messages of the stream, in their order, and its
// configuration.
func (p *peer) stored(t testing.TB, stream string) ([]*jetstream.RawStreamMsg, jetstream.StreamConfig) {
	conn, err := client.Connect(p.ClientURL(), client.UserInfo(p.options.Username, p.options.Password))
	require.NoError(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	s, err := js.Stream(t.Context(), stream)
	require.NoError(t, err)
	info := s.CachedInfo()
	var all []*jetstream.RawStreamMsg
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
		m, err := s.GetMsg(t.Context(), seq)
		require.NoError(t, err)
		all = append(all, m)
	}
	return all, info.Config
}

// The server is for the tests: no program links it.
func TestServerIsForTestsOnly(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the go command is missing: %v", err)
		}
		t.Skipf("the go command is missing: %v", err)
	}
	list := exec.Command(goTool, "list", "-deps", "./...")
	list.Dir = filepath.Join("..", "..", "..", "..")
	deps, err := list.Output()
	require.NoError(t, err)
	assert.Contains(t, string(deps), "github.com/nats-io/nats.go", "the list is the right one")
	assert.NotContains(t, string(deps), "github.com/nats-io/nats-server")
}
