package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Origin is an authority that was made elsewhere, such as by easy-rsa.
type Origin struct {
	// CA is its self-signed certificate with the key: ca.crt and
	// private/ca.key of easy-rsa, the key without a passphrase.
	CA Identity
	// CRL is its revocation list, as PEM or DER: who is on it stays revoked.
	// Empty when nobody was revoked.
	CRL []byte
	// Issued are the certificates that it issued, so that they can be listed,
	// renewed and revoked. Their keys stay where they are.
	Issued []*x509.Certificate
	// Config is for what is issued from now on: its Key and lifetimes. Name
	// and Lifetime are those of CA.
	Config AuthorityConfig
}

// ImportAuthority makes an authority in a folder, as CreateAuthority does, out
// of one that was made elsewhere: all that it issued stays good. Give it up
// there: two that issue know nothing of what the other one revokes.
func ImportAuthority(path string, o Origin) (*Authority, error) {
	a, err := importAuthority(path, o, time.Now())
	if err != nil {
		return nil, fmt.Errorf("pki: import authority: %w", err)
	}
	return a, nil
}

func importAuthority(path string, o Origin, now time.Time) (*Authority, error) {
	if err := checkCA(o.CA, now); err != nil {
		return nil, err
	}
	ca := o.CA.Leaf()
	c := o.Config
	c.Name, c.Lifetime = "", config.Duration(ca.NotAfter.Sub(ca.NotBefore))
	if nameProblem(title(ca)) == "" {
		c.Name = title(ca)
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	x := &index{Version: indexVersion, Config: c.withDefaults()}
	if err := x.enter(o.Issued, ca); err != nil {
		return nil, err
	}
	if len(o.CRL) > 0 {
		if err := x.enterCRL(o.CRL, ca); err != nil {
			return nil, fmt.Errorf("its revocation list: %w", err)
		}
	}
	id, err := NewIdentity(o.CA.Key, ca)
	if err != nil {
		return nil, err
	}
	dir, err := makeFolder(path)
	if err != nil {
		return nil, err
	}
	if err := found(dir, x, id); err != nil {
		return nil, err
	}
	return openAuthority(path)
}

// checkCA refuses what cannot go on issuing.
func checkCA(id Identity, now time.Time) error {
	if id.Leaf() == nil && id.Key != nil {
		return errors.New("the private key does not belong to the certificate of the CA")
	}
	for _, f := range id.Check(UseAuthority, now) {
		if f.Severity == Fault {
			return errors.New(f.Subject + ": " + f.Text)
		}
	}
	switch ca := id.Leaf(); {
	case !ca.IsCA:
		return fmt.Errorf("%s: it is no CA's (basic constraints)", title(ca))
	case !selfIssued(ca):
		return fmt.Errorf("%s: it is signed by %q: only one that signed itself can be taken over", title(ca), ca.Issuer)
	case ca.KeyUsage != 0 && ca.KeyUsage&x509.KeyUsageCRLSign == 0:
		return fmt.Errorf("%s: it must not sign revocation lists (key usage without cRLSign)", title(ca))
	case len(ca.SubjectKeyId) == 0:
		return fmt.Errorf("%s: it has no subject key identifier, which its revocation lists need", title(ca))
	}
	return nil
}

// enter lists certificates that were issued elsewhere.
func (x *index) enter(certs []*x509.Certificate, ca *x509.Certificate) error {
	for _, c := range certs {
		if c.Equal(ca) || slices.ContainsFunc(x.Issued, func(i Issued) bool { return i.Serial == SerialOf(c) }) {
			continue
		}
		if !issued(ca, c) || forged(ca, c) {
			return fmt.Errorf("the certificate of %q is not issued by %q", title(c), title(ca))
		}
		if len(x.Issued) >= maxIssued {
			return fmt.Errorf("there are more than %d certificates", maxIssued)
		}
		x.Issued = append(x.Issued, Issued{
			Serial: SerialOf(c), Name: title(c), Use: useOf(c), Names: namesOf(c), Key: kindOf(c),
			Lifetime: config.Duration(c.NotAfter.Sub(c.NotBefore)), NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		})
	}
	return nil
}

// enterCRL marks what a list revokes, whether it is known or not.
func (x *index) enterCRL(text []byte, ca *x509.Certificate) error {
	list, err := ParseCRL(text)
	if err != nil {
		return err
	}
	if err := list.CheckSignatureFrom(ca); err != nil {
		return err
	}
	if list.Number != nil && list.Number.IsInt64() { // numbers go on growing
		x.CRLNumber = list.Number.Int64()
	}
	if len(list.RevokedCertificateEntries) > maxIssued {
		return fmt.Errorf("it has more than %d entries", maxIssued)
	}
	for _, e := range list.RevokedCertificateEntries {
		serial, at := serialOf(e.SerialNumber), e.RevocationTime.UTC()
		if n, err := x.find(serial); err == nil {
			x.Issued[n].Revoked = at
			continue
		}
		x.Revoked = append(x.Revoked, revocation{serial, at})
	}
	return nil
}

// useOf tells what a certificate is for.
func useOf(c *x509.Certificate) Use {
	has := func(u x509.ExtKeyUsage) bool { return slices.Contains(c.ExtKeyUsage, u) }
	switch server, client := has(x509.ExtKeyUsageServerAuth), has(x509.ExtKeyUsageClientAuth); {
	case server && client:
		return UseIKE
	case server:
		return UseServer
	}
	return UseClient
}

func namesOf(c *x509.Certificate) []string {
	names := slices.Concat(c.DNSNames, c.EmailAddresses)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// kindOf returns the kind of key that a successor gets: the same where there
// is one, else that of the authority.
func kindOf(c *x509.Certificate) KeyKind {
	name := describeKey(c.PublicKey)
	for _, kind := range KeyKinds() {
		if name == kind.title() {
			return kind
		}
	}
	return ""
}
