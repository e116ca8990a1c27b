package redispoints_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/redispoints"
)

// deadline is how long a real server may take on a busy machine.
const deadline = 60 * time.Second

// redisServer is Debian's redis-server, in a folder of its own.
type redisServer struct {
	dir    string
	socket string
	args   []string
	cli    []string // before each command of redis-cli
	cmd    *exec.Cmd
}

// newRedis starts a server, whose socket is in its folder, until the end of
// the test.
func newRedis(t *testing.T, args ...string) *redisServer {
	for _, program := range []string{"redis-server", "redis-cli"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				require.NoError(t, err, "needs apt package redis-server")
			}
			t.Skipf("%s is not there (apt package redis-server)", program)
		}
	}
	// Not t.TempDir, whose path may be too long for a socket.
	dir, err := os.MkdirTemp("", "redis")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	r := &redisServer{dir: dir, socket: filepath.Join(dir, "s"), args: args}
	r.cli = []string{"-s", r.socket}
	r.start(t)
	t.Cleanup(func() { r.kill(t) })
	return r
}

func (r *redisServer) start(t *testing.T) {
	var log bytes.Buffer
	r.cmd = exec.Command("redis-server", append([]string{"--port", "0", "--unixsocket", r.socket,
		"--save", "", "--appendonly", "no", "--dir", r.dir}, r.args...)...)
	r.cmd.Stdout, r.cmd.Stderr = &log, &log
	require.NoError(t, r.cmd.Start())
	until := time.Now().Add(deadline)
	for {
		conn, err := net.Dial("unix", r.socket)
		if err == nil {
			require.NoError(t, conn.Close())
			return
		}
		if time.Now().After(until) {
			r.kill(t)
			require.NoError(t, err, "%s", &log)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// kill ends the server as a power cut does.
func (r *redisServer) kill(t *testing.T) {
	if r.cmd == nil {
		return
	}
	assert.NoError(t, r.cmd.Process.Kill())
	_ = r.cmd.Wait() // tells of the signal
	r.cmd = nil
}

// publish sends a message by redis-cli.
func (r *redisServer) publish(t *testing.T, topic, message string) {
	t.Helper()
	args := append(append([]string(nil), r.cli...), "PUBLISH", topic, message)
	out, err := exec.CommandContext(t.Context(), "redis-cli", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "1", strings.TrimSpace(string(out)), "receivers, as the server says")
}

// listen runs a service on the server until the end of the test.
func (r *redisServer) listen(t *testing.T, change func(*redispoints.Config)) *redispoints.Service {
	c := config()
	c.Address = r.socket
	if change != nil {
		change(&c)
	}
	s, err := redispoints.New(c, redispoints.Options{})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	return s
}

func eventually(t *testing.T, s *redispoints.Service, fact func() bool, text string) {
	t.Helper()
	if !assert.Eventually(t, fact, deadline, 5*time.Millisecond, text) {
		require.FailNow(t, "not in time", "%+v", s.Status())
	}
}

func connected(t *testing.T, s *redispoints.Service) {
	t.Helper()
	eventually(t, s, func() bool { return s.Status().Connected }, "not connected")
}

func TestIntegrationConformance(t *testing.T) {
	suite.TestPoints(t, func(t *testing.T) suite.PointsRig {
		r := newRedis(t)
		s := r.listen(t, nil)
		return hub(t, s, func(topic, message string) { r.publish(t, topic, message) })
	})
}

// A server that is killed takes the trust in the values with it, and is found
// again.
func TestIntegrationServerKilled(t *testing.T) {
	r := newRedis(t)
	s := r.listen(t, nil)
	connected(t, s)
	r.publish(t, "tag/INV1/P/rin", "5.9589999999999996,1708000203824,")
	eventually(t, s, func() bool { return s.Status().Messages == 1 }, "message")
	assert.Equal(t, "5.959 12:30:03.824", value(t, s, "INV1", "P"))

	r.kill(t)
	eventually(t, s, func() bool { return !s.Status().Connected }, "not lost")
	assert.Equal(t, "5.959 12:30:03.824 NT", value(t, s, "INV1", "P"))

	r.start(t)
	connected(t, s)
	assert.Equal(t, "5.959 12:30:03.824 NT", value(t, s, "INV1", "P"))
	r.publish(t, "tag/INV1/P/rin", "6,1708000204000,OV")
	eventually(t, s, func() bool { return s.Status().Messages == 2 }, "message")
	assert.Equal(t, "6 12:30:04.000 OV", value(t, s, "INV1", "P"))
	assert.EqualValues(t, 2, s.Status().Sessions)
}

// The service may be there before the server.
func TestIntegrationServerLater(t *testing.T) {
	r := newRedis(t)
	r.kill(t)
	s := r.listen(t, nil)
	eventually(t, s, func() bool { return s.Status().LastError != "" }, "no error")
	assert.Equal(t, "nan NT", value(t, s, "INV1", "P"))
	r.start(t)
	connected(t, s)
}

func TestIntegrationPassword(t *testing.T) {
	r := newRedis(t, "--requirepass", "correct horse",
		"--user", "reader", "on", ">battery", "+psubscribe", "+ping", "resetchannels", "&tag/*/*/rin")
	r.cli = append(r.cli, "--no-auth-warning", "-a", "correct horse")
	t.Run("default_user", func(t *testing.T) {
		connected(t, r.listen(t, func(c *redispoints.Config) { c.Password = secret("correct horse") }))
	})
	t.Run("named_user", func(t *testing.T) { // who may do nothing but this
		s := r.listen(t, func(c *redispoints.Config) { c.Username, c.Password = "reader", secret("battery") })
		connected(t, s)
		r.publish(t, "tag/INV1/P/rin", "1,1708000203824,")
		eventually(t, s, func() bool { return s.Status().Messages == 1 }, "message")
	})
	for name, password := range map[string]string{"none": "", "wrong": "staple"} {
		t.Run(name, func(t *testing.T) {
			s := r.listen(t, func(c *redispoints.Config) { c.Password = secret(password) })
			eventually(t, s, func() bool { return s.Status().LastError != "" }, "no error")
			assert.Regexp(t, "NOAUTH|WRONGPASS", s.Status().LastError)
			assert.False(t, s.Status().Connected)
		})
	}
}

func TestIntegrationTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := selfSigned(t, dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	r := newRedis(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert)
	over := func(tls redispoints.TLS) func(*redispoints.Config) {
		return func(c *redispoints.Config) { c.Address, c.TLS = net.JoinHostPort("127.0.0.1", port), tls }
	}
	t.Run("both_certificates", func(t *testing.T) {
		s := r.listen(t, over(redispoints.TLS{Enabled: true, CAFile: cert, CertFile: cert, KeyFile: key, ServerName: "bus.test"}))
		connected(t, s)
		r.publish(t, "tag/INV1/P/rin", "1,1708000203824,")
		eventually(t, s, func() bool { return s.Status().Messages == 1 }, "message")
	})
	for name, c := range map[string]struct {
		tls  redispoints.TLS
		want string
	}{
		"unknown_authority": {redispoints.TLS{Enabled: true, CertFile: cert, KeyFile: key, ServerName: "bus.test"}, "certificate"},
		"other_name":        {redispoints.TLS{Enabled: true, CAFile: cert, CertFile: cert, KeyFile: key}, "certificate"},
		"no_certificate":    {redispoints.TLS{Enabled: true, CAFile: cert, ServerName: "bus.test"}, "certificate required|reset|closed|EOF|broken pipe"},
		"no_tls":            {redispoints.TLS{}, "EOF|reset|closed|broken pipe|tag bus sends"},
	} {
		t.Run(name, func(t *testing.T) {
			s := r.listen(t, over(c.tls))
			eventually(t, s, func() bool { return s.Status().LastError != "" }, "no error")
			assert.Regexp(t, c.want, s.Status().LastError)
			assert.False(t, s.Status().Connected)
		})
	}
}

func TestTLSFilesAreReadAtStart(t *testing.T) {
	dir := t.TempDir()
	cert, key := selfSigned(t, dir)
	empty := filepath.Join(dir, "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, c := range map[string]struct {
		tls  redispoints.TLS
		want string
	}{
		"no_ca":       {redispoints.TLS{CAFile: filepath.Join(dir, "x")}, "no such file"},
		"empty_ca":    {redispoints.TLS{CAFile: empty}, "holds no certificate"},
		"no_key":      {redispoints.TLS{CertFile: cert, KeyFile: filepath.Join(dir, "x")}, "no such file"},
		"key_is_cert": {redispoints.TLS{CertFile: key, KeyFile: key}, "tls:"},
	} {
		t.Run(name, func(t *testing.T) {
			config := config()
			config.TLS = c.tls
			config.TLS.Enabled = true
			s, err := redispoints.New(config, redispoints.Options{})
			require.NoError(t, err)
			require.ErrorContains(t, s.Start(t.Context()), c.want)
			require.NoError(t, s.Stop(t.Context()))
		})
	}
}

// selfSigned writes a certificate for bus.test that is its own authority.
func selfSigned(t *testing.T, dir string) (certFile, keyFile string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bus.test"}, DNSNames: []string{"bus.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: der},
	} {
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	}
	return certFile, keyFile
}
