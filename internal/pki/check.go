package pki

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/order"
)

// Use is what an identity is for.
type Use string

// The uses.
const (
	UseServer    Use = "server"    // a TLS server, such as openvpn's
	UseClient    Use = "client"    // a TLS client
	UseIKE       Use = "ike"       // either end of IPsec
	UseAuthority Use = "authority" // a CA that issues certificates
)

// UnmarshalText reads one of the four words.
func (u *Use) UnmarshalText(text []byte) error {
	use, err := config.ParseEnum(text, UseServer, UseClient, UseIKE, UseAuthority)
	if err == nil {
		*u = use
	}
	return err
}

// Severity is how bad a finding is.
type Severity string

// The severities.
const (
	Warning Severity = "warning" // it works, and should be seen to
	Fault   Severity = "fault"   // it does not work
)

// Finding is something that an operator should know about a certificate, a
// key or a revocation list.
type Finding struct {
	Severity Severity `json:"severity"`
	// Subject is the common name of the certificate, or what else it is about.
	Subject string `json:"subject"`
	// Serial is that of the certificate; empty when it is about none.
	Serial Serial `json:"serial,omitempty"`
	// Text says what is the matter and, where it is not plain, what to do.
	Text string `json:"text"`
	// At is when it became a fault or becomes one; zero when time has no part
	// in it.
	At time.Time `json:"at,omitzero"`
}

// String returns "warning: subject: text".
func (f Finding) String() string {
	return string(f.Severity) + ": " + f.Subject + ": " + f.Text
}

// How long before its end a certificate is warned of. A new CA has to reach
// every peer, which takes longer than a new certificate.
const (
	endsSoon          = 30 * 24 * time.Hour
	authorityEndsSoon = 180 * 24 * time.Hour
)

// Check judges at a time whether an identity is good for a use: that the key
// belongs to the certificate, the chain holds together, everything is valid
// and stays so for 30 days (a CA for 180), and usages, CA flags, sizes and
// algorithms are right. Faults come first. No finding means that all is well.
//
// CAs need not be those of the own certificate, since each end may have its
// own: a top of the chain that is not among them is a warning.
func (i Identity) Check(use Use, now time.Time) []Finding {
	c := checker{now: now, use: use}
	leaf := i.Leaf()
	if leaf == nil {
		c.add(Fault, nil, "there is no certificate but those of CAs", time.Time{})
	} else {
		c.key(i.Key, leaf)
		c.usage(leaf)
		c.chain(i)
	}
	if leaf != nil {
		c.certificate(leaf, Fault)
	}
	for _, cert := range i.CAs {
		c.certificate(cert, weight(i, cert))
		c.authority(cert)
	}
	return sorted(c.findings)
}

// sorted puts faults first, then what comes to pass first.
func sorted(list []Finding) []Finding {
	order.Stable(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), a.At.Compare(b.At)) // "fault" < "warning"
	})
	return list
}

// checker collects findings.
type checker struct {
	now      time.Time
	use      Use
	findings []Finding
}

func (c *checker) add(s Severity, cert *x509.Certificate, text string, at time.Time) {
	f := Finding{Severity: s, Subject: "certificate", Text: text, At: at}
	if cert != nil {
		f.Subject, f.Serial = title(cert), SerialOf(cert)
	}
	c.findings = append(c.findings, f)
}

// key judges that the private key is there and fits.
func (c *checker) key(key crypto.Signer, leaf *x509.Certificate) {
	switch {
	case key == nil:
		c.add(Fault, leaf, "its private key is missing", time.Time{})
	case !belongs(key, leaf):
		c.add(Fault, leaf, "the private key does not belong to it", time.Time{})
	}
}

// weight tells how bad it is when a CA certificate is out of date: a fault if
// nothing, or not the own certificate, can be verified without it.
func weight(i Identity, ca *x509.Certificate) Severity {
	if len(i.CAs) == 1 || slices.ContainsFunc(i.Chain, func(c *x509.Certificate) bool { return issued(ca, c) }) {
		return Fault
	}
	return Warning
}

// chain judges that each certificate is signed by the next.
func (c *checker) chain(i Identity) {
	for n, cert := range i.Chain {
		var parents []*x509.Certificate
		switch {
		case selfIssued(cert):
			parents = []*x509.Certificate{cert}
		case n+1 < len(i.Chain):
			parents = i.Chain[n+1 : n+2]
		default:
			for _, ca := range i.CAs {
				if issued(ca, cert) {
					parents = append(parents, ca)
				}
			}
			if len(parents) == 0 {
				c.add(Warning, cert, fmt.Sprintf("its issuer %q is not among the CA certificates: the other end must have it", cert.Issuer), time.Time{})
				continue
			}
		}
		if !slices.ContainsFunc(parents, func(p *x509.Certificate) bool { return !forged(p, cert) }) {
			c.add(Fault, cert, fmt.Sprintf("it is not signed by the CA certificate %q that is here: that one has another key", title(parents[0])), time.Time{})
		}
	}
}

// forged reports whether the signature of child is not parent's. Signatures
// that Go no longer judges count as good; they are found weak elsewhere.
func forged(parent, child *x509.Certificate) bool {
	err := parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
	var insecure x509.InsecureAlgorithmError
	return err != nil && !errors.As(err, &insecure) && !errors.Is(err, x509.ErrUnsupportedAlgorithm)
}

// certificate judges what holds for every certificate.
func (c *checker) certificate(cert *x509.Certificate, outOfDate Severity) {
	soon := endsSoon
	if cert.IsCA {
		soon = authorityEndsSoon
	}
	switch {
	case c.now.Before(cert.NotBefore):
		c.add(outOfDate, cert, "it is not valid before "+day(cert.NotBefore)+": look at the clock of the system, or wait", cert.NotBefore)
	case c.now.After(cert.NotAfter):
		c.add(outOfDate, cert, "it expired on "+day(cert.NotAfter)+": renew it", cert.NotAfter)
	case c.now.Add(soon).After(cert.NotAfter):
		c.add(Warning, cert, "it ends on "+day(cert.NotAfter)+": renew it before", cert.NotAfter)
	}
	if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < 2048 {
		c.add(Warning, cert, fmt.Sprintf("its RSA key has only %d bits, today's programs want 2048", key.N.BitLen()), time.Time{})
	}
	if key, ok := cert.PublicKey.(*ecdsa.PublicKey); ok && key.Params().BitSize < 256 {
		c.add(Warning, cert, fmt.Sprintf("its EC key has only %d bits, today's programs want 256", key.Params().BitSize), time.Time{})
	}
	if weakSignature(cert.SignatureAlgorithm) && !selfIssued(cert) { // nobody looks at the signature of a root
		c.add(Warning, cert, fmt.Sprintf("it is signed with %s, which today's programs refuse", cert.SignatureAlgorithm), time.Time{})
	}
}

func weakSignature(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	}
	return false
}

// authority judges that a certificate may issue others.
func (c *checker) authority(cert *x509.Certificate) {
	switch {
	case cert.Version == 1 && selfIssued(cert) && c.use != UseIKE:
		c.add(Warning, cert, "it is of the old version 1, which cannot say that it is a CA: many programs refuse it", time.Time{})
	case !cert.IsCA:
		c.add(Fault, cert, "it stands among the CA certificates, and is no CA's (basic constraints)", time.Time{})
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
		c.add(Fault, cert, "it is a CA that must not sign certificates (key usage)", time.Time{})
	}
}

// oidIKE is id-kp-ipsecIKE (RFC 4945, 5.1.3.12).
var oidIKE = []int{1, 3, 6, 1, 5, 5, 7, 3, 17}

// usage judges what the certificate itself may be used for.
func (c *checker) usage(leaf *x509.Certificate) {
	if c.use == UseAuthority {
		c.authority(leaf)
		return
	}
	if leaf.IsCA {
		c.add(Warning, leaf, "it is a CA's (basic constraints): what it is used for should have a certificate of its own", time.Time{})
	}
	const good = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	if leaf.KeyUsage != 0 && leaf.KeyUsage&good == 0 {
		c.add(c.strict(), leaf, "it must not sign (key usage without digitalSignature)", time.Time{})
	}
	has := func(wanted ...x509.ExtKeyUsage) bool {
		return slices.ContainsFunc(leaf.ExtKeyUsage, func(u x509.ExtKeyUsage) bool {
			return u == x509.ExtKeyUsageAny || slices.Contains(wanted, u)
		})
	}
	none := len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0
	switch c.use {
	case UseServer:
		switch {
		case none:
			c.add(Warning, leaf, "it does not say that it is a server's (extended key usage serverAuth): clients with remote-cert-tls server refuse it", time.Time{})
		case !has(x509.ExtKeyUsageServerAuth):
			c.add(Fault, leaf, "it is no server's (extended key usage without serverAuth)", time.Time{})
		}
	case UseClient:
		switch {
		case none:
			c.add(Warning, leaf, "it does not say that it is a client's (extended key usage clientAuth): servers with remote-cert-tls client refuse it", time.Time{})
		case !has(x509.ExtKeyUsageClientAuth):
			c.add(Fault, leaf, "it is no client's (extended key usage without clientAuth)", time.Time{})
		}
	case UseIKE:
		ike := has(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageIPSECTunnel, x509.ExtKeyUsageIPSECEndSystem, x509.ExtKeyUsageIPSECUser) ||
			slices.ContainsFunc(leaf.UnknownExtKeyUsage, asn1.ObjectIdentifier(oidIKE).Equal)
		if !none && !ike {
			c.add(Warning, leaf, "it is for other things than IPsec (extended key usage): some peers refuse it", time.Time{})
		}
	}
}

// strict is a fault where OpenSSL checks usages, and a warning with IKE,
// where daemons do not agree.
func (c *checker) strict() Severity {
	if c.use == UseIKE {
		return Warning
	}
	return Fault
}

// day writes a time to the day, in UTC.
func day(t time.Time) string { return t.UTC().Format("2006-01-02") }
