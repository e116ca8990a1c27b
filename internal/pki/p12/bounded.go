package p12

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
)

// The object identifiers of RFC 7292 and RFC 8018 that tell parts apart.
var (
	oidData          = []int{1, 2, 840, 113549, 1, 7, 1}
	oidEncryptedData = []int{1, 2, 840, 113549, 1, 7, 6}
	oidKeyBag        = []int{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidShroudedBag   = []int{1, 2, 840, 113549, 1, 12, 10, 1, 2}
	oidPBES2         = []int{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2        = []int{1, 2, 840, 113549, 1, 5, 12}
)

// pfx is a whole file (RFC 7292, 4).
type pfx struct {
	Version  int
	AuthSafe contentInfo
	MacData  macData `asn1:"optional"`
}

type contentInfo struct {
	ContentType asn1.ObjectIdentifier
	Content     asn1.RawValue `asn1:"tag:0,explicit,optional"`
}

type encryptedData struct {
	Version int
	Content struct {
		ContentType asn1.ObjectIdentifier
		Algorithm   pkix.AlgorithmIdentifier
		Encrypted   asn1.RawValue `asn1:"tag:0,optional"`
	}
}

type safeBag struct {
	ID         asn1.ObjectIdentifier
	Value      asn1.RawValue `asn1:"tag:0,explicit"`
	Attributes asn1.RawValue `asn1:"set,optional"`
}

type shroudedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Encrypted []byte
}

// pbeParams are those of the algorithms of RFC 7292, appendix C.
type pbeParams struct {
	Salt       []byte
	Iterations int64
}

type pbes2Params struct {
	KDF, Scheme pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt       asn1.RawValue
	Iterations int64
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

// unmarshal reads all of b, with an error that says what it is.
func unmarshal(what string, b []byte, into any) error {
	rest, err := asn1.Unmarshal(b, into)
	if err == nil && len(rest) > 0 {
		err = errors.New("something follows it")
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", what, err)
	}
	return nil
}

// bounded returns a file with the same content, whose decoder is kept from
// endless work. A file names how often a password is hashed, and the decoder
// of go-pkcs12 obeys whatever number. What stands in the open is checked
// here. A number inside an encrypted part cannot be: so the part with the
// private key, which every program leaves in the open, is put first, and the
// decoder refuses a second key before it looks at its number. The MAC, which
// covers the order, is verified here and made anew.
func bounded(file []byte, password string) ([]byte, error) {
	var p pfx
	if err := unmarshal("the file", file, &p); err != nil {
		return nil, fmt.Errorf("%w; is it a PKCS#12 file (.p12, .pfx) in DER form?", err)
	}
	if !p.AuthSafe.ContentType.Equal(oidData) {
		return nil, errors.New("the file is protected by a public key: want one protected by a password")
	}
	var content []byte
	if err := unmarshal("its content", p.AuthSafe.Content.Bytes, &content); err != nil {
		return nil, err
	}
	form, err := p.MacData.verify(content, password)
	if err != nil {
		return nil, err
	}
	var parts []asn1.RawValue
	if err := unmarshal("its list of parts", content, &parts); err != nil {
		return nil, err
	}
	var open, encrypted []asn1.RawValue
	keys := 0
	for _, part := range parts {
		n, isOpen, err := look(part)
		if err != nil {
			return nil, err
		}
		keys += n
		if isOpen {
			open = append(open, part)
		} else {
			encrypted = append(encrypted, part)
		}
	}
	if keys != 1 {
		return nil, fmt.Errorf("it has %d private keys outside its encrypted parts, want 1", keys)
	}
	return rebuild(append(open, encrypted...), form)
}

// look checks a part of a file. It returns how many private keys it can see,
// and whether it sees all of the part.
func look(part asn1.RawValue) (keys int, open bool, err error) {
	var info contentInfo
	if err := unmarshal("a part", part.FullBytes, &info); err != nil {
		return 0, false, err
	}
	switch {
	case info.ContentType.Equal(oidEncryptedData):
		var data encryptedData
		if err := unmarshal("an encrypted part", info.Content.Bytes, &data); err != nil {
			return 0, false, err
		}
		return 0, false, checkWork(data.Content.Algorithm)
	case info.ContentType.Equal(oidData):
		var inner []byte
		if err := unmarshal("a part", info.Content.Bytes, &inner); err != nil {
			return 0, false, err
		}
		keys, err := lookOpen(inner)
		return keys, true, err
	}
	return 0, false, fmt.Errorf("it has a part of the kind %s, which is not supported", info.ContentType)
}

// lookOpen counts and checks the private keys of a part in the open.
func lookOpen(inner []byte) (keys int, err error) {
	var bags []safeBag
	if err := unmarshal("a part's content", inner, &bags); err != nil {
		return 0, err
	}
	for _, bag := range bags {
		switch {
		case bag.ID.Equal(oidKeyBag):
			keys++
		case bag.ID.Equal(oidShroudedBag):
			keys++
			var key shroudedKey
			if err := unmarshal("the encrypted private key", bag.Value.Bytes, &key); err != nil {
				return 0, err
			}
			if err := checkWork(key.Algorithm); err != nil {
				return 0, err
			}
		}
	}
	return keys, nil
}

// checkWork refuses an encryption whose key takes too long to derive.
func checkWork(a pkix.AlgorithmIdentifier) error {
	if !a.Algorithm.Equal(oidPBES2) {
		var params pbeParams
		if err := unmarshal("an encryption", a.Parameters.FullBytes, &params); err != nil {
			return err
		}
		return checkIterations(params.Iterations)
	}
	var params pbes2Params
	if err := unmarshal("an encryption", a.Parameters.FullBytes, &params); err != nil {
		return err
	}
	_, err := readPBKDF2(params.KDF)
	return err
}

// readPBKDF2 reads and checks the parameters of a key derivation.
func readPBKDF2(a pkix.AlgorithmIdentifier) (pbkdf2Params, error) {
	var params pbkdf2Params
	if !a.Algorithm.Equal(oidPBKDF2) {
		return params, fmt.Errorf("its keys are derived by %s, which is not supported: want PBKDF2", a.Algorithm)
	}
	if err := unmarshal("a key derivation", a.Parameters.FullBytes, &params); err != nil {
		return params, err
	}
	return params, checkIterations(params.Iterations)
}

func checkIterations(n int64) error {
	if n < 1 || n > maxIterations {
		return fmt.Errorf("it wants its password hashed %d times, 1 to %d are allowed", n, maxIterations)
	}
	return nil
}

// rebuild writes a file of the parts, in their order.
func rebuild(parts []asn1.RawValue, form passwordForm) ([]byte, error) {
	content, err := asn1.Marshal(parts)
	if err != nil {
		return nil, err
	}
	wrapped, err := asn1.Marshal(content)
	if err != nil {
		return nil, err
	}
	p := pfx{Version: 3}
	p.AuthSafe.ContentType = oidData
	p.AuthSafe.Content = asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: wrapped}
	p.MacData = newMac(content, form)
	return asn1.Marshal(p)
}
