package managementfake_test

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/openvpn/openvpntest/managementfake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// manager is a plain end of the socket.
type manager struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// serve runs a fake and returns a manager of it, and its exit status.
func serve(t *testing.T, d *managementfake.Daemon) (*manager, <-chan int) {
	dir, err := os.MkdirTemp("", "fg")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	status := make(chan int, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		status <- d.Serve(ctx, l)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return dial(t, l.Addr().String()), status
}

func dial(t *testing.T, path string) *manager {
	conn, err := net.Dial("unix", path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	return &manager{t, conn, bufio.NewReader(conn)}
}

// until reads lines until one that begins with want, and returns them.
func (m *manager) until(want string) (lines []string) {
	m.t.Helper()
	for {
		line, err := m.in.ReadString('\n')
		require.NoError(m.t, err, "waiting for %q after %q", want, lines)
		line = strings.TrimSuffix(line, "\r\n")
		lines = append(lines, line)
		if strings.HasPrefix(line, want) {
			return lines
		}
	}
}

func (m *manager) send(line string) {
	m.t.Helper()
	_, err := m.conn.Write([]byte(line + "\n"))
	require.NoError(m.t, err)
}

func TestClient(t *testing.T) {
	d := managementfake.New(managementfake.Script{Asks: []managementfake.Ask{{What: "Auth", Username: "joe", Password: "a b"}}})
	d.Hold = true
	m, status := serve(t, d)
	m.until(">HOLD:")
	m.send("state on")
	m.until("SUCCESS:")
	m.send("hold release")
	m.until(">PASSWORD:Need 'Auth' username/password")
	m.send(`username "Auth" joe`)
	m.until("SUCCESS:")
	m.send(`password "Auth" "a b"`)
	var states []string
	for {
		line := m.until("")[0]
		if text, ok := strings.CutPrefix(line, ">STATE:"); ok {
			states = append(states, strings.Split(text, ",")[1])
		}
		if strings.Contains(line, ",CONNECTED,") {
			break
		}
	}
	assert.Equal(t, []string{"WAIT", "AUTH", "GET_CONFIG", "ASSIGN_IP", "CONNECTED"}, states)
	m.send("signal SIGTERM")
	m.until(">STATE")
	assert.Equal(t, 0, <-status)
	assert.Contains(t, d.Calls(), "password [...]")
	assert.NotContains(t, strings.Join(d.Calls(), "\n"), "a b")
}

func TestScript(t *testing.T) {
	s, err := managementfake.ParseScript("server 10.8.0.0 255.255.255.0\n#fake ask \"Private Key\" \"\" \"a \\\"b\"\n#fake peer alice\n" +
		"#fake mute\n#fake junk\n#fake silent\n#fake close-in-reply\n#fake pid 7\n#fake reject tls-error\n#fake fatal x\n#fake options-error y\n")
	require.NoError(t, err)
	assert.Equal(t, managementfake.Script{Server: true, Asks: []managementfake.Ask{{What: "Private Key", Password: `a "b`}},
		Peers: []managementfake.Peer{{CommonName: "alice"}}, Mute: true, Junk: true, Silent: true, CloseInReply: true, PID: 7,
		Reject: "tls-error", Fatal: "x", OptionsError: "y"}, s)
	for _, text := range []string{"#fake nonsense", "#fake pid x"} {
		_, err := managementfake.ParseScript(text)
		assert.Error(t, err, text)
	}
}

func TestMainFails(t *testing.T) {
	assert.True(t, managementfake.Called([]string{"openvpn", "--config", "x"}))
	assert.False(t, managementfake.Called([]string{"x.test", "-test.v"}))
	dir := t.TempDir()
	path := filepath.Join(dir, "config")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	for name, args := range map[string][]string{
		"no file":         {"openvpn", "--config", path + "none"},
		"no socket":       {"openvpn", "--config", path},
		"relative socket": {"openvpn", "--config", path, "--management", "socket", "unix"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			assert.Equal(t, 1, managementfake.Main(args, &out))
			assert.NotEmpty(t, out.String())
		})
	}
	var out bytes.Buffer
	assert.Equal(t, 0, managementfake.Main([]string{"openvpn", "--version"}, &out))
	assert.Contains(t, out.String(), "OpenVPN "+managementfake.Version)
}

// Of two managers the second is mute until the first has left.
func TestOneManager(t *testing.T) {
	d := managementfake.New(managementfake.Script{})
	first, _ := serve(t, d)
	first.until(">INFO:")
	second := dial(t, first.conn.RemoteAddr().String())
	require.NoError(t, second.conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := second.in.ReadByte()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	d.Leave()
	require.NoError(t, second.conn.SetReadDeadline(time.Now().Add(30*time.Second)))
	second.until(">INFO:")
	d.Say(">STATE:1,WAIT,,,,,,")
	second.until(">STATE:1,WAIT")
	assert.Contains(t, d.String(), "state CONNECTED,SUCCESS")
	d.Exit(3)
	_, err = second.in.ReadByte()
	assert.Error(t, err)
}
