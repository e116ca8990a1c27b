package p12_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/internal/pki/p12"
)

func openssl(t *testing.T, dir string, args ...string) string {
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
	require.NoError(t, err, "%v: %s", args, out)
	return string(out)
}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return content
}

// OpenSSL reads what we write, without its legacy provider.
func TestIntegrationOpenSSLReads(t *testing.T) {
	for _, kind := range pki.KeyKinds() {
		t.Run(string(kind), func(t *testing.T) {
			dir := t.TempDir()
			id := identity(t, kind)
			file, err := p12.Encode(id, "sesame")
			require.NoError(t, err)
			write(t, dir, "file", file)
			info := openssl(t, dir, "pkcs12", "-in", "file", "-passin", "pass:sesame", "-info", "-nodes", "-out", "pem")
			assert.Contains(t, info, "MAC: sha256")
			assert.Contains(t, info, "PBES2, PBKDF2, AES-256-CBC, Iteration 20000, PRF hmacWithSHA256")
			got, err := pki.ParsePEM(read(t, dir, "pem"))
			require.NoError(t, err)
			same(t, id, got)
		})
	}
}

// We read what OpenSSL writes, in today's and in the old forms.
func TestIntegrationOpenSSLWrites(t *testing.T) {
	dir := t.TempDir()
	id := identity(t, pki.RSA2048)
	write(t, dir, "key", id.KeyPEM())
	write(t, dir, "cert", id.CertificatePEM())
	write(t, dir, "ca", id.CAPEM())
	for name, args := range map[string][]string{
		"today's":         nil,
		"RC2":             {"-legacy"},
		"Triple DES":      {"-legacy", "-descert"},
		"AES-128, SHA-1":  {"-keypbe", "AES-128-CBC", "-certpbe", "AES-128-CBC", "-macalg", "SHA1"},
		"no encryption":   {"-keypbe", "NONE", "-certpbe", "NONE"},
		"100,000 rounds":  {"-iter", "100000"},
		"one round":       {"-noiter", "-nomaciter"},
		"a friendly name": {"-name", "Pumpe Süd", "-caname", "Plant"},
	} {
		for _, password := range []string{"sesame", ""} {
			t.Run(name+"/"+password, func(t *testing.T) {
				args := append([]string{"pkcs12", "-export", "-inkey", "key", "-in", "cert", "-certfile", "ca", "-out", "file", "-passout", "pass:" + password}, args...)
				openssl(t, dir, args...)
				got, err := p12.Decode(read(t, dir, "file"), password)
				require.NoError(t, err)
				same(t, id, got)
				_, err = p12.Decode(read(t, dir, "file"), "wrong")
				require.ErrorIs(t, err, p12.ErrPassword)
			})
		}
	}
}
