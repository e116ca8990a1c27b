package dtls_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	pion "github.com/pion/dtls/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/dtls"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	identity = "GK0001"
	patience = 20 * time.Second
)

// newKey returns a key and the file that holds it.
func newKey(t *testing.T) (key []byte, file string) {
	key = telemetryKey(t)
	return key, writeKey(t, hex.EncodeToString(key)+"\n", 0o600)
}

func telemetryKey(t *testing.T) []byte {
	key, err := hex.DecodeString(telemetry.NewKey().Reveal())
	require.NoError(t, err)
	return key
}

func writeKey(t *testing.T, content string, mode os.FileMode) string {
	file := filepath.Join(t.TempDir(), "psk")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	require.NoError(t, os.Chmod(file, mode))
	return file
}

// destination is a server at a UDP address.
func destination(addr net.Addr, file string) telemetry.Destination {
	udp := addr.(*net.UDPAddr)
	return telemetry.Destination{
		Host: udp.IP.String(), Port: udp.Port,
		Transport: telemetry.TransportDTLS, Identity: identity, PSKFile: file,
	}
}

// server is a DTLS server that answers each datagram with its bytes in
// reverse order.
type server struct {
	net.Listener
	got     chan []byte
	clients chan *pion.Conn
}

var errNobody = errors.New("unknown identity")

func serve(t *testing.T, key []byte, opts ...pion.ServerOption) *server {
	opts = append([]pion.ServerOption{
		pion.WithCipherSuites(pion.TLS_PSK_WITH_AES_128_GCM_SHA256),
		pion.WithPSK(func(hint []byte) ([]byte, error) {
			if string(hint) != identity {
				return nil, errNobody
			}
			return key, nil
		}),
	}, opts...)
	l, err := pion.ListenWithOptions("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, opts...)
	require.NoError(t, err)
	s := &server{Listener: l, got: make(chan []byte, 16), clients: make(chan *pion.Conn, 16)}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.talk(t, conn.(*pion.Conn)) })
		}
	})
	t.Cleanup(func() {
		assert.NoError(t, l.Close())
		wg.Wait()
	})
	return s
}

func (s *server) talk(t *testing.T, conn *pion.Conn) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	defer func() { _ = conn.Close() }()
	if conn.HandshakeContext(ctx) != nil {
		return
	}
	s.clients <- conn
	stop := context.AfterFunc(t.Context(), func() { _ = conn.Close() })
	defer stop()
	buf := make([]byte, 2048)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		s.got <- bytes.Clone(buf[:n])
		answer := bytes.Clone(buf[:n])
		for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
			answer[i], answer[j] = answer[j], answer[i]
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

func dial(t *testing.T, d telemetry.Destination) net.Conn {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := dtls.Dial(ctx, d)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func send(t *testing.T, conn net.Conn, datagram string) {
	require.NoError(t, conn.SetWriteDeadline(time.Now().Add(patience)))
	n, err := conn.Write([]byte(datagram))
	require.NoError(t, err)
	require.Equal(t, len(datagram), n)
}

func receive(t *testing.T, from <-chan []byte) string {
	select {
	case b := <-from:
		return string(b)
	case <-time.After(patience):
		require.Fail(t, "nothing has come")
		return ""
	}
}

func TestDatagramsBothWays(t *testing.T) {
	key, file := newKey(t)
	s := serve(t, key)
	conn := dial(t, destination(s.Addr(), file))
	for _, datagram := range []string{"one", "two", strings.Repeat("x", telemetry.MaxDatagram)} {
		send(t, conn, datagram)
		assert.Equal(t, datagram, receive(t, s.got), "one by one, never joined")
	}
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	buf := make([]byte, telemetry.MaxDatagram)
	n, err := conn.Read(buf)
	require.NoError(t, err)
	assert.Equal(t, "eno", string(buf[:n]))

	require.NoError(t, conn.SetReadDeadline(time.Now().Add(-time.Second)))
	_, err = conn.Read(buf)
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	assert.True(t, timeout.Timeout())
}

func TestCipherSuites(t *testing.T) {
	for name, id := range map[string]pion.CipherSuiteID{
		"ECDHE with ChaCha20": pion.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
		"GCM":                 pion.TLS_PSK_WITH_AES_128_GCM_SHA256,
		"CCM":                 pion.TLS_PSK_WITH_AES_128_CCM,
		"CCM_8":               pion.TLS_PSK_WITH_AES_128_CCM_8,
	} {
		t.Run(name, func(t *testing.T) {
			key, file := newKey(t)
			s := serve(t, key, pion.WithCipherSuites(id))
			conn := dial(t, destination(s.Addr(), file))
			send(t, conn, "hello")
			assert.Equal(t, "hello", receive(t, s.got))
		})
	}
	t.Run("CBC is not offered", func(t *testing.T) {
		key, file := newKey(t)
		s := serve(t, key, pion.WithCipherSuites(pion.TLS_PSK_WITH_AES_128_CBC_SHA256))
		refused(t, destination(s.Addr(), file), "handshake")
	})
}

// refused dials with little patience and expects an error.
func refused(t *testing.T, d telemetry.Destination, want string) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	_, err := dtls.Dial(ctx, d)
	require.Error(t, err)
	require.ErrorContains(t, err, want)
	assert.Less(t, time.Since(began), 10*time.Second, "it ends with its ctx")
	return err
}

func TestServerThatRefuses(t *testing.T) {
	t.Run("another key", func(t *testing.T) {
		s := serve(t, telemetryKey(t))
		_, file := newKey(t)
		refused(t, destination(s.Addr(), file), `as "GK0001"`)
		assert.Empty(t, s.clients)
	})
	t.Run("unknown identity", func(t *testing.T) {
		key, file := newKey(t)
		s := serve(t, key)
		d := destination(s.Addr(), file)
		d.Identity = "stranger"
		refused(t, d, `as "stranger"`)
		assert.Empty(t, s.clients)
	})
	t.Run("no answer", func(t *testing.T) {
		silent, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(t, err)
		defer func() { require.NoError(t, silent.Close()) }()
		_, file := newKey(t)
		err = refused(t, destination(silent.LocalAddr(), file), "handshake with "+silent.LocalAddr().String())
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("an answer that is no DTLS", func(t *testing.T) {
		babble, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(t, err)
		var wg sync.WaitGroup
		wg.Go(func() {
			buf := make([]byte, 2048)
			for {
				_, from, err := babble.ReadFromUDP(buf)
				if err != nil {
					return
				}
				_, _ = babble.WriteToUDP([]byte("what do you want?"), from)
			}
		})
		_, file := newKey(t)
		refused(t, destination(babble.LocalAddr(), file), "handshake")
		require.NoError(t, babble.Close())
		wg.Wait()
	})
}

// A port that nobody listens on refuses later on: the agent learns it by a
// Write that fails, and dials anew.
func TestServerGoesAway(t *testing.T) {
	key, file := newKey(t)
	s := serve(t, key)
	relay := newRelay(t, s.Addr())
	conn := dial(t, destination(relay.LocalAddr(), file))
	send(t, conn, "before")
	require.Equal(t, "before", receive(t, s.got))
	require.NoError(t, relay.Close())
	require.Eventually(t, func() bool {
		_, err := conn.Write([]byte("after"))
		return err != nil
	}, patience, 10*time.Millisecond)
}

// relay is a NAT: it brings datagrams to a server from a port of its own.
type relay struct {
	*net.UDPConn // where clients send to
	to           net.Addr

	mu     sync.Mutex
	client net.Addr
	out    *net.UDPConn
	wg     sync.WaitGroup
}

func newRelay(t *testing.T, to net.Addr) *relay {
	in, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	r := &relay{UDPConn: in, to: to}
	r.rebind(t)
	r.wg.Go(func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := in.ReadFrom(buf)
			if err != nil {
				return
			}
			r.mu.Lock()
			r.client = from
			_, _ = r.out.Write(buf[:n])
			r.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		_ = in.Close()
		r.mu.Lock()
		_ = r.out.Close()
		r.mu.Unlock()
		r.wg.Wait()
	})
	return r
}

// rebind goes on from another port.
func (r *relay) rebind(t *testing.T) {
	out, err := net.DialUDP("udp4", nil, r.to.(*net.UDPAddr))
	require.NoError(t, err)
	r.mu.Lock()
	if r.out != nil {
		_ = r.out.Close()
	}
	r.out = out
	r.mu.Unlock()
	r.wg.Go(func() {
		buf := make([]byte, 2048)
		for {
			n, err := out.Read(buf)
			if err != nil {
				return
			}
			r.mu.Lock()
			_, _ = r.WriteTo(buf[:n], r.client)
			r.mu.Unlock()
		}
	})
}

// With a connection identifier the server knows a device again after its
// address has changed; it is the same connection, without a new handshake.
func TestConnectionIdentifierSurvivesNAT(t *testing.T) {
	key, file := newKey(t)
	s := serve(t, key, pion.WithConnectionIDGenerator(pion.RandomCIDGenerator(8)))
	nat := newRelay(t, s.Addr())
	conn := dial(t, destination(nat.LocalAddr(), file))
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	buf := make([]byte, telemetry.MaxDatagram)
	for range 3 {
		send(t, conn, "hello")
		require.Equal(t, "hello", receive(t, s.got))
		n, err := conn.Read(buf)
		require.NoError(t, err)
		require.Equal(t, "olleh", string(buf[:n]), "the answer finds the port of the moment")
		nat.rebind(t)
	}
	assert.Len(t, s.clients, 1)
}

func TestKeyFile(t *testing.T) {
	good := strings.Repeat("ab", 32)
	for name, tc := range map[string]struct {
		file func(t *testing.T) string
		want string
	}{
		"missing":         {func(t *testing.T) string { return filepath.Join(t.TempDir(), "gone") }, "no such file"},
		"folder":          {func(t *testing.T) string { return t.TempDir() }, "no regular file"},
		"open to group":   {func(t *testing.T) string { return writeKey(t, good, 0o640) }, "0640"},
		"open to all":     {func(t *testing.T) string { return writeKey(t, good, 0o604) }, "make it 0600"},
		"empty":           {func(t *testing.T) string { return writeKey(t, "", 0o600) }, "the key has 0 bytes"},
		"short":           {func(t *testing.T) string { return writeKey(t, good[:30], 0o600) }, "the key has 15 bytes, allowed are 16 to 64"},
		"long":            {func(t *testing.T) string { return writeKey(t, good+good+"ab", 0o600) }, "the key has 65 bytes"},
		"odd":             {func(t *testing.T) string { return writeKey(t, good[1:], 0o600) }, "even number"},
		"no hexadecimals": {func(t *testing.T) string { return writeKey(t, "hunter2hunter2hunter2hunter2hunter2x", 0o600) }, "hexadecimal"},
		"two keys":        {func(t *testing.T) string { return writeKey(t, good+"\n"+good, 0o600) }, "hexadecimal"},
		"very long":       {func(t *testing.T) string { return writeKey(t, strings.Repeat("ab", 1<<20), 0o600) }, "longer than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			d := destination(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}, tc.file(t))
			err := refused(t, d, tc.want)
			assert.ErrorContains(t, err, d.PSKFile)
			assert.NotContains(t, err.Error(), "abab", "no error shows the key")
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
	for name, content := range map[string]string{"shortest": good[:32], "longest": good + good, "capitals and blanks": " " + strings.ToUpper(good) + "\r\n"} {
		t.Run(name, func(t *testing.T) {
			key, err := hex.DecodeString(strings.TrimSpace(content))
			require.NoError(t, err)
			s := serve(t, key)
			conn := dial(t, destination(s.Addr(), writeKey(t, content, 0o400)))
			send(t, conn, "hello")
			assert.Equal(t, "hello", receive(t, s.got))
		})
	}
}

func TestNameThatCannotBeFound(t *testing.T) {
	_, file := newKey(t)
	d := telemetry.Destination{Host: "nobody.invalid", Port: 5684, Identity: identity, PSKFile: file}
	refused(t, d, "nobody.invalid")
}
