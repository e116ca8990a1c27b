package ser2net_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
	"github.com/fieldgate/fieldgate/ser2net/tlsport"
)

// authority signs certificates, of which it is one, and writes them to files.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.issue("ca", nil)
	return a
}

// issue makes NAME.pem and NAME.key; parent nil is for the authority itself.
func (a *authority) issue(name string, parent *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name + ".example"}, BasicConstraintsValid: true, IsCA: parent == nil,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	signer := a.key
	if parent == nil {
		parent, signer = template, key
		template.KeyUsage = x509.KeyUsageCertSign
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(a.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(a.t, err)
	for file, block := range map[string]*pem.Block{
		name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		require.NoError(a.t, os.WriteFile(a.path(file), pem.EncodeToMemory(block), 0o600))
	}
	return cert, key
}

func (a *authority) path(file string) string { return filepath.Join(a.dir, file) }

// secure is a port with TLS for the clients of the authority.
func (a *authority) secure(p *ser2net.PortConfig) {
	a.issue("server", a.cert)
	p.Listen = "127.0.0.1:0"
	p.TLS = ser2net.TLS{CertFile: a.path("server.pem"), KeyFile: a.path("server.key")}
}

// client is the TLS setting of a client with the named certificate, or none.
func (a *authority) client(name string) *tls.Config {
	a.t.Helper()
	c := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "server.example"}
	c.Time = func() time.Time { return a.cert.NotBefore.Add(time.Hour) } // bubbles live in another year
	c.RootCAs.AddCert(a.cert)
	if name != "" {
		a.issue(name, a.cert)
		cert, err := tls.LoadX509KeyPair(a.path(name+".pem"), a.path(name+".key"))
		require.NoError(a.t, err)
		c.Certificates = []tls.Certificate{cert}
	}
	return c
}

func TestTLS(t *testing.T) {
	for name, c := range map[string]struct {
		ask     bool     // for client certificates
		names   []string // that may come
		as      string
		welcome bool
	}{
		"anybody":               {false, nil, "", true},
		"with_a_certificate":    {true, nil, "alice", true},
		"without_a_certificate": {true, nil, "", false},
		"by_common_name":        {true, []string{"alice"}, "alice", true},
		"by_dns_name":           {true, []string{"bob", "alice.example"}, "alice", true},
		"not_in_the_list":       {true, []string{"bob"}, "alice", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			hardware := new(ser2nettest.Opener)
			line := hardware.Add(device, ser2nettest.Hardware{})
			s := startReal(t, hardware, port(a.secure, func(p *ser2net.PortConfig) {
				if p.TLS.ClientNames = c.names; c.ask {
					p.TLS.ClientCAFile = a.path("ca.pem")
				}
			}))
			conn := tls.Client(dialReal(t, s, 0), a.client(c.as))
			_, err := conn.Write([]byte("x"))
			if err == nil && !c.welcome {
				_, err = conn.Read(make([]byte, 1))
			}
			if !c.welcome {
				require.Error(t, err)
				assert.Eventually(t, func() bool { return s.Status().Ports[0].Refused == 1 }, 5*time.Second, time.Millisecond)
				return
			}
			require.NoError(t, err)
			_, err = io.ReadFull(line.Far(), make([]byte, 1))
			require.NoError(t, err)
			_, err = line.Far().Write([]byte(pattern(1 << 20)))
			require.NoError(t, err)
			assert.Equal(t, c.as, s.Status().Ports[0].Clients[0].User)

			late := tls.Client(dialReal(t, s, 0), a.client(c.as))
			told, err := io.ReadAll(late)
			require.NoError(t, err)
			assert.Equal(t, "Port already in use\r\n", string(told))
		})
	}
}

// Who connects and says nothing holds no place.
func TestTLSHandshakeIsTimed(t *testing.T) {
	a := newAuthority(t)
	bubble(t, config(port(a.secure, func(p *ser2net.PortConfig) { p.Listen = "127.0.0.1:1" })), func(t *testing.T, r *rig) {
		silent := r.lazy()
		client := tls.Client(r.lazy(), a.client(""))
		require.NoError(t, client.Handshake())
		sleep(t, "11s")
		_, err := silent.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		assert.Len(t, r.service.Status().Ports[0].Clients, 1)
		_ = client.Close()
	})
}

// However many say nothing, who speaks is served at once, and Apply does not
// wait for them either.
func TestTLSHandshakesDoNotBlock(t *testing.T) {
	a := newAuthority(t)
	c := config(port(a.secure, func(p *ser2net.PortConfig) { p.Listen = "127.0.0.1:1" }))
	c.Rotators = []ser2net.RotatorConfig{{Name: "r", Enabled: true, Listen: "127.0.0.1:9", Ports: []string{"a"}}}
	bubble(t, c, func(t *testing.T, r *rig) {
		begun := time.Now()
		var silent []*peer
		for i := range 100 {
			silent = append(silent, r.dial([]string{"127.0.0.1:1", "127.0.0.1:9"}[i%2]))
		}
		ended := func() (n int) {
			for _, p := range silent {
				n += boolToInt(p.ended())
			}
			return n
		}
		assert.Equal(t, 68, ended(), "32 may wait")
		assert.True(t, silent[0].ended())
		client := tls.Client(r.lazy(), a.client(""))
		require.NoError(t, client.Handshake())
		assert.Equal(t, 69, ended())
		assert.Contains(t, r.logged(), "TLS: too many handshakes at a time")

		c.Rotators = nil
		require.NoError(t, r.service.Apply(t.Context(), c))
		assert.Zero(t, time.Since(begun))
		_ = client.Close()
	})
}

func TestTLSFiles(t *testing.T) {
	a := newAuthority(t)
	junk := a.path("junk")
	require.NoError(t, os.WriteFile(junk, []byte("junk"), 0o600))
	for name, change := range map[string]func(*ser2net.PortConfig){
		"no_certificate": func(p *ser2net.PortConfig) { p.TLS.CertFile = a.path("none") },
		"bad_key":        func(p *ser2net.PortConfig) { p.TLS.KeyFile = junk },
		"no_authority":   func(p *ser2net.PortConfig) { p.TLS.ClientCAFile = a.path("none") },
		"bad_authority":  func(p *ser2net.PortConfig) { p.TLS.ClientCAFile = junk },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ser2net.New(config(port(a.secure, change)), ser2net.Options{Opener: new(ser2nettest.Opener), TLS: tlsport.Load})
			require.NoError(t, err)
			require.ErrorContains(t, s.Start(t.Context()), `port "a": tls: `)
			require.NoError(t, s.Stop(t.Context()))
		})
	}
}

func TestTLSNeedsItsOption(t *testing.T) {
	a := newAuthority(t)
	_, err := ser2net.New(config(port(a.secure)), ser2net.Options{Opener: new(ser2nettest.Opener)})
	require.EqualError(t, err, `ser2net: port "a" has tls, which this program does not: Options.TLS is missing`)
}

// Apply reads renewed files, and disturbs nobody.
func TestTLSRenewal(t *testing.T) {
	ca := newAuthority(t)
	hardware := new(ser2nettest.Opener)
	hardware.Add(device, ser2nettest.Hardware{})
	c := config(port(ca.secure, func(p *ser2net.PortConfig) { p.MaxClients = 3 }))
	s, err := ser2net.New(c, ser2net.Options{Opener: hardware, TLS: tlsport.Load})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	connect := func() *tls.Conn {
		conn, err := tls.Dial("tcp", s.Status().Ports[0].Listening, ca.client(""))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	serial := func(conn *tls.Conn) string { return conn.ConnectionState().PeerCertificates[0].SerialNumber.String() }
	old := connect()
	ca.issue("server", ca.cert)
	require.NoError(t, s.Apply(t.Context(), c))
	assert.NotEqual(t, serial(old), serial(connect()))
	require.Eventually(t, func() bool { return len(s.Status().Ports[0].Clients) == 2 }, 20*time.Second, time.Millisecond)

	require.NoError(t, os.Remove(c.Ports[0].TLS.CertFile))
	require.ErrorIs(t, s.Apply(t.Context(), c), fs.ErrNotExist)
	connect()
}
