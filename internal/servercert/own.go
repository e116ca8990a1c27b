package servercert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/netip"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
	"github.com/fieldgate/fieldgate/internal/secretfile"
)

const (
	// ownCertTime is how long an own certificate is valid; clients refuse
	// those of more than 825 days.
	ownCertTime = 2 * 365 * 24 * time.Hour
	// ownCertEarly is how long before its end a new one is made.
	ownCertEarly = 30 * 24 * time.Hour
	// ownCertBack is how far before now it begins: clocks differ.
	ownCertBack = 24 * time.Hour
)

// ownCertificate is a certificate that the device makes for itself, with its
// private key in one file.
type ownCertificate struct {
	path  string
	names []string
	leaf  *x509.Certificate // nil until ensure
	text  []byte            // of the file
	// mayBeUnstored: one that cannot be stored is used all the same; unstored
	// is why it is not.
	mayBeUnstored bool
	unstored      error
}

func newOwnCertificate(path string, names []string, mayBeUnstored bool) *ownCertificate {
	o := &ownCertificate{path: path, mayBeUnstored: mayBeUnstored}
	for _, name := range names {
		if ip, err := netip.ParseAddr(name); err == nil { // as named reads it back
			name = ip.Unmap().WithZone("").String()
		}
		o.names = append(o.names, name)
	}
	if len(o.names) == 0 {
		o.names = []string{"localhost"}
	}
	return o
}

// due reports whether a new certificate has to be made: the end is near, or
// the clock was wrong when this one was made.
func (o *ownCertificate) due(now time.Time) bool {
	return o.leaf == nil || now.After(o.leaf.NotAfter.Add(-ownCertEarly)) || now.Before(o.leaf.NotBefore)
}

// ensure brings a certificate into the file that is valid and has the names.
func (o *ownCertificate) ensure(now time.Time) error {
	if o.unstored != nil && !o.due(now) {
		return nil // what is in use
	}
	text, err := secretfile.Read(o.path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		return o.make(key, now)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", o.path, err)
	}
	pair, err := tls.X509KeyPair([]byte(text), []byte(text))
	if err != nil {
		return fmt.Errorf("%s: %w; remove the file to have a new one made", o.path, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return fmt.Errorf("%s holds a key of another kind; remove the file to have a new one made", o.path)
	}
	o.leaf, o.text = pair.Leaf, []byte(text)
	if o.due(now) || !o.named() {
		return o.make(key, now)
	}
	return nil
}

// named reports whether the certificate has these names and no other.
func (o *ownCertificate) named() bool {
	has := slices.Clone(o.leaf.DNSNames)
	for _, ip := range o.leaf.IPAddresses {
		has = append(has, ip.String())
	}
	return slices.Equal(slices.Sorted(slices.Values(has)), slices.Sorted(slices.Values(o.names)))
}

// make stores a new certificate for key.
func (o *ownCertificate) make(key *ecdsa.PrivateKey, now time.Time) error {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          serial.Add(serial, big.NewInt(1)), // never 0: RFC 5280, 4.1.2.2
		Subject:               pkix.Name{CommonName: o.names[0]},
		NotBefore:             now.Add(-ownCertBack),
		NotAfter:              now.Add(ownCertTime),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, // and no authority
	}
	for _, name := range o.names {
		if ip, err := netip.ParseAddr(name); err == nil {
			template.IPAddresses = append(template.IPAddresses, ip.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	// A buffer takes all.
	_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	_ = pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	o.unstored = atomicfile.Write(o.path, text.Bytes())
	if o.unstored != nil && !o.mayBeUnstored {
		return fmt.Errorf("the certificate cannot be stored: %w", o.unstored)
	}
	o.text = text.Bytes()
	o.leaf, err = x509.ParseCertificate(der)
	return err
}
