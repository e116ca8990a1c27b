package dtls_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/dtls"
	"github.com/fieldgate/fieldgate/telemetry/senml"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// openssl is a running `openssl s_server`.
type openssl struct {
	port  int
	stdin io.Writer // what it sends

	mu     sync.Mutex
	output bytes.Buffer // what it has received and printed
}

func (s *openssl) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.Write(b)
}

func (s *openssl) printed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.String()
}

func startOpenSSL(t *testing.T, key []byte, args ...string) *openssl {
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("openssl is missing: make peers")
		}
		t.Skip("needs openssl")
	}
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	s := &openssl{port: free.LocalAddr().(*net.UDPAddr).Port}
	require.NoError(t, free.Close())

	cmd := exec.Command(path, append([]string{"s_server", "-dtls1_2", "-4", "-accept", strconv.Itoa(s.port),
		"-psk_identity", identity, "-psk", hex.EncodeToString(key), "-nocert"}, args...)...)
	s.stdin, err = cmd.StdinPipe()
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = s, s
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("openssl: %s", s.printed())
		}
	})
	require.Eventually(t, func() bool { return strings.Contains(s.printed(), "ACCEPT") }, patience, 10*time.Millisecond)
	return s
}

func (s *openssl) destination(file string) telemetry.Destination {
	return destination(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: s.port}, file)
}

func (s *openssl) waitFor(t *testing.T, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(s.printed(), text) }, patience, 10*time.Millisecond,
		"openssl does not print %q", text)
}

func TestIntegrationOpenSSL(t *testing.T) {
	for name, tc := range map[string]struct {
		args  []string
		suite string
	}{
		"its own choice":      {nil, "ECDHE-PSK-CHACHA20-POLY1305"},
		"with a cookie first": {[]string{"-listen"}, "ECDHE-PSK-CHACHA20-POLY1305"},
		"GCM":                 {[]string{"-cipher", "PSK-AES128-GCM-SHA256"}, "PSK-AES128-GCM-SHA256"},
		"CCM":                 {[]string{"-cipher", "PSK-AES128-CCM"}, "PSK-AES128-CCM"},
		"CCM_8":               {[]string{"-cipher", "PSK-AES128-CCM8:@SECLEVEL=0"}, "PSK-AES128-CCM8"},
	} {
		t.Run(name, func(t *testing.T) {
			key, file := newKey(t)
			s := startOpenSSL(t, key, tc.args...)
			conn := dial(t, s.destination(file))
			s.waitFor(t, "CIPHER is "+tc.suite+"\n")

			message := &telemetry.Message{Version: 1, Serial: identity, Seq: 7}
			datagram, err := telemetry.AppendMessage(nil, message)
			require.NoError(t, err)
			send(t, conn, "first\n")
			send(t, conn, string(datagram))
			send(t, conn, "\n"+strings.Repeat("x", telemetry.MaxDatagram-6)+"last\n")
			s.waitFor(t, "last\n")
			assert.Contains(t, s.printed(), "first\n"+string(datagram)+"\n"+strings.Repeat("x", telemetry.MaxDatagram-6)+"last\n")

			_, err = io.WriteString(s.stdin, "answer\n")
			require.NoError(t, err)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
			buf := make([]byte, telemetry.MaxDatagram)
			n, err := conn.Read(buf)
			require.NoError(t, err)
			assert.Equal(t, "answer\n", string(buf[:n]))

			require.NoError(t, conn.Close())
			s.waitFor(t, "DONE") // it was told
		})
	}
}

func TestIntegrationOpenSSLRefuses(t *testing.T) {
	key, _ := newKey(t)
	t.Run("another key", func(t *testing.T) {
		s := startOpenSSL(t, key)
		_, other := newKey(t)
		refused(t, s.destination(other), "handshake")
		assert.NotContains(t, s.printed(), "CIPHER is")
	})
	t.Run("CBC", func(t *testing.T) {
		s := startOpenSSL(t, key, "-cipher", "PSK-AES128-CBC-SHA256")
		_, file := newKey(t)
		refused(t, s.destination(file), "handshake")
		s.waitFor(t, "no shared cipher")
	})
}

// An agent reports through DTLS, in an encoding that openssl can print.
func TestIntegrationAgentToOpenSSL(t *testing.T) {
	key, file := newKey(t)
	s := startOpenSSL(t, key)
	d := s.destination(file)
	d.Encoding = telemetry.EncodingSenML
	agent, err := telemetry.New(telemetry.Config{
		Enabled:      true,
		Destinations: []telemetry.Destination{d},
		Period:       telemetry.Duration(time.Second),
	}, telemetry.Options{
		Source:   telemetrytest.NewSource(),
		Serial:   "DEVICE",
		Encoders: map[telemetry.Encoding]telemetry.Encoder{telemetry.EncodingSenML: senml.Encoder{}},
		Dialers:  map[telemetry.Transport]telemetry.DialFunc{telemetry.TransportDTLS: dtls.Dial},
	})
	require.NoError(t, err)
	require.NoError(t, agent.Start(t.Context()))
	defer func() { require.NoError(t, agent.Stop(context.Background())) }()
	s.waitFor(t, `"n":"seq","u":"count","v":0}`)
	s.waitFor(t, `"n":"seq","u":"count","v":1}`)
	assert.Contains(t, s.printed(), `[{"bn":"DEVICE:","bt":`)
	assert.Contains(t, s.printed(), `{"n":"modem:operator","vs":"Simulated"}`)
	assert.False(t, agent.Status().Destinations[0].Failing)
}
