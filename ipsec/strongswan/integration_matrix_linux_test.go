package strongswan_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/ipsec"
)

// matrixVariable runs TestIntegrationMatrix, which takes about a minute.
const matrixVariable = "FIELDGATE_IPSEC_MATRIX"

// The words of the specification, each with what the peer calls it.
type named[T any] struct {
	word    T
	list    string // in swanctl --list-sas
	keysize string
}

func matrixCiphers() []named[ipsec.Encryption] {
	return []named[ipsec.Encryption]{
		{ipsec.Encryption3DES, "3DES_CBC", ""}, {ipsec.EncryptionAES128, "AES_CBC", "128"},
		{ipsec.EncryptionAES192, "AES_CBC", "192"}, {ipsec.EncryptionAES256, "AES_CBC", "256"},
	}
}

func matrixHashes() []named[ipsec.Hash] {
	return []named[ipsec.Hash]{
		{word: ipsec.HashMD5, list: "HMAC_MD5_96"}, {word: ipsec.HashSHA1, list: "HMAC_SHA1_96"},
		{word: ipsec.HashSHA256, list: "HMAC_SHA2_256_128"}, {word: ipsec.HashSHA384, list: "HMAC_SHA2_384_192"},
		{word: ipsec.HashSHA512, list: "HMAC_SHA2_512_256"},
	}
}

func matrixGroups() []named[ipsec.Group] {
	return []named[ipsec.Group]{
		{word: ipsec.Group1, list: "MODP_768"}, {word: ipsec.Group2, list: "MODP_1024"}, {word: ipsec.Group5, list: "MODP_1536"},
		{word: ipsec.Group14, list: "MODP_2048"}, {word: ipsec.Group15, list: "MODP_3072"}, {word: ipsec.Group16, list: "MODP_4096"},
		{word: ipsec.Group18, list: "MODP_8192"},
	}
}

// Every combination of the specification in both phases and both versions of
// IKE: 600 tunnels, each as the peer saw it.
func TestIntegrationMatrix(t *testing.T) {
	if os.Getenv(matrixVariable) == "" {
		t.Skip("skipped: 600 tunnels are for make test-ipsec-matrix, which sets " + matrixVariable)
	}
	s := newSite(t, twohosts.Options{Retransmit: 4 * time.Second, Tries: 3})
	session, err := s.backend(t).Connect(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, session.Close()) }()

	count := 0
	for _, version := range []ipsec.KeyExchange{ipsec.IKEv2, ipsec.IKEv1} {
		number := strings.TrimPrefix(string(version), "ikev")
		try := func(t *testing.T, ike ipsec.Phase1Proposal, esp ipsec.Phase2Proposal) (twohosts.SA, twohosts.Child) {
			t.Helper()
			count++
			c := with(demo(func(c *ipsec.Connection) { c.KeyExchange = version }), []ipsec.Phase1Proposal{ike}, []ipsec.Phase2Proposal{esp})
			resolved, err := c.Resolve(time.Now())
			require.NoError(t, err)
			outcome, err := session.Apply(t.Context(), resolved.Definitions)
			require.NoError(t, err)
			require.Empty(t, outcome.Refused)
			require.NoError(t, session.Initiate(t.Context(), "demo0"))
			sa, child := s.child(t, "site")
			if count%20 == 0 {
				s.ping(t)
			}
			return sa, child
		}
		t.Run("phase1_"+string(version), func(t *testing.T) {
			var all []string
			for _, e := range matrixCiphers() {
				for _, h := range matrixHashes() {
					for _, g := range matrixGroups() {
						all = append(all, fmt.Sprintf("%s-%s-%s", e.word, h.word, g.word.Keyword()))
					}
				}
			}
			require.Len(t, all, 140)
			s.peer(t, peerConf(peerConn{version: number, proposals: strings.Join(all, ",")}))
			for _, e := range matrixCiphers() {
				for _, h := range matrixHashes() {
					for _, g := range matrixGroups() {
						ike, _ := try(t, ipsec.Phase1Proposal{Encryption: e.word, Hash: h.word, DH: g.word},
							ipsec.Phase2Proposal{Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA1})
						what := fmt.Sprintf("%s-%s-%s", e.word, h.word, g.word)
						assert.Equal(t, e.list, ike.Values["encr-alg"], what)
						assert.Equal(t, e.keysize, ike.Values["encr-keysize"], what)
						assert.Equal(t, h.list, ike.Values["integ-alg"], what)
						assert.Equal(t, g.list, ike.Values["dh-group"], what)
					}
				}
			}
		})
		t.Run("phase2_"+string(version), func(t *testing.T) {
			groups := append([]named[ipsec.Group]{{}}, matrixGroups()...)
			var all []string
			for _, e := range matrixCiphers() {
				for _, h := range matrixHashes() {
					for _, g := range groups {
						all = append(all, strings.TrimSuffix(fmt.Sprintf("%s-%s-%s", e.word, h.word, g.word.Keyword()), "-"))
					}
				}
			}
			require.Len(t, all, 160)
			s.peer(t, peerConf(peerConn{version: number, esp: strings.Join(all, ",")}))
			for _, e := range matrixCiphers() {
				for _, h := range matrixHashes() {
					for _, g := range groups {
						_, child := try(t, ipsec.Phase1Proposal{Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group5},
							ipsec.Phase2Proposal{Encryption: e.word, Hash: h.word, DH: g.word})
						what := fmt.Sprintf("%s-%s-%s", e.word, h.word, g.word)
						if version == ipsec.IKEv2 && g.word != ipsec.GroupNone {
							// The group counts from the first renewal on.
							before := child.Values["spi-in"]
							require.NoError(t, session.Rekey(t.Context(), "demo0"), what)
							eventually(t, func() bool {
								children, err := s.B.Installed(t.Context(), "site")
								require.NoError(t, err)
								if len(children) != 1 || children[0].Values["spi-in"] == before {
									return false
								}
								child = children[0]
								return true
							}, func() string { return what + ": new keys" })
						}
						assert.Equal(t, e.list, child.Values["encr-alg"], what)
						assert.Equal(t, e.keysize, child.Values["encr-keysize"], what)
						assert.Equal(t, h.list, child.Values["integ-alg"], what)
						assert.Equal(t, g.list, child.Values["dh-group"], what)
					}
				}
			}
		})
	}
	_, err = session.Apply(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, 600, count)
}
