package ipsec

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/internal/secretfile"
)

// maxPEM is how large a PEM text may be.
const maxPEM = 256 << 10

// isPEM tells a text from the path of a file.
func isPEM(text string) bool { return strings.Contains(text, "-----BEGIN") }

// certificateSet checks a set as far as it goes without its files.
func (k *checker) certificateSet(path string, s CertificateSet) {
	before := len(k.errs)
	k.pemField(path+".ca", s.CA, s.PeerCertificate == "")
	k.pemField(path+".certificate", s.Certificate, true)
	k.pemField(path+".key", s.Key.Reveal(), true)
	k.pemField(path+".peer_certificate", s.PeerCertificate, false)
	if len(k.errs) > before || !s.inline() {
		return
	}
	c, fault := s.parse()
	if fault != nil {
		k.errs.Addf(path+"."+fault.field, "%s", fault.text)
		return
	}
	k.credentials[normalName(s.Name)] = c
	for _, f := range c.check(time.Now()) {
		switch {
		case !f.At.IsZero(): // valid or not today: Resolve looks at that
		case f.Severity == pki.Fault:
			k.errs.Addf(path, "%s: %s", f.Subject, f.Text)
		default:
			k.warnf(path, "%s: %s", f.Subject, f.Text)
		}
	}
}

func (k *checker) pemField(path, text string, required bool) {
	switch {
	case text == "" && required:
		k.errs.Addf(path, "required: PEM text, or the absolute path of a file with it")
	case text == "":
	case len(text) > maxPEM:
		k.errs.Addf(path, "it is longer than %d bytes", maxPEM)
	case !isPEM(text) && !filepath.IsAbs(text): // not shown: it may be a part of a key
		k.errs.Addf(path, "it is neither PEM text (-----BEGIN ...) nor the absolute path of a file")
	}
}

// inline tells whether no field names a file.
func (s CertificateSet) inline() bool {
	return !slices.ContainsFunc([]string{s.CA, s.Certificate, s.Key.Reveal(), s.PeerCertificate}, func(text string) bool {
		return text != "" && !isPEM(text)
	})
}

// read returns the set with the text of its files.
func (s CertificateSet) read() (CertificateSet, error) {
	for _, f := range []struct {
		name string
		text *string
	}{{"ca", &s.CA}, {"certificate", &s.Certificate}, {"peer_certificate", &s.PeerCertificate}} {
		if *f.text == "" || isPEM(*f.text) {
			continue
		}
		text, err := readFile(*f.text)
		if err != nil {
			return s, fmt.Errorf("%s: %w", f.name, err)
		}
		*f.text = text
	}
	if key := s.Key.Reveal(); !isPEM(key) {
		text, err := secretfile.Read(key, maxPEM)
		if err != nil {
			return s, fmt.Errorf("key: file %s: %w", key, err)
		}
		s.Key = NewSecret(text)
	}
	return s, nil
}

func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(text) > maxPEM {
		err = fmt.Errorf("%s is longer than %d bytes", path, maxPEM)
	}
	return string(text), err
}

// credentials are a set whose texts have been understood.
type credentials struct {
	pki.Identity
	peer *x509.Certificate // nil without
}

// pemFault is why a text cannot be used.
type pemFault struct{ field, text string }

// parse reads the PEM texts of a set.
func (s CertificateSet) parse() (credentials, *pemFault) {
	var c credentials
	for _, f := range []struct{ field, text string }{{"ca", s.CA}, {"certificate", s.Certificate}, {"peer_certificate", s.PeerCertificate}} {
		if f.text == "" {
			continue
		}
		list, err := pki.ParseCertificates([]byte(f.text))
		switch {
		case err != nil:
			return c, &pemFault{f.field, err.Error()}
		case len(list) == 0:
			return c, &pemFault{f.field, "there is no certificate in it"}
		case f.field == "peer_certificate" && len(list) > 1:
			return c, &pemFault{f.field, fmt.Sprintf("it holds %d certificates, want only the peer's own", len(list))}
		case f.field == "peer_certificate":
			c.peer = list[0]
		}
	}
	id, err := pki.ParsePEM([]byte(s.Certificate), []byte(s.Key.Reveal()), []byte(s.CA))
	switch {
	case err != nil: // the certificates are good, so that it is the key
		return c, &pemFault{"key", err.Error()}
	case id.Key == nil:
		return c, &pemFault{"key", "there is no private key in it"}
	}
	c.Identity = id
	return c, nil
}

// check judges the certificates at a time.
func (c credentials) check(now time.Time) []pki.Finding {
	list := c.Identity.Check(pki.UseIKE, now)
	if c.peer == nil {
		return list
	}
	// Of the peer's certificate we have no key; its dates are what matters.
	for _, f := range (pki.Identity{Chain: []*x509.Certificate{c.peer}, CAs: c.CAs}).Check(pki.UseIKE, now) {
		if !f.At.IsZero() && !slices.Contains(list, f) {
			f.Subject = "peer " + f.Subject
			list = append(list, f)
		}
	}
	return list
}

// covers tells whether the own certificate proves an identity; an empty one
// is the subject of the certificate.
func (c credentials) covers(id string) bool {
	leaf := c.Leaf()
	if id == "" || leaf == nil {
		return true
	}
	if addr, err := netip.ParseAddr(id); err == nil {
		return slices.ContainsFunc(leaf.IPAddresses, func(ip net.IP) bool {
			have, ok := netip.AddrFromSlice(ip)
			return ok && have.Unmap() == addr.Unmap()
		})
	}
	if kind, _, typed := strings.Cut(id, ":"); typed && !strings.Contains(kind, "=") || strings.HasPrefix(id, "@#") {
		return true // of a kind of its own, such as keyid: the daemon knows
	}
	if strings.Contains(id, "=") {
		return sameSubject(id, leaf)
	}
	id = strings.TrimPrefix(id, "@")
	return slices.ContainsFunc(append(slices.Clone(leaf.DNSNames), leaf.EmailAddresses...), func(name string) bool {
		return strings.EqualFold(name, id)
	})
}

// sameSubject compares a distinguished name in text form, such as
// "C=CH, O=Example, CN=gateway", with the subject of a certificate.
func sameSubject(text string, cert *x509.Certificate) bool {
	separator := ","
	if strings.HasPrefix(text, "/") {
		separator, text = "/", text[1:]
	}
	var want []string
	for part := range strings.SplitSeq(text, separator) {
		kind, value, _ := strings.Cut(part, "=")
		want = append(want, strings.ToUpper(strings.TrimSpace(kind))+"="+strings.TrimSpace(value))
	}
	var have []string
	for _, part := range cert.Subject.Names {
		have = append(have, attributeName(part.Type.String())+"="+fmt.Sprint(part.Value))
	}
	slices.Sort(want)
	slices.Sort(have)
	return slices.EqualFunc(want, have, strings.EqualFold)
}

// attributeNames are those of RFC 4519 and the usual ones beyond it.
var attributeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "T", "2.5.4.42": "G", "2.5.4.43": "I",
	"1.2.840.113549.1.9.1": "E", "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
}

func attributeName(oid string) string {
	if name, ok := attributeNames[oid]; ok {
		return name
	}
	return oid
}

// identities tells what a certificate proves, for messages.
func (c credentials) identities() string {
	leaf := c.Leaf()
	names := append(slices.Clone(leaf.DNSNames), leaf.EmailAddresses...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return strings.Join(append(names, leaf.Subject.String()), "; ")
}
