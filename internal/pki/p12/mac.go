package p12

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"unicode/utf16"
)

// macData protects a file (RFC 7292, 4; RFC 9879).
type macData struct {
	Mac struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
	Salt       []byte
	Iterations int64 `asn1:"optional,default:1"`
}

type pbmac1Params struct {
	KDF, Scheme pkix.AlgorithmIdentifier
}

// The hashes of MACs, and the PBMAC1 that has its hash in its parameters.
var (
	oidSHA1       = []int{1, 3, 14, 3, 2, 26}
	oidSHA224     = []int{2, 16, 840, 1, 101, 3, 4, 2, 4}
	oidSHA256     = []int{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384     = []int{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512     = []int{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidPBMAC1     = []int{1, 2, 840, 113549, 1, 5, 14}
	oidHMACSHA1   = []int{1, 2, 840, 113549, 2, 7}
	oidHMACSHA224 = []int{1, 2, 840, 113549, 2, 8}
	oidHMACSHA256 = []int{1, 2, 840, 113549, 2, 9}
	oidHMACSHA384 = []int{1, 2, 840, 113549, 2, 10}
	oidHMACSHA512 = []int{1, 2, 840, 113549, 2, 11}
)

// hashOf returns the hash that an identifier stands for.
func hashOf(id asn1.ObjectIdentifier) (func() hash.Hash, error) {
	switch {
	case id.Equal(oidSHA1), id.Equal(oidHMACSHA1), len(id) == 0: // the default of PBKDF2
		return sha1.New, nil
	case id.Equal(oidSHA224), id.Equal(oidHMACSHA224):
		return sha256.New224, nil
	case id.Equal(oidSHA256), id.Equal(oidHMACSHA256):
		return sha256.New, nil
	case id.Equal(oidSHA384), id.Equal(oidHMACSHA384):
		return sha512.New384, nil
	case id.Equal(oidSHA512), id.Equal(oidHMACSHA512):
		return sha512.New, nil
	}
	return nil, fmt.Errorf("its MAC is of the kind %s, which is not supported", id)
}

// passwordForm is a password as it is hashed: two bytes a character, and two
// that end it. An empty one may also be nothing at all; programs differ.
type passwordForm []byte

func formOf(password string) (passwordForm, error) {
	var form passwordForm
	for _, unit := range utf16.Encode([]rune(password)) {
		if utf16.IsSurrogate(rune(unit)) {
			return nil, errors.New("the password has a character that PKCS#12 cannot express")
		}
		form = binary.BigEndian.AppendUint16(form, unit)
	}
	return append(form, 0, 0), nil
}

// verify reports in which form the password is good. A file without a MAC
// has no password.
func (m macData) verify(content []byte, password string) (passwordForm, error) {
	form, err := formOf(password)
	if err != nil {
		return nil, err
	}
	switch id := m.Mac.Algorithm.Algorithm; {
	case len(id) == 0 && password == "":
		return form, nil
	case len(id) == 0:
		return nil, errors.New("the file has no MAC: nothing tells whether it was changed")
	case id.Equal(oidPBMAC1):
		return form, m.verifyPBMAC1(content, password)
	}
	h, err := hashOf(m.Mac.Algorithm.Algorithm)
	if err != nil {
		return nil, err
	}
	if err := checkIterations(m.Iterations); err != nil {
		return nil, err
	}
	forms := []passwordForm{form}
	if password == "" {
		forms = append(forms, nil)
	}
	for _, form := range forms {
		if hmac.Equal(m.Mac.Digest, m.sum(h, content, form)) {
			return form, nil
		}
	}
	return nil, ErrPassword
}

// sum returns the MAC of RFC 7292, appendix B.
func (m macData) sum(h func() hash.Hash, content []byte, form passwordForm) []byte {
	mac := hmac.New(h, macKey(h, m.Salt, form, m.Iterations))
	mac.Write(content)
	return mac.Sum(nil)
}

func (m macData) verifyPBMAC1(content []byte, password string) error {
	var params pbmac1Params
	if err := unmarshal("its MAC", m.Mac.Algorithm.Parameters.FullBytes, &params); err != nil {
		return err
	}
	kdf, err := readPBKDF2(params.KDF)
	if err != nil {
		return err
	}
	prf, err := hashOf(kdf.PRF.Algorithm)
	if err != nil {
		return err
	}
	h, err := hashOf(params.Scheme.Algorithm)
	if err != nil {
		return err
	}
	if kdf.KeyLength < 20 || kdf.KeyLength > 64 || kdf.Salt.Tag != asn1.TagOctetString { // RFC 9879, 5
		return errors.New("its MAC has a key that is too short or too long")
	}
	key, err := pbkdf2.Key(prf, password, kdf.Salt.Bytes, int(kdf.Iterations), kdf.KeyLength)
	if err != nil {
		return err
	}
	mac := hmac.New(h, key)
	mac.Write(content)
	if !hmac.Equal(m.Mac.Digest, mac.Sum(nil)) {
		return ErrPassword
	}
	return nil
}

// newMac is for content that stays in memory and is read at once: it need
// not withstand anybody.
func newMac(content []byte, form passwordForm) macData {
	m := macData{Salt: make([]byte, 8), Iterations: 1}
	m.Mac.Algorithm.Algorithm = oidSHA256
	m.Mac.Digest = m.sum(sha256.New, content, form)
	return m
}

// macKey derives the key of a MAC from a password (RFC 7292, appendix B.2
// with ID 3). One block of the hash is all that a MAC needs, so that the
// steps that join blocks have no part here.
func macKey(h func() hash.Hash, salt []byte, form passwordForm, iterations int64) []byte {
	block := h().BlockSize()
	d := h()
	d.Write(bytes.Repeat([]byte{3}, block))
	d.Write(filled(salt, block))
	d.Write(filled(form, block))
	key := d.Sum(nil)
	for range iterations - 1 {
		d.Reset()
		d.Write(key)
		key = d.Sum(key[:0])
	}
	return key
}

// filled repeats b up to a multiple of block.
func filled(b []byte, block int) []byte {
	if len(b) == 0 {
		return nil
	}
	size := (len(b) + block - 1) / block * block
	return bytes.Repeat(b, size/len(b)+1)[:size]
}
