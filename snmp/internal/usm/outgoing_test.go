package usm_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// The encryption is CFB as the standard library has it, for every length of the
// last block.
func TestCFB(t *testing.T) {
	key := []byte("a key, 16 octets")
	u, err := usm.NewUser(usm.Credentials{Name: "u", Auth: usm.SHA1, Priv: usm.AES, AuthKey: make([]byte, 20), PrivKey: key}, engineID)
	require.NoError(t, err)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	e := newEngine(0x01020304)
	for n := range 40 {
		m := message.Message{Security: message.Security{User: []byte("u")}}
		env := e.Envelope(&m, u, usm.AuthPriv)
		env.Security.Time = 0x0a0b0c0d
		var w message.Writer
		w.Begin(&env, 1, 1472)
		require.True(t, w.Append([]uint32{1, 3, 6}, ber.OctetString, 0, strings.Repeat("x", n)))
		s, err := w.Finish(message.Response, 0, 0)
		require.NoError(t, err)
		plain := string(s.Scoped)
		e.Outgoing(u, &env, s)

		iv := append([]byte{1, 2, 3, 4, 0x0a, 0x0b, 0x0c, 0x0d}, s.Salt...)
		got := make([]byte, len(s.Scoped))
		//lint:ignore SA1019 what the MAC of SNMP authenticates needs no other mode
		cipher.NewCFBDecrypter(block, iv).XORKeyStream(got, s.Scoped)
		require.Equal(t, plain, string(got), "%d octets", len(got))
	}
}

// No salt is there twice, and each run begins elsewhere.
func TestSalts(t *testing.T) {
	for _, name := range []string{"sha256-aes", "sha256-des"} {
		t.Run(name, func(t *testing.T) {
			e, other := newEngine(3), newEngine(3)
			first := salt(t, e, name)
			assert.NotEqual(t, first&0xffffffff, salt(t, other, name)&0xffffffff)
			if strings.HasSuffix(name, "des") {
				assert.Equal(t, uint64(3), first>>32, "snmpEngineBoots")
			}
			var mu sync.Mutex
			var wg sync.WaitGroup
			seen := map[uint64]bool{first: true}
			for range 4 {
				wg.Go(func() {
					for range 250 {
						s := salt(t, e, name)
						mu.Lock()
						seen[s] = true
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			assert.Len(t, seen, 1001)
		})
	}
}

// salt returns the salt of a message of the user.
func salt(t *testing.T, e *usm.Engine, name string) uint64 {
	var m message.Message
	if err := m.Decode(request(t, e, name, usm.AuthPriv, nil)); err != nil {
		t.Error(err)
		return 0
	}
	return binary.BigEndian.Uint64(m.Security.Salt)
}
