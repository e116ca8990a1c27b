package pki

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
)

// Serial is the serial number of a certificate, in upper-case hexadecimal
// with an even number of digits, as openssl prints it.
type Serial string

// SerialOf returns the serial number of a certificate.
func SerialOf(c *x509.Certificate) Serial { return serialOf(c.SerialNumber) }

func serialOf(n *big.Int) Serial {
	text := strings.ToUpper(n.Text(16))
	if len(text)%2 == 1 {
		text = "0" + text
	}
	return Serial(text)
}

// ParseSerial reads a serial number as openssl, openvpn and browsers write
// it: hexadecimal in either case, with or without colons or blanks.
func ParseSerial(text string) (Serial, error) {
	digits := strings.NewReplacer(":", "", " ", "").Replace(text)
	if digits == "" || len(digits) > 40 { // 20 bytes (RFC 5280, 4.1.2.2)
		return "", errors.New("a serial number has 1 to 40 hexadecimal digits")
	}
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return "", errors.New("a serial number has hexadecimal digits only")
	}
	return serialOf(new(big.Int).SetBytes(b)), nil
}

func (s Serial) number() *big.Int {
	n, _ := new(big.Int).SetString(string(s), 16)
	return n
}
