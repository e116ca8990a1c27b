package p12_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/internal/pki/p12"
)

// identity issues one.
func identity(t testing.TB, kind pki.KeyKind) pki.Identity {
	t.Helper()
	a, err := pki.CreateAuthority(filepath.Join(t.TempDir(), "ca"), pki.AuthorityConfig{})
	require.NoError(t, err)
	id, err := a.IssueClient(pki.Request{Name: "pump 7", Key: kind})
	require.NoError(t, err)
	return id
}

func same(t *testing.T, want, got pki.Identity) {
	t.Helper()
	assert.Equal(t, string(want.CertificatePEM()), string(got.CertificatePEM()))
	assert.Equal(t, string(want.CAPEM()), string(got.CAPEM()))
	assert.Equal(t, want.KeyPEM(), got.KeyPEM())
	assert.Empty(t, got.Check(pki.UseClient, time.Now()))
}

func TestRoundTrip(t *testing.T) {
	for _, kind := range pki.KeyKinds() {
		passwords := []string{"sesame"}
		if kind == pki.P256 {
			passwords = []string{"sesame", "", "Zürich €"}
		}
		for _, password := range passwords {
			t.Run(string(kind)+"/"+password, func(t *testing.T) {
				t.Parallel()
				id := identity(t, kind)
				file, err := p12.Encode(id, password)
				require.NoError(t, err)
				got, err := p12.Decode(file, password)
				require.NoError(t, err)
				same(t, id, got)
				_, err = p12.Decode(file, password+"x")
				require.ErrorIs(t, err, p12.ErrPassword)
				assert.NotContains(t, err.Error(), "sesame")
			})
		}
	}
}

// Files of OpenSSL 3.0.22 (see testdata/make): today's form, the old ones,
// without a password, without encryption, and of a CA file beside it.
func TestReadsOthers(t *testing.T) {
	names, err := filepath.Glob("testdata/*.p12")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(names), 8)
	pem, err := os.ReadFile("testdata/identity.pem")
	require.NoError(t, err)
	want, err := pki.ParsePEM(pem)
	require.NoError(t, err)
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			file, err := os.ReadFile(name)
			require.NoError(t, err)
			password := "sesame"
			if strings.Contains(name, "empty") || strings.Contains(name, "null") {
				password = ""
			}
			got, err := p12.Decode(file, password)
			require.NoError(t, err)
			assert.Equal(t, string(want.KeyPEM()), string(got.KeyPEM()))
			assert.Equal(t, string(want.CertificatePEM()), string(got.CertificatePEM()))
			assert.Equal(t, string(want.CAPEM()), string(got.CAPEM()))
			_, err = p12.Decode(file, "wrong")
			require.Error(t, err)

			again, err := p12.Encode(got, "better")
			require.NoError(t, err)
			_, err = p12.Decode(again, "better")
			require.NoError(t, err)
		})
	}
}

func TestReadsEncodersOfTheLibrary(t *testing.T) {
	id := identity(t, pki.RSA2048)
	file, err := p12.Encode(id, "x")
	require.NoError(t, err)
	key, leaf, others, err := pkcs12.DecodeChain(file, "x")
	require.NoError(t, err)
	for name, encoder := range map[string]*pkcs12.Encoder{
		"RC2": pkcs12.LegacyRC2, "Triple DES": pkcs12.LegacyDES, "2023": pkcs12.Modern2023, "PBMAC1": pkcs12.Modern2026,
	} {
		t.Run(name, func(t *testing.T) {
			file, err := encoder.Encode(key, leaf, others, "sesame")
			require.NoError(t, err)
			got, err := p12.Decode(file, "sesame")
			require.NoError(t, err)
			same(t, id, got)
			_, err = p12.Decode(file, "wrong")
			require.ErrorIs(t, err, p12.ErrPassword)
		})
	}
	file, err = pkcs12.Passwordless.Encode(key, leaf, others, "")
	require.NoError(t, err)
	got, err := p12.Decode(file, "")
	require.NoError(t, err)
	same(t, id, got)
	_, err = p12.Decode(file, "sesame")
	require.ErrorContains(t, err, "the file has no MAC")
}

func TestDecodeFails(t *testing.T) {
	id := identity(t, pki.P256)
	file, err := p12.Encode(id, "sesame")
	require.NoError(t, err)
	trust, err := pkcs12.Modern2023.EncodeTrustStore(id.CAs, "sesame")
	require.NoError(t, err)
	tests := map[string]struct {
		file []byte
		want string
	}{
		"empty":         {nil, "is it a PKCS#12 file"},
		"PEM":           {id.CertificatePEM(), "is it a PKCS#12 file"},
		"cut":           {file[:len(file)/2], "is it a PKCS#12 file"},
		"longer":        {append(file[:len(file):len(file)], 0), "something follows it"},
		"huge":          {make([]byte, 1<<20+1), "longer than 1048576 bytes"},
		"only CAs":      {trust, "it has 0 private keys outside its encrypted parts, want 1"},
		"no characters": {file, "a character that PKCS#12 cannot express"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			password := "sesame"
			if name == "no characters" {
				password = "\U0001F512"
			}
			_, err := p12.Decode(test.file, password)
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err = p12.Encode(pki.Identity{}, "x")
	require.ErrorContains(t, err, "there is no certificate")
	_, err = p12.Encode(pki.Identity{Chain: id.Chain}, "x")
	require.ErrorIs(t, err, pki.ErrNoKey)
}

func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob("testdata/*.p12")
	require.NoError(f, err)
	for _, name := range names {
		file, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(file, "sesame")
		f.Add(file, "")
	}
	f.Fuzz(func(t *testing.T, file []byte, password string) {
		id, err := p12.Decode(file, password)
		if err != nil {
			return
		}
		_, err = pki.ParsePEM(id.KeyPEM(), id.CertificatePEM(), id.CAPEM())
		require.NoError(t, err)
	})
}
