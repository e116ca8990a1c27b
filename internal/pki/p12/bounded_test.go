package p12

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/fieldgate/fieldgate/internal/pki"
)

const endless = 2_000_000_000

// A file that wants its reader to hash for years is refused at once, wherever
// it says so.
func TestEndlessWork(t *testing.T) {
	const refused = "it wants its password hashed 2000000000 times, 1 to 1000000 are allowed"
	old, modern := parts(t, pkcs12.LegacyDES), parts(t, pkcs12.Modern2026)
	tests := map[string]struct {
		file []byte
		want string
	}{
		"good":         {file(t, old, nil), ""},
		"MAC":          {file(t, old, func(p *pfx) { p.MacData.Iterations = endless }), refused},
		"negative MAC": {file(t, old, func(p *pfx) { p.MacData.Iterations = -1 }), "hashed -1 times"},
		"PBMAC1": {file(t, modern, func(p *pfx) {
			p.MacData.Mac.Algorithm = pkix.AlgorithmIdentifier{
				Algorithm:  oidPBMAC1,
				Parameters: raw(t, pbmac1Params{KDF: kdf(t, endless), Scheme: pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256}}),
			}
		}), refused},
		"certificates":        {file(t, []asn1.RawValue{slowPart(t, old[0], pbe(t, endless)), old[1]}, nil), refused},
		"certificates, PBES2": {file(t, []asn1.RawValue{slowPart(t, modern[0], pbes2(t, endless)), modern[1]}, nil), refused},
		"key":                 {file(t, []asn1.RawValue{old[0], keyPart(t, shrouded(t, pbe(t, endless)))}, nil), refused},
		"key, PBES2":          {file(t, []asn1.RawValue{old[0], keyPart(t, shrouded(t, pbes2(t, endless)))}, nil), refused},
		"second key":          {file(t, []asn1.RawValue{old[0], old[1], old[1]}, nil), "it has 2 private keys outside its encrypted parts"},
		"nested":              {file(t, []asn1.RawValue{encrypted(t, shrouded(t, pbe(t, endless))), old[1]}, nil), "expected exactly one key bag"},
		"nested only":         {file(t, []asn1.RawValue{encrypted(t, shrouded(t, pbe(t, endless))), old[0]}, nil), "it has 0 private keys outside"},
		"scrypt": {file(t, []asn1.RawValue{old[0], keyPart(t, shrouded(t, pkix.AlgorithmIdentifier{
			Algorithm:  oidPBES2,
			Parameters: raw(t, pbes2Params{KDF: pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}}, Scheme: pbes2(t, 1)}),
		}))}, nil), "want PBKDF2"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			done := make(chan error, 1)
			go func() {
				_, err := Decode(test.file, "sesame")
				done <- err
			}()
			select {
			case err := <-done:
				if test.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, test.want)
				}
			case <-time.After(30 * time.Second):
				require.Fail(t, "it hashes")
			}
		})
	}
}

// parts returns the two parts, certificates and key, of a good file.
func parts(t *testing.T, e *pkcs12.Encoder) []asn1.RawValue {
	t.Helper()
	a, err := pki.CreateAuthority(filepath.Join(t.TempDir(), "ca"), pki.AuthorityConfig{})
	require.NoError(t, err)
	id, err := a.IssueClient(pki.Request{Name: "pump"})
	require.NoError(t, err)
	block, _ := pem.Decode(id.KeyPEM())
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	text, err := e.Encode(key, id.Leaf(), id.CAs, "sesame")
	require.NoError(t, err)
	var p pfx
	require.NoError(t, unmarshal("file", text, &p))
	var content []byte
	require.NoError(t, unmarshal("content", p.AuthSafe.Content.Bytes, &content))
	var parts []asn1.RawValue
	require.NoError(t, unmarshal("parts", content, &parts))
	require.Len(t, parts, 2)
	return parts
}

// file makes a file of parts with a good MAC, and then what change does.
func file(t *testing.T, parts []asn1.RawValue, change func(*pfx)) []byte {
	t.Helper()
	form, err := formOf("sesame")
	require.NoError(t, err)
	text, err := rebuild(parts, form)
	require.NoError(t, err)
	if change == nil {
		return text
	}
	var p pfx
	require.NoError(t, unmarshal("file", text, &p))
	p.AuthSafe.Content = asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: p.AuthSafe.Content.Bytes}
	change(&p)
	return marshal(t, p)
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := asn1.Marshal(v)
	require.NoError(t, err)
	return b
}

func raw(t *testing.T, v any) asn1.RawValue { return asn1.RawValue{FullBytes: marshal(t, v)} }

// wrapped is an explicit [0].
func wrapped(t *testing.T, v any) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: marshal(t, v)}
}

// pbe is Triple DES with the given number of iterations.
func pbe(t *testing.T, n int64) pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{
		Algorithm:  asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 3},
		Parameters: raw(t, pbeParams{Salt: make([]byte, 8), Iterations: n}),
	}
}

func kdf(t *testing.T, n int64) pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oidPBKDF2, Parameters: raw(t, pbkdf2Params{
		Salt: raw(t, make([]byte, 8)), Iterations: n, KeyLength: 32, PRF: pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256},
	})}
}

// pbes2 is AES-256 with the given number of iterations.
func pbes2(t *testing.T, n int64) pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oidPBES2, Parameters: raw(t, pbes2Params{
		KDF: kdf(t, n),
		Scheme: pkix.AlgorithmIdentifier{
			Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, Parameters: raw(t, make([]byte, aes.BlockSize)),
		},
	})}
}

func shrouded(t *testing.T, a pkix.AlgorithmIdentifier) safeBag {
	return safeBag{ID: oidShroudedBag, Value: wrapped(t, shroudedKey{Algorithm: a, Encrypted: make([]byte, 64)})}
}

// keyPart is a part in the open with one bag.
func keyPart(t *testing.T, bag safeBag) asn1.RawValue {
	t.Helper()
	type bare struct { // without the optional attributes
		ID    asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	return raw(t, contentInfo{ContentType: oidData, Content: wrapped(t, marshal(t, []bare{{bag.ID, bag.Value}}))})
}

// slowPart is an encrypted part with another algorithm.
func slowPart(t *testing.T, part asn1.RawValue, a pkix.AlgorithmIdentifier) asn1.RawValue {
	t.Helper()
	var info contentInfo
	require.NoError(t, unmarshal("part", part.FullBytes, &info))
	var data encryptedData
	require.NoError(t, unmarshal("data", info.Content.Bytes, &data))
	data.Content.Algorithm = a
	return raw(t, contentInfo{ContentType: oidEncryptedData, Content: wrapped(t, data)})
}

// encrypted is a part that hides a bag, as its reader can decrypt it.
func encrypted(t *testing.T, bag safeBag) asn1.RawValue {
	t.Helper()
	type bare struct {
		ID    asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	plain := marshal(t, []bare{{bag.ID, bag.Value}})
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	key, err := pbkdf2.Key(sha256.New, "sesame", make([]byte, 8), 2048, 32)
	require.NoError(t, err)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	hidden := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(hidden, plain)
	var data encryptedData
	data.Content.ContentType, data.Content.Algorithm = oidData, pbes2(t, 2048)
	data.Content.Encrypted = asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: hidden}
	return raw(t, contentInfo{ContentType: oidEncryptedData, Content: wrapped(t, data)})
}

// Some programs hash an empty password as nothing, others as its end mark.
func TestEmptyPasswordAsNothing(t *testing.T) {
	text, err := os.ReadFile("testdata/plain.p12")
	require.NoError(t, err)
	var p pfx
	require.NoError(t, unmarshal("file", text, &p))
	var content []byte
	require.NoError(t, unmarshal("content", p.AuthSafe.Content.Bytes, &content))
	var parts []asn1.RawValue
	require.NoError(t, unmarshal("parts", content, &parts))
	for _, form := range []passwordForm{nil, {0, 0}} {
		text, err := rebuild(parts, form)
		require.NoError(t, err)
		_, err = Decode(text, "")
		require.NoError(t, err)
		_, err = Decode(text, "x")
		require.ErrorIs(t, err, ErrPassword)
	}
}

// FuzzContent puts a good MAC on whatever is below it.
func FuzzContent(f *testing.F) {
	names, err := filepath.Glob("testdata/*.p12")
	require.NoError(f, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		var p pfx
		require.NoError(f, unmarshal("file", text, &p))
		var content []byte
		require.NoError(f, unmarshal("content", p.AuthSafe.Content.Bytes, &content))
		f.Add(content)
	}
	form, err := formOf("sesame")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, content []byte) {
		octets, err := asn1.Marshal(content)
		require.NoError(t, err)
		p := pfx{Version: 3, MacData: newMac(content, form)}
		p.AuthSafe.ContentType = oidData
		p.AuthSafe.Content = asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: octets}
		text, err := asn1.Marshal(p)
		require.NoError(t, err)
		id, err := Decode(text, "sesame")
		if err != nil {
			require.NotErrorIs(t, err, ErrPassword)
			return
		}
		_, err = pki.ParsePEM(id.KeyPEM(), id.CertificatePEM(), id.CAPEM())
		require.NoError(t, err)
	})
}
