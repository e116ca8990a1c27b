package usm

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"encoding/binary"

	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// saltSize is the length of msgPrivacyParameters, with DES and AES alike.
const saltSize = 8

// encrypt encrypts the scopedPDU with a salt that no message with this key has
// had.
func (u *User) encrypt(salt uint64, security *message.Security, s message.Sealable) {
	w := u.work.Get().(*work)
	defer u.work.Put(w)
	if u.priv == DES {
		// RFC 3414, section 8.1.1.1: boots and a counter.
		salt = uint64(security.Boots)<<32 | salt&0xffffffff
	}
	binary.BigEndian.PutUint64(s.Salt, salt)
	iv := u.iv(w, security, s.Salt)
	if u.priv == DES {
		cipher.NewCBCEncrypter(u.block, iv).CryptBlocks(s.Scoped, s.Scoped)
		return
	}
	// CFB with 128 bits. The standard library's is deprecated, since it does not
	// authenticate; here the MAC does.
	for text := s.Scoped; len(text) > 0; {
		u.block.Encrypt(w.stream[:], iv)
		n := subtle.XORBytes(text, text, w.stream[:])
		iv, text = text[:n], text[n:] // the last may be short, and is not used
	}
}

// decrypt decrypts the scopedPDU, or returns false where there is none that
// could be.
func (u *User) decrypt(m *message.Message) bool {
	if m.Encrypted == nil || len(m.Security.Salt) != saltSize || u.priv == DES && len(m.Encrypted)%des.BlockSize != 0 {
		return false
	}
	w := u.work.Get().(*work)
	defer u.work.Put(w)
	iv := u.iv(w, &m.Security, m.Security.Salt)
	plain := m.Plaintext()
	if u.priv == DES {
		cipher.NewCBCDecrypter(u.block, iv).CryptBlocks(plain, m.Encrypted)
		return true
	}
	for text := m.Encrypted; len(text) > 0; {
		u.block.Encrypt(w.stream[:], iv)
		n := subtle.XORBytes(plain, text, w.stream[:])
		iv, text, plain = text[:n], text[n:], plain[n:]
	}
	return true
}

// iv makes the initialization vector of a message, in w.
func (u *User) iv(w *work, security *message.Security, salt []byte) []byte {
	if u.priv == DES { // RFC 3414, section 8.1.1.1
		iv := w.iv[:des.BlockSize]
		subtle.XORBytes(iv, u.preIV, salt)
		return iv
	}
	// RFC 3826, section 3.1.2.1
	binary.BigEndian.PutUint32(w.iv[0:], security.Boots)
	binary.BigEndian.PutUint32(w.iv[4:], security.Time)
	copy(w.iv[8:], salt)
	return w.iv[:]
}
