package api_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/memnet"
)

// handshake returns the certificate that a service shows.
func handshake(t *testing.T, n *memnet.Network, version uint16) *x509.Certificate {
	t.Helper()
	conn, err := n.Dial(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer conn.Close()
	client := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, MaxVersion: version, NextProtos: []string{"h2", "http/1.1"}})
	require.NoError(t, client.HandshakeContext(t.Context()))
	assert.Equal(t, "http/1.1", client.ConnectionState().NegotiatedProtocol)
	return client.ConnectionState().PeerCertificates[0]
}

// startTLS runs a service in a bubble on a network in memory.
func startTLS(t *testing.T, c api.Config, folder string, names ...string) (*memnet.Network, func()) {
	t.Helper()
	n := new(memnet.Network)
	o := new(device).options()
	o.Listen, o.TLSFolder, o.TLSNames = n.Listen, folder, names
	c.TLS.Enabled = true
	s, err := api.New(c, o)
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	return n, func() { require.NoError(t, s.Stop(t.Context())) }
}

func TestOwnCertificate(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n, stop := startTLS(t, allOn(t), folder, "gateway.local", "192.0.2.7", "2001:db8::7")
		first := handshake(t, n, 0)
		assert.Equal(t, []string{"gateway.local"}, first.DNSNames)
		require.Len(t, first.IPAddresses, 2)
		assert.True(t, first.IPAddresses[0].Equal(net.ParseIP("192.0.2.7")))
		require.NoError(t, first.VerifyHostname("2001:db8::7"))
		roots := x509.NewCertPool()
		roots.AddCert(first)
		_, err := first.Verify(x509.VerifyOptions{DNSName: "gateway.local", Roots: roots, CurrentTime: time.Now()})
		require.NoError(t, err)
		info, err := os.Stat(filepath.Join(folder, "api-tls.pem"))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		files, err := os.ReadDir(folder)
		require.NoError(t, err)
		assert.Len(t, files, 1)

		time.Sleep(2*365*24*time.Hour - 31*24*time.Hour)
		assert.Equal(t, first.Raw, handshake(t, n, 0).Raw, "31 days before its end")
		time.Sleep(2 * 24 * time.Hour)
		second := handshake(t, n, tls.VersionTLS12)
		assert.NotEqual(t, first.Raw, second.Raw, "renewed while the service runs")
		assert.Equal(t, first.PublicKey, second.PublicKey, "the key stays, for those who know it")
		stop()

		n, stop = startTLS(t, allOn(t), folder, "2001:db8::7", "192.0.2.7", "gateway.local")
		assert.Equal(t, second.Raw, handshake(t, n, 0).Raw, "kept over restarts")
		stop()
		n, stop = startTLS(t, allOn(t), folder)
		third := handshake(t, n, 0)
		assert.Equal(t, []string{"localhost"}, third.DNSNames, "other names")
		assert.Equal(t, first.PublicKey, third.PublicKey)
		stop()
	})
}

// However an address is written, the certificate that has it stays: clients
// may know it.
func TestOwnCertificateOfUnusualNames(t *testing.T) {
	for _, name := range []string{"2001:DB8:0::7", "::ffff:192.0.2.7", "Gateway.local"} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				n, stop := startTLS(t, allOn(t), folder, name)
				first := handshake(t, n, 0)
				require.NoError(t, first.VerifyHostname(name))
				stop()
				n, stop = startTLS(t, allOn(t), folder, name)
				assert.Equal(t, first.Raw, handshake(t, n, 0).Raw)
				stop()
			})
		})
	}
}

func TestOwnCertificateThatCannotBe(t *testing.T) {
	folder := t.TempDir()
	start := func(folder string) error {
		c := allOn(t)
		c.TLS.Enabled = true
		o := new(device).options()
		o.TLSFolder = folder
		s, err := api.New(c, o)
		require.NoError(t, err)
		err = s.Start(t.Context())
		require.NoError(t, s.Stop(t.Context()))
		return err
	}
	assert.ErrorContains(t, start(filepath.Join(folder, "nothing")), "api: start: tls: the certificate cannot be stored: ")
	path := filepath.Join(folder, "api-tls.pem")
	require.NoError(t, start(folder))
	require.NoError(t, os.Chmod(path, 0o644))
	assert.ErrorContains(t, start(folder), "others than its owner may use it")
	require.NoError(t, os.Chmod(path, 0o600))
	require.NoError(t, os.Truncate(path, 100))
	assert.ErrorContains(t, start(folder), "remove the file to have a new one made")
	require.NoError(t, os.Remove(path))
	require.NoError(t, start(folder))
}

// Files that are replaced are used without a restart; half of a pair is not.
func TestRenewedFiles(t *testing.T) {
	folder, store := t.TempDir(), t.TempDir()
	c := allOn(t)
	c.TLS.CertFile, c.TLS.KeyFile = filepath.Join(store, "cert.pem"), filepath.Join(store, "key.pem")
	synctest.Test(t, func(t *testing.T) {
		put := func(pairOf, cert, key string) *x509.Certificate {
			text, err := os.ReadFile(filepath.Join(folder, pairOf, "api-tls.pem"))
			require.NoError(t, err)
			certificate, rest := pem.Decode(text)
			if cert != "" {
				require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(certificate), 0o600))
			}
			if key != "" {
				require.NoError(t, os.WriteFile(key, rest, 0o600))
			}
			for _, path := range []string{cert, key} { // in the time of the bubble
				if path != "" {
					require.NoError(t, os.Chtimes(path, time.Now(), time.Now()))
				}
			}
			leaf, err := x509.ParseCertificate(certificate.Bytes)
			require.NoError(t, err)
			return leaf
		}
		for _, name := range []string{"one", "two"} {
			require.NoError(t, os.Mkdir(filepath.Join(folder, name), 0o700))
			_, stop := startTLS(t, allOn(t), filepath.Join(folder, name), name)
			stop()
		}
		one := put("one", c.TLS.CertFile, c.TLS.KeyFile)
		n, stop := startTLS(t, c, "")
		assert.Equal(t, one.Raw, handshake(t, n, 0).Raw)

		time.Sleep(time.Minute)
		two := put("two", c.TLS.CertFile, "")
		assert.Equal(t, one.Raw, handshake(t, n, 0).Raw, "the key is still that of the old one")
		time.Sleep(time.Minute)
		put("two", "", c.TLS.KeyFile)
		assert.Equal(t, two.Raw, handshake(t, n, 0).Raw)
		time.Sleep(time.Minute)
		require.NoError(t, os.Remove(c.TLS.CertFile))
		assert.Equal(t, two.Raw, handshake(t, n, 0).Raw, "the last good one stays")
		stop()
	})
}

func TestTLSOnly(t *testing.T) {
	c := allOn(t)
	c.TLS.Enabled = true
	o := new(device).options()
	o.TLSFolder = t.TempDir()
	url := startService(t, c, o)
	response, err := http.Get(url + "/api/version")
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, 400, response.StatusCode, "HTTP without TLS")
}
