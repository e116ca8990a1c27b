package pki_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
)

func TestParsePEMSorts(t *testing.T) {
	m := &maker{t: t, now: time.Now()}
	root := m.root("root")
	sub := m.sub(root, "sub")
	leaf := m.leaf(sub, "leaf")
	other := m.root("other")
	orders := map[string][][]byte{
		"as is":          {certPEM(leaf, sub, root, other), keyPEM(t, leaf)},
		"key first":      {keyPEM(t, leaf), certPEM(leaf, sub, root, other)},
		"upside down":    {certPEM(other, root, sub, leaf), keyPEM(t, leaf)},
		"one text":       {bytes.Join([][]byte{certPEM(root), keyPEM(t, leaf), certPEM(other, leaf, sub)}, nil)},
		"all twice":      {certPEM(other, root, sub, leaf), keyPEM(t, leaf), certPEM(leaf, sub, root, other)},
		"words between":  {[]byte("Bag Attributes\n"), certPEM(leaf), []byte("subject=CN = sub\n"), certPEM(sub, root, other), keyPEM(t, leaf)},
		"CR LF, no end":  {bytes.ReplaceAll(certPEM(leaf, sub, root, other), []byte("\n"), []byte("\r\n")), bytes.TrimSpace(keyPEM(t, leaf))},
		"key among them": {certPEM(root, sub), keyPEM(t, leaf), nil, certPEM(other, leaf)},
	}
	for name, texts := range orders {
		t.Run(name, func(t *testing.T) {
			id, err := pki.ParsePEM(texts...)
			require.NoError(t, err)
			assert.Equal(t, []string{"leaf", "sub"}, names(id.Chain))
			assert.ElementsMatch(t, []string{"sub", "root", "other"}, names(id.CAs), "all but the leaf")
			assert.Equal(t, "leaf", id.Name())
			assert.Empty(t, id.Check(pki.UseServer, time.Now().Add(time.Hour)), "nothing is wrong with it")

			again, err := pki.ParsePEM(id.KeyPEM(), id.CertificatePEM(), id.CAPEM())
			require.NoError(t, err)
			assert.Equal(t, id.CertificatePEM(), again.CertificatePEM())
			assert.Equal(t, id.CAPEM(), again.CAPEM())
			assert.Equal(t, id.KeyPEM(), again.KeyPEM())
		})
	}
}

func names(list []*x509.Certificate) []string {
	var names []string
	for _, c := range list {
		names = append(names, c.Subject.CommonName)
	}
	return names
}

// What is there beside a whole identity is sorted too.
func TestParsePEMParts(t *testing.T) {
	m := &maker{t: t, now: time.Now()}
	root := m.root("root")
	leaf := m.leaf(root, "leaf")
	self := m.make(nil, "self", nil)

	id, err := pki.ParsePEM(certPEM(root))
	require.NoError(t, err)
	assert.Nil(t, id.Leaf())
	assert.Empty(t, id.Name())
	assert.Empty(t, id.Serial())
	assert.Empty(t, id.Fingerprint())
	assert.Nil(t, id.KeyPEM())
	assert.Equal(t, []string{"root"}, names(id.CAs))

	id, err = pki.ParsePEM(certPEM(root, leaf))
	require.NoError(t, err)
	assert.Equal(t, "leaf", id.Name())
	assert.Nil(t, id.Key)

	id, err = pki.ParsePEM(certPEM(root), keyPEM(t, root))
	require.NoError(t, err)
	assert.Equal(t, "root", id.Name(), "the key makes it the identity of a CA")

	id, err = pki.ParsePEM(certPEM(self), keyPEM(t, self))
	require.NoError(t, err)
	assert.Equal(t, []string{"self"}, names(id.Chain))
	assert.Empty(t, id.CAs)

	id, err = pki.ParsePEM(certPEM(root, leaf), keyPEM(t, self))
	require.NoError(t, err)
	assert.Equal(t, "leaf", id.Name(), "Check tells that the key is another's")

	// Two CAs of one name, as after a renewal: the key identifiers decide.
	twin := m.root("root")
	id, err = pki.ParsePEM(certPEM(twin, root, m.leaf(m.sub(twin, "sub"), "leaf")))
	require.NoError(t, err)
	assert.Len(t, id.Chain, 1, "sub is not there")

	certs, err := pki.ParseCertificates(append(keyPEM(t, leaf), certPEM(leaf, root)...))
	require.NoError(t, err)
	assert.Equal(t, []string{"leaf", "root"}, names(certs))
}

func TestParsePEMKeys(t *testing.T) {
	for _, kind := range keyKinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			a, _ := authority(t, pki.AuthorityConfig{})
			id, err := a.IssueServer(pki.Request{Name: "server", Key: kind})
			require.NoError(t, err)
			block, _ := pem.Decode(id.KeyPEM())
			require.Equal(t, "PRIVATE KEY", block.Type)
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			require.NoError(t, err)
			forms := map[string][]byte{"PRIVATE KEY": block.Bytes}
			switch key := key.(type) {
			case *rsa.PrivateKey:
				forms["RSA PRIVATE KEY"] = x509.MarshalPKCS1PrivateKey(key)
			case *ecdsa.PrivateKey:
				forms["EC PRIVATE KEY"], err = x509.MarshalECPrivateKey(key)
				require.NoError(t, err)
			}
			for form, der := range forms {
				again, err := pki.ParsePEM(id.CertificatePEM(), id.CAPEM(), pem.EncodeToMemory(&pem.Block{Type: form, Bytes: der}))
				require.NoError(t, err, form)
				assert.Empty(t, again.Check(pki.UseServer, time.Now()), form)
				assert.Equal(t, id.KeyPEM(), again.KeyPEM(), form)
			}
		})
	}
}

func TestParsePEMFails(t *testing.T) {
	m := &maker{t: t, now: time.Now()}
	root := m.root("root")
	cert, key := certPEM(root), keyPEM(t, root)
	block := func(kind string, headers map[string]string) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Headers: headers, Bytes: []byte{0x30, 0}})
	}
	tests := map[string]struct {
		texts [][]byte
		want  string
	}{
		"nothing":                {nil, "there is no certificate"},
		"empty":                  {[][]byte{nil}, "there is no certificate"},
		"no PEM":                 {[][]byte{[]byte("hello")}, "there is no certificate"},
		"key only":               {[][]byte{key}, "there is no certificate"},
		"two keys":               {[][]byte{cert, key, key}, "text 3 of 3, PEM block 1 (PRIVATE KEY): there is more than one private key"},
		"PKCS#8 with passphrase": {[][]byte{cert, block("ENCRYPTED PRIVATE KEY", nil)}, "remove its passphrase first"},
		"PEM with passphrase": {[][]byte{cert, block("RSA PRIVATE KEY", map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"})},
			"remove its passphrase first"},
		"DSA key":      {[][]byte{cert, block("DSA PRIVATE KEY", nil)}, "this form of private key is not supported"},
		"cut off":      {[][]byte{cert[:len(cert)-30]}, "PEM block 1 of 1 is damaged or cut off"},
		"second cut":   {[][]byte{append(bytes.Clone(cert), key[:60]...)}, "PEM block 2 of 2 is damaged or cut off"},
		"bad base64":   {[][]byte{bytes.Replace(cert, []byte("MII"), []byte("M!I"), 1)}, "PEM block 1 of 1 is damaged or cut off"},
		"bad DER":      {[][]byte{block("CERTIFICATE", nil)}, "PEM block 1 (CERTIFICATE): x509:"},
		"bad key":      {[][]byte{cert, block("PRIVATE KEY", nil)}, "text 2 of 2, PEM block 1 (PRIVATE KEY)"},
		"too long":     {[][]byte{bytes.Repeat([]byte("a"), 1<<20), []byte("b")}, "the PEM text is longer than 1048576 bytes"},
		"too many":     {[][]byte{bytes.Repeat(cert, 65)}, "there are more than 64 certificates"},
		"hidden block": {[][]byte{[]byte("-----BEGIN CERTIFICATE-----\n"), cert}, "damaged or cut off"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := pki.ParsePEM(test.texts...)
			require.ErrorContains(t, err, test.want)
			if strings.Contains(name, "passphrase") {
				require.ErrorIs(t, err, pki.ErrEncrypted)
			}
			_, err = pki.ParseCertificates(bytes.Join(test.texts, nil))
			if !strings.Contains(name, "key") && !strings.Contains(name, "passphrase") {
				require.Error(t, err)
			}
		})
	}
}

// Nothing that prints gives a key away, wherever it stands.
func TestKeysPrintNothing(t *testing.T) {
	a, _ := authority(t, pki.AuthorityConfig{})
	static := pki.NewStaticKey()
	server := pki.NewTLSCryptV2ServerKey()
	tlsClient, err := server.NewClientKey(time.Now())
	require.NoError(t, err)
	for _, kind := range keyKinds() {
		t.Run(string(kind), func(t *testing.T) {
			id, err := a.IssueClient(pki.Request{Name: "client-" + string(kind), Key: kind})
			require.NoError(t, err)
			given := pki.Identity{Chain: id.Chain, Key: unsealed(t, id)} // put together by a caller
			inside := struct {
				id     pki.Identity
				key    any
				secret []any
			}{id, id.Key, []any{static, server, tlsClient}}
			secrets := append(marks(id.KeyPEM()), marks(static.PEM())...)
			secrets = append(append(secrets, marks(server.PEM())...), marks(tlsClient.PEM())...)
			secrets = append(secrets, numbers(t, id)...)

			var out strings.Builder
			for _, v := range []any{id, &id, []pki.Identity{id}, map[string]any{"k": id}, id.Key, inside, &inside, a, *a,
				static, server, tlsClient, &static, &server, &tlsClient} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p"} {
					fmt.Fprintf(&out, verb+"\n", v)
				}
				fmt.Fprintln(&out, v)
				slog.New(slog.NewTextHandler(&out, nil)).Info("text", "v", v)
				slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "v", v)
				text, err := json.Marshal(v)
				require.NoError(t, err)
				out.Write(text)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				fmt.Fprintf(&out, verb+verb, given, &given)
			}
			for _, secret := range secrets {
				if at := strings.Index(out.String(), secret); at >= 0 {
					assert.Fail(t, "a key is printed", "%s", out.String()[max(0, at-300):at])
				}
			}
			assert.True(t, strings.Contains(out.String(), "client-"+string(kind)), "the name is printed")
		})
	}
}

func unsealed(t *testing.T, id pki.Identity) crypto.Signer {
	t.Helper()
	block, _ := pem.Decode(id.KeyPEM())
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	return key.(crypto.Signer)
}

// marks returns pieces of a key in the ways in which it could be printed.
func marks(text []byte) []string {
	lines := strings.Split(string(text), "\n")
	piece := lines[len(lines)/2]
	list := []string{piece}
	if block, _ := pem.Decode(text); block != nil {
		at := 40 // past what everybody knows, before the public key of EC
		if len(block.Bytes) > 1000 {
			at = len(block.Bytes) * 3 / 5 // RSA: past the public modulus
		}
		b := block.Bytes[at : at+8]
		list = append(list, string(b), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), strings.Trim(fmt.Sprint(b), "[]"))
	}
	return list
}

// numbers returns the private numbers of a key as fmt prints them.
func numbers(t *testing.T, id pki.Identity) []string {
	switch key := any(unsealed(t, id)).(type) {
	case *ecdsa.PrivateKey:
		b, err := key.Bytes()
		require.NoError(t, err)
		return []string{hex.EncodeToString(b), strings.Trim(fmt.Sprint(b), "[]")}
	case *rsa.PrivateKey:
		return []string{key.D.String(), key.D.Text(16), key.Primes[0].String()}
	}
	return nil
}

// The key signs, and crypto/tls takes it as it is.
func TestKeySigns(t *testing.T) {
	a, _ := authority(t, pki.AuthorityConfig{})
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate())
	for _, kind := range keyKinds() {
		t.Run(string(kind), func(t *testing.T) {
			id, err := a.IssueServer(pki.Request{Name: string(kind) + ".example.org", Names: []string{"gate.example.org", "192.0.2.1", "2001:db8::1"}, Key: kind})
			require.NoError(t, err)
			for _, name := range []string{"gate.example.org", "192.0.2.1", "2001:db8::1"} {
				require.NoError(t, id.Leaf().VerifyHostname(name))
			}
			handshake(t, id, pool)
		})
	}
}

func handshake(t *testing.T, id pki.Identity, pool *x509.CertPool) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{
		Certificate: [][]byte{id.Leaf().Raw}, PrivateKey: id.Key,
	}}})
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	done := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			err = conn.(*tls.Conn).Handshake()
			_ = conn.Close()
		}
		done <- err
	}()
	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: pool, ServerName: "gate.example.org"})
	require.NoError(t, err)
	require.NoError(t, <-done)
	_ = conn.Close()
}

func TestFingerprint(t *testing.T) {
	a, _ := authority(t, pki.AuthorityConfig{})
	got := client(t, a, "c").Fingerprint()
	assert.Regexp(t, `^([0-9A-F]{2}:){31}[0-9A-F]{2}$`, got)
}

func TestParseSerial(t *testing.T) {
	for text, want := range map[string]pki.Serial{
		"0a": "0A", "A": "0A", "0A:FF:03": "0AFF03", "00 0a ff": "0AFF", "0": "00", strings.Repeat("f", 40): pki.Serial(strings.Repeat("F", 40)),
	} {
		got, err := pki.ParseSerial(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", ":", "0x12", "-1", "12g", strings.Repeat("f", 41), "../../etc"} {
		_, err := pki.ParseSerial(text)
		require.Error(t, err, text)
	}
}

// keyKinds are all kinds of keys; on an emulated processor without RSA, whose
// keys take minutes there and hold nothing that depends on the processor.
func keyKinds() []pki.KeyKind {
	return slices.DeleteFunc(pki.KeyKinds(), func(kind pki.KeyKind) bool {
		return runtime.GOARCH == "mips" && strings.HasPrefix(string(kind), "rsa")
	})
}
