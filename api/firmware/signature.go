package firmware

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"aead.dev/minisign"
)

// manifest is what the trusted comment says about the image.
type manifest struct {
	board   string
	version string
	parsed  version
	size    int64 // bytes
}

// signature is the signature of an image by a trusted key. Its manifest is
// certain; the image is not yet.
type signature struct {
	text     []byte
	key      minisign.PublicKey
	manifest manifest
}

// readSignature checks everything that can be checked without the image.
func readSignature(text []byte, trusted []minisign.PublicKey) (signature, error) {
	var s minisign.Signature
	if err := s.UnmarshalText(text); err != nil {
		return signature{}, refused("the image is not signed: the first member of the archive is no signature of minisign")
	}
	if s.Algorithm != minisign.HashEdDSA {
		return signature{}, refused("the signature is of minisign's legacy kind, which takes the whole image in memory to check: sign with minisign 0.11 or later without -l, or with -H before that")
	}
	i := slices.IndexFunc(trusted, func(key minisign.PublicKey) bool { return key.ID() == s.KeyID })
	if i < 0 {
		return signature{}, refused("the image is signed with key %s, which is not among the trusted keys", keyID(s.KeyID))
	}
	// Signed is the signature itself with the comment behind it.
	signed := append(s.Signature[:], s.TrustedComment...)
	if !ed25519.Verify(rawKey(trusted[i]), signed, s.CommentSignature[:]) {
		return signature{}, refused("the signature is forged or damaged: its trusted comment is not what key %s signed", keyID(s.KeyID))
	}
	m, err := parseManifest(s.TrustedComment)
	if err != nil {
		return signature{}, err
	}
	return signature{text, trusted[i], m}, nil
}

// rawKey returns the key as crypto/ed25519 takes it: the last part of the
// text form, behind the algorithm and the key id.
func rawKey(key minisign.PublicKey) ed25519.PublicKey {
	raw, err := base64.StdEncoding.DecodeString(key.String())
	if err != nil || len(raw) < ed25519.PublicKeySize {
		return make(ed25519.PublicKey, ed25519.PublicKeySize) // verifies nothing
	}
	return raw[len(raw)-ed25519.PublicKeySize:]
}

func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }

// parseManifest reads a trusted comment such as
// "board:wcc-lite version:1.9.0 size:6553600".
func parseManifest(comment string) (manifest, error) {
	words := make(map[string]string)
	for word := range strings.FieldsSeq(comment) {
		key, value, _ := strings.Cut(word, ":")
		if _, twice := words[key]; twice {
			return manifest{}, refused("the trusted comment says %q twice", key)
		}
		words[key] = value
	}
	for _, key := range []string{"board", "version", "size"} {
		if words[key] == "" {
			return manifest{}, refused(`the trusted comment says no %s: sign with -t "board:NAME version:NUMBER size:BYTES"`, key)
		}
	}
	m := manifest{board: words["board"], version: words["version"]}
	if !validBoard(m.board) {
		return manifest{}, refused("the board in the trusted comment is no name of 1 to %d printable ASCII characters", maxWord)
	}
	var err error
	if m.parsed, err = parseVersion(m.version); err != nil {
		return manifest{}, refused("the trusted comment: %v", err)
	}
	m.size, err = strconv.ParseInt(words["size"], 10, 64)
	if err != nil || m.size < 1 || !consists(words["size"], digit) {
		return manifest{}, refused("the size in the trusted comment is no number of bytes")
	}
	return m, nil
}

func validBoard(s string) bool {
	return len(s) <= maxWord && consists(s, func(c byte) bool { return c > ' ' && c < 0x7f })
}
