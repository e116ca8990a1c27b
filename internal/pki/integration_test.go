package pki_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
)

// openssl runs it in a folder and returns what it says, and whether it was
// content.
func openssl(t *testing.T, dir string, args ...string) (string, bool) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err)
		}
		t.Skipf("needs openssl: %v", err)
	}
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// keep writes files into a new folder.
func keep(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	return dir
}

// OpenSSL, as strict as it can be, takes what we issue for just what it is for.
func TestIntegrationVerify(t *testing.T) {
	for _, kind := range pki.KeyKinds() {
		t.Run(string(kind), func(t *testing.T) {
			a, _ := authority(t, pki.AuthorityConfig{Key: kind})
			server, err := a.IssueServer(pki.Request{Name: "gate.example.org", Names: []string{"gate.example.org", "192.0.2.1", "2001:db8::1"}})
			require.NoError(t, err)
			ike, err := a.IssueIKE(pki.Request{Name: "site-a.example.org"})
			require.NoError(t, err)
			lost := client(t, a, "lost")
			require.NoError(t, a.Revoke(lost.Serial()))
			renewed, err := a.Renew(client(t, a, "pump").Serial())
			require.NoError(t, err)
			crl, err := a.CRL()
			require.NoError(t, err)
			dir := keep(t, map[string][]byte{
				"ca": a.CAPEM(), "crl": crl, "server": server.CertificatePEM(), "client": renewed.CertificatePEM(),
				"lost": lost.CertificatePEM(), "ike": ike.CertificatePEM(), "key": server.KeyPEM(),
			})
			verify := func(cert, purpose string, more ...string) (string, bool) {
				args := []string{"verify", "-x509_strict", "-check_ss_sig", "-auth_level", "2", "-CAfile", "ca", "-CRLfile", "crl", "-crl_check", "-purpose", purpose}
				return openssl(t, dir, append(append(args, more...), cert)...)
			}
			for _, c := range []struct{ cert, purpose string }{{"server", "sslserver"}, {"client", "sslclient"}, {"ike", "sslserver"}, {"ike", "sslclient"}} {
				out, ok := verify(c.cert, c.purpose)
				assert.True(t, ok, "%v: %s", c, out)
			}
			for _, c := range []struct{ cert, purpose, want string }{
				{"server", "sslclient", "unsuitable certificate purpose"},
				{"client", "sslserver", "unsuitable certificate purpose"},
				{"lost", "sslclient", "certificate revoked"},
			} {
				out, ok := verify(c.cert, c.purpose)
				assert.False(t, ok)
				assert.Contains(t, out, c.want)
			}
			for _, name := range [][]string{{"-verify_hostname", "gate.example.org"}, {"-verify_ip", "192.0.2.1"}, {"-verify_ip", "2001:db8::1"}} {
				out, ok := verify("server", "sslserver", name...)
				assert.True(t, ok, out)
			}

			out, ok := openssl(t, dir, "pkey", "-in", "key", "-pubout")
			require.True(t, ok, out)
			public, ok := openssl(t, dir, "x509", "-in", "server", "-noout", "-pubkey")
			require.True(t, ok)
			assert.Equal(t, public, out, "the key is the certificate's")
			out, ok = openssl(t, dir, "x509", "-in", "server", "-noout", "-serial", "-fingerprint", "-sha256")
			require.True(t, ok)
			assert.Contains(t, out, "serial="+string(server.Serial())+"\n")
			assert.Contains(t, out, "Fingerprint="+server.Fingerprint()+"\n")
			out, ok = openssl(t, dir, "crl", "-in", "crl", "-noout", "-text", "-CAfile", "ca")
			require.True(t, ok, out)
			assert.Contains(t, out, "verify OK")
			assert.Contains(t, out, "Serial Number: "+string(lost.Serial()))
			assert.Contains(t, out, "Superseded")
		})
	}
}

// OpenSSL's clock finds the old list ended, and the one of Maintain good, at
// every time of two years.
func TestIntegrationCRLNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := authority(t, pki.AuthorityConfig{})
		id := client(t, a, "pump")
		first, err := a.CRL()
		require.NoError(t, err)
		for quarter := range 8 {
			time.Sleep(91 * day)
			_, err := a.Maintain(time.Now())
			require.NoError(t, err)
			crl, err := a.CRL()
			require.NoError(t, err)
			dir := keep(t, map[string][]byte{"ca": a.CAPEM(), "first": first, "crl": crl, "client": id.CertificatePEM()})
			at := time.Now().Unix()
			for list, good := range map[string]bool{"crl": true, "first": quarter == 0} {
				out, ok := openssl(t, dir, "verify", "-attime", strconv.FormatInt(at, 10), "-CAfile", "ca", "-CRLfile", list, "-crl_check", "client")
				assert.Equal(t, good, ok, "%s in quarter %d: %s", list, quarter, out)
				if !good {
					assert.Contains(t, out, "CRL has expired")
				}
			}
		}
	})
}

// Keys and certificates of OpenSSL, in all the forms that it writes.
func TestIntegrationReadsOpenSSL(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		out, ok := openssl(t, dir, args...)
		require.True(t, ok, "%v: %s", args, out)
	}
	run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", "cakey", "-out", "ca", "-subj", "/CN=Easy CA", "-days", "3650")
	run("genrsa", "-traditional", "-out", "pkcs1", "2048")
	run("pkcs8", "-topk8", "-nocrypt", "-in", "pkcs1", "-out", "pkcs8")
	run("ecparam", "-name", "prime256v1", "-genkey", "-out", "sec1") // with a block of parameters before the key
	run("genpkey", "-algorithm", "ed25519", "-out", "ed25519")
	for _, key := range []string{"pkcs1", "pkcs8", "sec1", "ed25519"} {
		t.Run(key, func(t *testing.T) {
			run("req", "-new", "-key", key, "-out", "req", "-subj", "/CN="+key)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "ext"), []byte("extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature\n"), 0o600))
			run("x509", "-req", "-in", "req", "-CA", "ca", "-CAkey", "cakey", "-CAcreateserial", "-out", "cert", "-days", "825", "-extfile", "ext")
			run("x509", "-in", "cert", "-trustout", "-out", "trusted")
			run("x509", "-in", "cert", "-text", "-out", "text")
			for _, cert := range []string{"cert", "trusted", "text"} {
				read := func(name string) []byte {
					text, err := os.ReadFile(filepath.Join(dir, name))
					require.NoError(t, err)
					return text
				}
				id, err := pki.ParsePEM(read("ca"), read(key), read(cert))
				require.NoError(t, err, cert)
				assert.Empty(t, id.Check(pki.UseClient, time.Now().Add(time.Minute)), cert)
				assert.Equal(t, key, id.Name())
			}
		})
	}
	for name, args := range map[string][]string{
		"encrypted PKCS#8": {"pkcs8", "-topk8", "-in", "pkcs1", "-out", "locked", "-passout", "pass:sesame"},
		"encrypted PKCS#1": {"rsa", "-in", "pkcs1", "-traditional", "-aes256", "-out", "locked", "-passout", "pass:sesame"},
	} {
		t.Run(name, func(t *testing.T) {
			run(args...)
			locked, err := os.ReadFile(filepath.Join(dir, "locked"))
			require.NoError(t, err)
			_, err = pki.ParsePEM(locked)
			require.ErrorIs(t, err, pki.ErrEncrypted)
			assert.NotContains(t, err.Error(), strings.Split(string(locked), "\n")[5])
		})
	}
}
