package fakecharon_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/fakecharon"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// daemon returns a daemon and a connection to it.
func daemon(t *testing.T) (*fakecharon.Daemon, net.Conn) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fc") // short enough for a socket
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	d, err := fakecharon.Start(filepath.Join(dir, "vici"), fakecharon.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	conn, err := net.Dial("unix", d.Socket())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // a test may have done it
	return d, conn
}

func ask(t *testing.T, conn net.Conn, command string, m *vici.Message) vici.Packet {
	t.Helper()
	require.NoError(t, vici.Write(conn, vici.Packet{Type: vici.CommandRequest, Name: command, Message: m}))
	p, err := vici.Read(conn)
	require.NoError(t, err)
	return p
}

// The complaints are word for word those of charon 5.9.8.
func TestComplaints(t *testing.T) {
	_, conn := daemon(t)
	section := func(m *vici.Message) *vici.Message { return new(vici.Message).SetSection("x", m) }
	child := func(m *vici.Message) *vici.Message {
		return section(new(vici.Message).SetSection("children", new(vici.Message).SetSection("x", m)))
	}
	for name, c := range map[string]struct {
		command string
		message *vici.Message
		want    string
	}{
		"underscores":    {"load-conn", section(new(vici.Message).SetList("proposals", "aes256_sha256_modp1536")), "invalid value for: proposals, config discarded"},
		"upper case":     {"load-conn", section(new(vici.Message).SetList("proposals", "AES256-sha256-modp1536")), "invalid value for: proposals, config discarded"},
		"no group":       {"load-conn", section(new(vici.Message).SetList("proposals", "aes256-sha256")), "invalid value for: proposals, config discarded"},
		"unknown option": {"load-conn", section(new(vici.Message).Set("colour", "red")), "unknown option: colour, config discarded"},
		"text as a list": {"load-conn", section(new(vici.Message).Set("proposals", "aes256-sha256-modp1536")), "unknown option: proposals, config discarded"},
		"hold":           {"load-conn", child(new(vici.Message).Set("dpd_action", "hold")), "invalid value for: dpd_action, config discarded"},
		"no subnet":      {"load-conn", child(new(vici.Message).SetList("local_ts", "nonsense")), "invalid value for: local_ts, config discarded"},
		"unload":         {"unload-conn", new(vici.Message).Set("name", "x"), "unload: connection 'x' not found"},
		"terminate":      {"terminate", new(vici.Message).Set("ike", "x"), "no matching SAs to terminate found"},
		"initiate":       {"initiate", new(vici.Message).Set("child", "x"), "CHILD_SA config 'x' not found"},
	} {
		t.Run(name, func(t *testing.T) {
			p := ask(t, conn, c.command, c.message)
			assert.Equal(t, "no", p.Message.Text("success"))
			assert.Equal(t, c.want, p.Message.Text("errmsg"))
		})
	}
	assert.Equal(t, vici.CommandUnknown, ask(t, conn, "unload-cert", nil).Type)
}

// A dead daemon leaves its socket, and comes back with nothing loaded.
func TestKillAndRestart(t *testing.T) {
	d, conn := daemon(t)
	require.Equal(t, "yes", ask(t, conn, "load-shared", new(vici.Message).Set("id", "x").Set("data", "thebigsecret")).Message.Text("success"))
	assert.Equal(t, []string{"x"}, d.Secrets())
	assert.NotContains(t, d.String(), "thebigsecret")
	require.Error(t, d.Restart(), "it runs")
	d.Kill()
	_, err := vici.Read(conn)
	require.Error(t, err)
	_, err = os.Stat(d.Socket())
	require.NoError(t, err)
	_, err = net.Dial("unix", d.Socket())
	require.Error(t, err)
	require.NoError(t, d.Restart())
	assert.Empty(t, d.Secrets())
	require.Error(t, d.Raise("x"))
	require.Error(t, d.Drop("x"))
}

// Whatever is sent, the daemon answers or hangs up.
func FuzzRequests(f *testing.F) {
	b, err := vici.Packet{Type: vici.CommandRequest, Name: "load-conn", Message: new(vici.Message).SetSection("x", new(vici.Message))}.Append(nil)
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte("\x00\x00\x00\x0c\x03\x0aike-updown"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, junk []byte) {
		d, conn := daemon(t)
		_, _ = conn.Write(junk) // it may be hung up on in the middle
		require.NoError(t, conn.Close())
		other, err := net.Dial("unix", d.Socket())
		require.NoError(t, err)
		defer func() { _ = other.Close() }() // the answer is there
		assert.Equal(t, vici.CommandResponse, ask(t, other, "version", nil).Type)
	})
}
