package pki_test

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
)

func TestStaticKey(t *testing.T) {
	text := pki.NewStaticKey().PEM()
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.Len(t, lines, 3+1+16+1)
	assert.Equal(t, "-----BEGIN OpenVPN Static key V1-----", lines[3])
	for _, line := range lines[4:20] {
		assert.Regexp(t, "^[0-9a-f]{32}$", line)
	}
	key, err := pki.ParseStaticKey(bytes.ReplaceAll(append([]byte("words before\n"), text...), []byte("\n"), []byte("\r\n")))
	require.NoError(t, err)
	assert.Equal(t, text, key.PEM())
	assert.NotEqual(t, text, pki.NewStaticKey().PEM())

	for name, bad := range map[string]string{
		"nothing": "", "no end": strings.Join(lines[:20], "\n"), "short": strings.Replace(string(text), lines[7]+"\n", "", 1),
		"long": strings.Replace(string(text), lines[7], lines[7]+"00", 1), "no digit": strings.Replace(string(text), lines[7][:2], "zz", 1),
		"huge": strings.Repeat(" ", 1<<20) + string(text),
	} {
		_, err := pki.ParseStaticKey([]byte(bad))
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), lines[8], name)
	}
}

func TestTLSCryptV2(t *testing.T) {
	server, other := pki.NewTLSCryptV2ServerKey(), pki.NewTLSCryptV2ServerKey()
	client, err := server.NewClientKey(time.Now())
	require.NoError(t, err)
	require.NoError(t, server.Check(client))
	require.ErrorContains(t, other.Check(client), "made with another server key")

	again, err := pki.ParseTLSCryptV2ServerKey(server.PEM())
	require.NoError(t, err)
	read, err := pki.ParseTLSCryptV2ClientKey(client.PEM())
	require.NoError(t, err)
	require.NoError(t, again.Check(read))
	assert.Equal(t, client.PEM(), read.PEM())
	next, err := server.NewClientKey(time.Now())
	require.NoError(t, err)
	assert.NotEqual(t, client.PEM(), next.PEM())

	// Every bit counts.
	block, _ := pem.Decode(client.PEM())
	require.Len(t, block.Bytes, 256+32+256+9+2)
	for at := range block.Bytes {
		bad := bytes.Clone(block.Bytes)
		bad[at] ^= 1 << (at % 8)
		key, err := pki.ParseTLSCryptV2ClientKey(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: bad}))
		if err == nil {
			err = server.Check(key)
		}
		require.Error(t, err, "byte %d", at)
	}

	require.Error(t, pki.TLSCryptV2ServerKey{}.Check(client))
	require.Error(t, server.Check(pki.TLSCryptV2ClientKey{}))
	_, err = pki.TLSCryptV2ServerKey{}.NewClientKey(time.Now())
	require.Error(t, err)
}

// Keys that openvpn 2.6.14 made: --genkey tls-crypt-v2-server, and
// tls-crypt-v2-client without and with metadata.
func TestTLSCryptV2OfOpenVPN(t *testing.T) {
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		return text
	}
	server, err := pki.ParseTLSCryptV2ServerKey(read("v2-server.key"))
	require.NoError(t, err)
	assert.Equal(t, string(read("v2-server.key")), string(server.PEM()))
	for _, name := range []string{"v2-client.key", "v2-client-metadata.key"} {
		client, err := pki.ParseTLSCryptV2ClientKey(read(name))
		require.NoError(t, err)
		require.NoError(t, server.Check(client), name)
		assert.Equal(t, string(read(name)), string(client.PEM()))
	}
}

func TestTLSCryptV2Fails(t *testing.T) {
	block := func(kind string, size int) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: make([]byte, size)})
	}
	const server, client = "OpenVPN tls-crypt-v2 server key", "OpenVPN tls-crypt-v2 client key"
	for _, text := range [][]byte{nil, []byte("x"), block(client, 128), block(server, 127), block(server, 129), make([]byte, 1<<20+1)} {
		_, err := pki.ParseTLSCryptV2ServerKey(text)
		require.Error(t, err)
	}
	for _, text := range [][]byte{nil, []byte("x"), block(server, 600), block(client, 256+289), block(client, 256+1025), block(client, 600)} {
		_, err := pki.ParseTLSCryptV2ClientKey(text)
		require.Error(t, err)
	}
}

func TestAuthorityTunnelKeys(t *testing.T) {
	a, path := authority(t, pki.AuthorityConfig{})
	one, err := a.TLSCryptKey()
	require.NoError(t, err)
	server, err := a.TLSCryptV2ServerKey()
	require.NoError(t, err)
	client, err := a.TLSCryptV2ClientKey()
	require.NoError(t, err)

	a, err = pki.OpenAuthority(path)
	require.NoError(t, err)
	again, err := a.TLSCryptKey()
	require.NoError(t, err)
	assert.Equal(t, one, again, "one for all")
	again, err = a.TLSCryptV2ServerKey()
	require.NoError(t, err)
	assert.Equal(t, server, again)
	s, err := pki.ParseTLSCryptV2ServerKey(server)
	require.NoError(t, err)
	c, err := pki.ParseTLSCryptV2ClientKey(client)
	require.NoError(t, err)
	require.NoError(t, s.Check(c))
	private(t, path)

	require.NoError(t, os.WriteFile(filepath.Join(path, "tls-crypt.key"), []byte("junk"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(path, "tls-crypt-v2-server.key"), []byte("junk"), 0o600))
	_, err = a.TLSCryptKey()
	require.Error(t, err)
	_, err = a.TLSCryptV2ServerKey()
	require.Error(t, err)
	_, err = a.TLSCryptV2ClientKey()
	require.Error(t, err)
}
