package pki_test

import (
	"crypto/rand"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/openvpn/pki"
)

const completed = "Initialization Sequence Completed"

// need skips a test without the program, and fails it on CI.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err)
		}
		t.Skipf("needs %s: %v", program, err)
	}
}

// site is one authority with a server and a client, as they are handed out.
type site struct {
	ca             *pki.Authority
	path           string
	server, client pki.Identity
}

func newSite(t *testing.T, c pki.AuthorityConfig) site {
	t.Helper()
	s := site{path: filepath.Join(t.TempDir(), "ca")}
	var err error
	s.ca, err = pki.CreateAuthority(s.path, c)
	require.NoError(t, err)
	s.server, err = s.ca.IssueServer(pki.Request{Name: "gate.example.org"})
	require.NoError(t, err)
	s.client, err = s.ca.IssueClient(pki.Request{Name: "pump 7"})
	require.NoError(t, err)
	return s
}

// credentials writes the files of an end and returns the arguments for them.
func credentials(t *testing.T, id pki.Identity, more map[string][]byte) []string {
	t.Helper()
	options := map[string][]byte{"ca": id.CAPEM(), "cert": id.CertificatePEM(), "key": id.KeyPEM()}
	for option, text := range more {
		options[option] = text
	}
	return arguments(t, options)
}

func arguments(t *testing.T, options map[string][]byte) (args []string) {
	t.Helper()
	dir := t.TempDir()
	for option, text := range options {
		if text == nil {
			continue
		}
		file := filepath.Join(dir, option)
		require.NoError(t, os.WriteFile(file, text, 0o600))
		args = append(args, "--"+option, file)
	}
	return args
}

// openvpn runs one end until the test ends.
func openvpn(t *testing.T, args ...string) *syncbuf.Buffer {
	t.Helper()
	out := new(syncbuf.Buffer)
	cmd := exec.Command("openvpn", append([]string{"--dev", "null", "--verb", "3", "--suppress-timestamps", "--connect-retry", "1", "1"}, args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return out
}

// meet runs a server and a client, which share no device, until the server's
// log holds a text, or both logs say that they are connected when it is empty.
func meet(t *testing.T, server, client []string, refusal string) {
	t.Helper()
	const port = "1194"
	host := loopback()
	s := openvpn(t, append([]string{"--tls-server", "--dh", "none", "--local", host, "--lport", port, "--remote-cert-tls", "client"}, server...)...)
	require.Eventually(t, func() bool { return strings.Contains(s.String(), "UDPv4 link local (bound)") }, 30*time.Second, 10*time.Millisecond, "%s", s)
	c := openvpn(t, append([]string{"--tls-client", "--remote", host, port, "--nobind", "--remote-cert-tls", "server"}, client...)...)
	done := func() bool {
		if refusal != "" {
			return strings.Contains(s.String(), refusal)
		}
		return strings.Contains(s.String(), completed) && strings.Contains(c.String(), completed)
	}
	if !assert.Eventually(t, done, 60*time.Second, 10*time.Millisecond) {
		t.Logf("server:\n%s\nclient:\n%s", s, c)
	}
	if refusal != "" {
		assert.NotContains(t, c.String(), completed)
		return
	}
	for _, out := range []*syncbuf.Buffer{s, c} {
		assert.NotContains(t, out.String(), "WARNING: file", "a key that others can read")
		assert.NotContains(t, out.String(), "DEPRECATED")
	}
}

// loopback returns an address that no other test has.
func loopback() string {
	b := make([]byte, 3)
	_, _ = rand.Read(b) // never fails
	return netip.AddrFrom4([4]byte{127, b[0] | 1, b[1], b[2] | 1}).String()
}

// openvpn takes certificates of each family, and both kinds of static keys.
func TestIntegrationHandshake(t *testing.T) {
	need(t, "openvpn")
	for _, test := range []struct {
		kind pki.KeyKind
		v2   bool
	}{{pki.P256, false}, {pki.P256, true}, {pki.P521, true}, {pki.Ed25519, false}, {pki.RSA2048, true}} {
		name := string(test.kind) + " tls-crypt"
		if test.v2 {
			name += "-v2"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, pki.AuthorityConfig{Key: test.kind})
			crl, err := s.ca.CRL()
			require.NoError(t, err)
			server, client := map[string][]byte{"crl-verify": crl}, map[string][]byte{}
			if test.v2 {
				server["tls-crypt-v2"], err = s.ca.TLSCryptV2ServerKey()
				require.NoError(t, err)
				client["tls-crypt-v2"], err = s.ca.TLSCryptV2ClientKey()
			} else {
				server["tls-crypt"], err = s.ca.TLSCryptKey()
				client["tls-crypt"] = server["tls-crypt"]
			}
			require.NoError(t, err)
			meet(t, credentials(t, s.server, server), credentials(t, s.client, client), "")
		})
	}
}

// The keys of tls-crypt-v2 work with those that openvpn makes.
func TestIntegrationTLSCryptV2(t *testing.T) {
	need(t, "openvpn")
	s := newSite(t, pki.AuthorityConfig{})
	ours, err := s.ca.TLSCryptV2ServerKey()
	require.NoError(t, err)
	theirs := genkey(t, "tls-crypt-v2-server")
	t.Run("client key of openvpn, server key of ours", func(t *testing.T) {
		key := genkey(t, "tls-crypt-v2-client", arguments(t, map[string][]byte{"tls-crypt-v2": ours})...)
		server, err := pki.ParseTLSCryptV2ServerKey(ours)
		require.NoError(t, err)
		client, err := pki.ParseTLSCryptV2ClientKey(key)
		require.NoError(t, err)
		require.NoError(t, server.Check(client))
		meet(t, credentials(t, s.server, map[string][]byte{"tls-crypt-v2": ours}),
			credentials(t, s.client, map[string][]byte{"tls-crypt-v2": key}), "")
	})
	t.Run("client key of ours, server key of openvpn", func(t *testing.T) {
		server, err := pki.ParseTLSCryptV2ServerKey(theirs)
		require.NoError(t, err)
		client, err := server.NewClientKey(time.Now())
		require.NoError(t, err)
		meet(t, credentials(t, s.server, map[string][]byte{"tls-crypt-v2": theirs}),
			credentials(t, s.client, map[string][]byte{"tls-crypt-v2": client.PEM()}), "")
	})
	t.Run("client key of another server", func(t *testing.T) {
		client, err := s.ca.TLSCryptV2ClientKey()
		require.NoError(t, err)
		meet(t, credentials(t, s.server, map[string][]byte{"tls-crypt-v2": theirs}),
			credentials(t, s.client, map[string][]byte{"tls-crypt-v2": client}), "client key authentication error")
	})
	t.Run("static key of openvpn", func(t *testing.T) {
		key, err := pki.ParseStaticKey(genkey(t, "secret"))
		require.NoError(t, err)
		meet(t, credentials(t, s.server, map[string][]byte{"tls-crypt": key.PEM()}),
			credentials(t, s.client, map[string][]byte{"tls-crypt": pki.NewStaticKey().PEM()}), "tls-crypt unwrapping failed")
	})
}

// genkey has openvpn make a key.
func genkey(t *testing.T, kind string, args ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	out, err := exec.Command("openvpn", append(args, "--genkey", kind, file)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return text
}

// Revoked and renewed certificates are refused; the new ones are not.
func TestIntegrationRevocation(t *testing.T) {
	need(t, "openvpn")
	s := newSite(t, pki.AuthorityConfig{})
	renewed, err := s.ca.Renew(s.client.Serial())
	require.NoError(t, err)
	lost, err := s.ca.IssueClient(pki.Request{Name: "lost"})
	require.NoError(t, err)
	require.NoError(t, s.ca.Revoke(lost.Serial()))
	crl, err := s.ca.CRL()
	require.NoError(t, err)
	server := map[string][]byte{"crl-verify": crl}
	meet(t, credentials(t, s.server, server), credentials(t, renewed, nil), "")
	for _, old := range []pki.Identity{s.client, lost} {
		meet(t, credentials(t, s.server, server), credentials(t, old, nil), "error=certificate revoked")
	}
}

// A list that ended locks everybody out. One that Maintain made does not end.
func TestIntegrationExpiredCRL(t *testing.T) {
	need(t, "openvpn")
	path := filepath.Join(t.TempDir(), "ca")
	twoDaysAgo := time.Now().Add(-48 * time.Hour)
	var s site
	synctest.Test(t, func(t *testing.T) { // where the clock can be set
		time.Sleep(time.Until(twoDaysAgo))
		ca, err := pki.CreateAuthority(path, pki.AuthorityConfig{CRLLifetime: pki.Duration(24 * time.Hour)})
		require.NoError(t, err)
		s.server, err = ca.IssueServer(pki.Request{Name: "gate"})
		require.NoError(t, err)
		s.client, err = ca.IssueClient(pki.Request{Name: "pump"})
		require.NoError(t, err)
		s.ca = ca
	})
	old, err := s.ca.CRL()
	require.NoError(t, err)
	meet(t, credentials(t, s.server, map[string][]byte{"crl-verify": old}), credentials(t, s.client, nil), "error=CRL has expired")

	changed, err := s.ca.Maintain(time.Now())
	require.NoError(t, err)
	require.True(t, changed)
	crl, err := s.ca.CRL()
	require.NoError(t, err)
	meet(t, credentials(t, s.server, map[string][]byte{"crl-verify": crl}), credentials(t, s.client, nil), "")
}

// openvpn reads our PKCS#12, and our fingerprints.
func TestIntegrationOtherForms(t *testing.T) {
	need(t, "openvpn")
	s := newSite(t, pki.AuthorityConfig{Key: pki.RSA2048})
	t.Run("PKCS#12", func(t *testing.T) {
		file, err := pki.EncodePKCS12(s.client, "sesame")
		require.NoError(t, err)
		meet(t, credentials(t, s.server, nil), arguments(t, map[string][]byte{"pkcs12": file, "askpass": []byte("sesame\n")}), "")
	})
	t.Run("fingerprint", func(t *testing.T) {
		bare := func(id pki.Identity, peer pki.Identity) []string {
			id.CAs = nil
			args := arguments(t, map[string][]byte{"cert": id.CertificatePEM(), "key": id.KeyPEM()})
			return append(args, "--peer-fingerprint", peer.Fingerprint())
		}
		meet(t, bare(s.server, s.client), bare(s.client, s.server), "")
		other, err := s.ca.IssueClient(pki.Request{Name: "other"})
		require.NoError(t, err)
		meet(t, bare(s.server, s.client), bare(other, s.server), "certificate hash verification failed")
	})
}
