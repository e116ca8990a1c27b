package pki_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
)

// seeds adds the test data and what the package writes itself.
func seeds(f *testing.F) {
	f.Helper()
	names, err := filepath.Glob("testdata/*.key")
	require.NoError(f, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(text)
	}
	m := &maker{t: f, now: time.Now()}
	root := m.root("root")
	leaf := m.leaf(m.sub(root, "sub"), "leaf")
	f.Add(append(keyPEM(f, leaf), certPEM(root, leaf)...))
	ec, err := x509.MarshalECPrivateKey(leaf.key.(*ecdsa.PrivateKey))
	require.NoError(f, err)
	f.Add(append(certPEM(leaf), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: ec})...))
	f.Add(pki.NewStaticKey().PEM())
	a, _ := authority(f, pki.AuthorityConfig{})
	require.NoError(f, a.Revoke(client(f, a, "one").Serial()))
	crl, err := a.CRL()
	require.NoError(f, err)
	f.Add(crl)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"))
}

// What is read is written so that it is read again as the same.
func FuzzParsePEM(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = pki.ParseCertificates(text)
		id, err := pki.ParsePEM(text)
		if err != nil {
			return
		}
		for _, use := range []pki.Use{pki.UseServer, pki.UseClient, pki.UseIKE, pki.UseAuthority} {
			_ = id.Check(use, time.Now())
		}
		again, err := pki.ParsePEM(id.KeyPEM(), id.CertificatePEM(), id.CAPEM())
		require.NoError(t, err)
		require.Equal(t, id.CertificatePEM(), again.CertificatePEM())
		require.Equal(t, id.KeyPEM(), again.KeyPEM())
	})
}

func FuzzParseStaticKey(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := pki.ParseStaticKey(text)
		if err != nil {
			return
		}
		again, err := pki.ParseStaticKey(key.PEM())
		require.NoError(t, err)
		require.Equal(t, key, again)
	})
}

func FuzzParseTLSCryptV2(f *testing.F) {
	seeds(f)
	server := pki.NewTLSCryptV2ServerKey()
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := pki.ParseTLSCryptV2ServerKey(text); err == nil {
			again, err := pki.ParseTLSCryptV2ServerKey(key.PEM())
			require.NoError(t, err)
			require.Equal(t, key, again)
		}
		if key, err := pki.ParseTLSCryptV2ClientKey(text); err == nil {
			require.Error(t, server.Check(key), "nobody guesses a key")
			again, err := pki.ParseTLSCryptV2ClientKey(key.PEM())
			require.NoError(t, err)
			require.Equal(t, key, again)
		}
	})
}

func FuzzParseCRL(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := pki.ParseCRL(text)
		if err != nil {
			return
		}
		again, err := pki.ParseCRL(list.Raw)
		require.NoError(t, err)
		require.True(t, bytes.Equal(list.Raw, again.Raw))
	})
}

func FuzzParseSerial(f *testing.F) {
	for _, text := range []string{"", "0A:FF", "00", "g", "1 2 3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		serial, err := pki.ParseSerial(text)
		if err != nil {
			return
		}
		again, err := pki.ParseSerial(string(serial))
		require.NoError(t, err)
		require.Equal(t, serial, again)
	})
}
