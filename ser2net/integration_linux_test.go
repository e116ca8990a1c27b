package ser2net_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/ptypair"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tty"
)

// peerProgram returns the path of a program to test with.
func peerProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "make peers installs it")
		}
		t.Skipf("skipped: %s is not installed (make peers)", name)
	}
	return path
}

// adapter is a pseudo terminal that can be unplugged.
func adapter(t *testing.T) *ptypair.Adapter {
	t.Helper()
	if err := ptypair.Serial(); err != nil {
		t.Skip(err)
	}
	a, err := ptypair.NewAdapter(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.Pair().Close() })
	return a
}

// onPTY starts a proxy with a port on a pseudo terminal.
func onPTY(t *testing.T, changes ...func(*ser2net.PortConfig)) (*ser2net.Service, *ptypair.Adapter) {
	t.Helper()
	a := adapter(t)
	p := port(changes...)
	p.Listen, p.Device = "127.0.0.1:0", a.Name()
	return startReal(t, new(tty.Opener), p), a
}

func address(s *ser2net.Service) string { return s.Status().Ports[0].Listening }

// echo sends back what the device is sent, until it goes away.
func echo(a *ptypair.Adapter) {
	pair := a.Pair()
	go func() { _, _ = io.Copy(writer{pair}, reader{pair}) }()
}

// reader and writer hide other methods.
type (
	reader struct{ io.Reader }
	writer struct{ io.Writer }
)

// expect reads until text has come.
func expect(t *testing.T, from io.Reader, text string) {
	t.Helper()
	var got []byte
	buf := make([]byte, 4096)
	for !strings.Contains(string(got), text) {
		n, err := from.Read(buf)
		require.NoError(t, err, "got %q", got)
		got = append(got, buf[:n]...)
	}
}

func TestIntegrationSocat(t *testing.T) {
	t.Parallel()
	socat := peerProgram(t, "socat")
	s, a := onPTY(t)
	echo(a)
	want := []byte(pattern(300_000))
	run := exec.CommandContext(t.Context(), socat, "-t5", "-", "TCP:"+address(s)) // ends 5 s after its input
	in, err := run.StdinPipe()
	require.NoError(t, err)
	out, err := run.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	go func() { _, _ = in.Write(want) }()
	got := make([]byte, len(want))
	_, err = io.ReadFull(out, got)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got))

	refused, err := exec.CommandContext(t.Context(), socat, "-u", "TCP:"+address(s), "-").Output()
	require.NoError(t, err)
	assert.Equal(t, "Port already in use\r\n", string(refused))
	require.NoError(t, in.Close())
	require.NoError(t, run.Wait())
}

func TestIntegrationTelnet(t *testing.T) {
	t.Parallel()
	program := peerProgram(t, "telnet")
	s, a := onPTY(t, rfc2217, func(p *ser2net.PortConfig) { p.Banner = `welcome to \N\r\n` })
	host, number, err := net.SplitHostPort(address(s))
	require.NoError(t, err)
	run := exec.CommandContext(t.Context(), program, "-8", host, number)
	var told strings.Builder
	run.Stderr = &told
	in, err := run.StdinPipe()
	require.NoError(t, err)
	out, err := run.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	expect(t, out, "welcome to a")
	_, err = a.Write([]byte("from the device\xff\n"))
	require.NoError(t, err)
	expect(t, out, "from the device\xff")
	_, err = in.Write([]byte("from the keyboard\n"))
	require.NoError(t, err)
	expect(t, a, "from the keyboard")
	require.NoError(t, s.Disconnect("a", 0))
	_, _ = io.Copy(io.Discard, out)
	_ = run.Wait() // its status is 1 then
	assert.Contains(t, told.String(), "closed by foreign host")
}

const pyserial = `
import sys, serial
port = serial.serial_for_url("rfc2217://" + sys.argv[1], baudrate=115200, timeout=5)
print("cts", port.cts)
port.baudrate = 12345
port.rtscts = True
port.rtscts = False
port.dtr = False
port.rts = False
port.dtr = True
port.break_condition = True
port.break_condition = False
port.reset_input_buffer()
port.reset_output_buffer()
data = bytes(range(256)) * 200
port.write(data)
print("echo", port.read(len(data)) == data)
print("rate", port.baudrate)
port.close()
`

// The commonest client opens the port and uses all it has. Against C ser2net
// on a pseudo terminal it fails.
func TestIntegrationPyserial(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3" // Debian's, which finds Debian's packages
	if err := exec.Command(python, "-c", "import serial").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "make peers installs python3-serial")
		}
		t.Skip("skipped: python3-serial is not installed (make peers)")
	}
	s, a := onPTY(t, rfc2217)
	echo(a)
	for range 2 { // the port is free again at once
		begun := time.Now()
		out, err := exec.CommandContext(t.Context(), python, "-c", pyserial, address(s)).CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, "cts False\necho True\nrate 12345\n", string(out))
		assert.Less(t, time.Since(begun), 10*time.Second)
	}
	status := s.Status().Ports[0]
	assert.EqualValues(t, 2*256*200, status.ToDevice)
}

func TestIntegrationOpenSSL(t *testing.T) {
	t.Parallel()
	openssl := peerProgram(t, "openssl")
	ca := newAuthority(t)
	ca.issue("alice", ca.cert)
	a := adapter(t)
	s := startReal(t, new(tty.Opener), port(ca.secure, func(p *ser2net.PortConfig) {
		p.Device, p.TLS.ClientCAFile = a.Name(), ca.path("ca.pem")
	}))
	args := []string{"s_client", "-quiet", "-verify_return_error", "-verify_hostname", "server.example",
		"-CAfile", ca.path("ca.pem"), "-connect", address(s)}
	stranger := exec.CommandContext(t.Context(), openssl, args...)
	stranger.Stdin = strings.NewReader("")
	said, _ := stranger.CombinedOutput()
	assert.Contains(t, string(said), "certificate required")

	run := exec.CommandContext(t.Context(), openssl, append(args, "-cert", ca.path("alice.pem"), "-key", ca.path("alice.key"))...)
	in, err := run.StdinPipe()
	require.NoError(t, err)
	out, err := run.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	_, err = in.Write([]byte("question"))
	require.NoError(t, err)
	expect(t, a, "question")
	_, err = a.Write([]byte("answer"))
	require.NoError(t, err)
	expect(t, out, "answer")
	assert.Equal(t, "alice", s.Status().Ports[0].Clients[0].User)
	require.NoError(t, s.Disconnect("a", 0))
	require.NoError(t, run.Wait())
}

// A real device that goes and comes, with the clients kept and not.
func TestIntegrationUnplug(t *testing.T) {
	for _, policy := range []ser2net.OnLoss{ser2net.OnLossClose, ser2net.OnLossKeep} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			s, a := onPTY(t, func(p *ser2net.PortConfig) { p.OnLoss = policy })
			client := dialReal(t, s, 0)
			_, err := client.Write([]byte("1"))
			require.NoError(t, err)
			expect(t, a, "1")
			require.NoError(t, a.Unplug())
			if policy == ser2net.OnLossClose {
				_, err = client.Read(make([]byte, 1))
				require.ErrorIs(t, err, io.EOF)
				told, err := io.ReadAll(dialReal(t, s, 0))
				require.NoError(t, err)
				assert.Equal(t, "Device open failure: Value or file not found\r\n", string(told))
			} else {
				require.Eventually(t, func() bool { return s.Status().Ports[0].State == ser2net.StateLost }, 5*time.Second, time.Millisecond)
			}
			require.NoError(t, a.Plug())
			if policy == ser2net.OnLossClose {
				client = dialReal(t, s, 0)
			}
			require.Eventually(t, func() bool { return s.Status().Ports[0].State == ser2net.StateOpen },
				10*time.Second, time.Millisecond) // a second is promised, and tested without a machine's load
			_, err = client.Write([]byte("2"))
			require.NoError(t, err)
			expect(t, a, "2")
		})
	}
}

// A device that another program has locked is refused.
func TestIntegrationForeignUser(t *testing.T) {
	t.Parallel()
	flock := peerProgram(t, "flock")
	s, a := onPTY(t)
	locked := filepath.Join(t.TempDir(), "locked")
	foreign := exec.CommandContext(t.Context(), flock, "-n", a.Name(), "sh", "-c", "touch "+locked+"; read line")
	in, err := foreign.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, foreign.Start())
	require.Eventually(t, func() bool { _, err := os.Stat(locked); return err == nil }, 10*time.Second, time.Millisecond)
	told, err := io.ReadAll(dialReal(t, s, 0))
	require.NoError(t, err)
	assert.Equal(t, "Port's device already in use\r\n", string(told))

	require.NoError(t, in.Close())
	_ = foreign.Wait()
	_, err = dialReal(t, s, 0).Write([]byte("free"))
	require.NoError(t, err)
	expect(t, a, "free")
}
