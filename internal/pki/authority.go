package pki

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// The files of an authority.
const (
	caFile     = "ca.pem"     // certificate and key
	indexFile  = "index.json" // what was issued and revoked
	crlFile    = "crl.pem"
	lockFile   = "lock"
	issuedDir  = "issued" // one file per certificate that is not revoked
	pemSuffix  = ".pem"
	maxCRLText = maxIssued * 128
)

// Authority is a certificate authority in a folder of its own. It keeps all
// that it issued, keys included, until that is revoked.
//
// Methods are safe for concurrent use, also by several programs on one folder:
// each change locks the folder and begins with what is on the disk. A power
// cut leaves a change done or not begun; what follows from it, such as the
// revocation list, [OpenAuthority] and [Authority.Maintain] make good.
type Authority struct {
	dir    folder
	issued folder
	id     Identity
}

// CreateAuthority makes an authority in a folder, which it makes too unless
// it is there. Errors are those of [AuthorityConfig.Validate], wrap
// [ErrExists] when the folder holds an authority, or are those of the file
// system.
func CreateAuthority(path string, c AuthorityConfig) (*Authority, error) {
	a, err := createAuthority(path, c)
	if err != nil {
		return nil, fmt.Errorf("pki: create authority: %w", err)
	}
	return a, nil
}

func createAuthority(path string, c AuthorityConfig) (*Authority, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	id, err := selfSigned(c, time.Now())
	if err != nil {
		return nil, err
	}
	dir, err := makeFolder(path)
	if err != nil {
		return nil, err
	}
	if err := found(dir, &index{Version: indexVersion, Config: c}, id); err != nil {
		return nil, err
	}
	return openAuthority(path)
}

// found writes the first files, the CA's certificate last: without it there
// is no authority.
func found(dir folder, x *index, id Identity) error {
	unlock, err := lock(dir.at(lockFile))
	if err != nil {
		return err
	}
	defer unlock()
	switch exists, err := dir.has(caFile); {
	case err != nil:
		return err
	case exists:
		return fmt.Errorf("an authority in %s: %w", string(dir), ErrExists)
	}
	if _, err := makeFolder(dir.at(issuedDir)); err != nil {
		return err
	}
	text, err := x.text()
	if err != nil {
		return err
	}
	if err := dir.write(text, indexFile); err != nil {
		return err
	}
	return dir.write(append(id.KeyPEM(), id.CertificatePEM()...), caFile)
}

// selfSigned makes the CA's own certificate.
func selfSigned(c AuthorityConfig, now time.Time) (Identity, error) {
	key, err := c.Key.generate()
	if err != nil {
		return Identity{}, err
	}
	t := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: c.Name},
		NotBefore:             now.Add(-backdate).UTC().Truncate(time.Second),
		NotAfter:              now.Add(c.Lifetime.Std()).UTC().Truncate(time.Second),
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // it issues no further CAs
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		SubjectKeyId:          keyID(key.Public()),
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return Identity{}, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Identity{}, err
	}
	return NewIdentity(key, cert)
}

// OpenAuthority opens the authority in a folder, and makes good what a power
// cut left. The error wraps [fs.ErrNotExist] when there is none.
func OpenAuthority(path string) (*Authority, error) {
	a, err := openAuthority(path)
	if err != nil {
		return nil, fmt.Errorf("pki: open authority: %w", err)
	}
	return a, nil
}

func openAuthority(path string) (*Authority, error) {
	dir, err := openFolder(path)
	if err != nil {
		return nil, err
	}
	text, err := dir.read(maxText, caFile)
	if err != nil {
		return nil, err
	}
	id, err := ParsePEM(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir.at(caFile), err)
	}
	if leaf := id.Leaf(); leaf == nil || !leaf.IsCA || !belongs(id.Key, leaf) {
		return nil, fmt.Errorf("%s: it does not hold a CA certificate and its key", dir.at(caFile))
	}
	issued, err := openFolder(dir.at(issuedDir))
	if err != nil {
		return nil, err
	}
	a := &Authority{dir: dir, issued: issued, id: id}
	if err := a.change(a.tidy); err != nil {
		return nil, err
	}
	if _, err := a.maintain(time.Now()); err != nil && !errors.Is(err, ErrClock) {
		return nil, err
	}
	return a, nil
}

// tidy removes the files of certificates that are not in the index, which
// nobody has seen, and of those that are revoked.
func (a *Authority) tidy(x *index) error {
	names, err := a.issued.list("")
	if err != nil {
		return err
	}
	keep := make(map[string]bool, len(x.Issued))
	for _, i := range x.Issued {
		keep[string(i.Serial)+pemSuffix] = i.Revoked.IsZero()
	}
	for _, name := range names {
		if !keep[name] {
			err = errors.Join(err, a.issued.remove(name))
		}
	}
	return err
}

// change calls f with what is on the disk, while nobody else changes it.
func (a *Authority) change(f func(*index) error) error {
	unlock, err := lock(a.dir.at(lockFile))
	if err != nil {
		return err
	}
	defer unlock()
	x, err := a.load()
	if err != nil {
		return err
	}
	return f(x)
}

func (a *Authority) load() (*index, error) {
	text, err := a.dir.read(maxIndex, indexFile)
	if err != nil {
		return nil, err
	}
	x, err := parseIndex(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.dir.at(indexFile), err)
	}
	return x, nil
}

func (a *Authority) save(x *index) error {
	text, err := x.text()
	if err != nil {
		return err
	}
	return a.dir.write(text, indexFile)
}

// clock refuses to date anything while the clock cannot be right.
func (a *Authority) clock(now time.Time) error {
	if made := a.id.Leaf().NotBefore; now.Before(made) {
		return fmt.Errorf("%w: it says %s, before the authority was made on %s", ErrClock, day(now), day(made))
	}
	return nil
}

// Certificate returns the CA's own certificate.
func (a *Authority) Certificate() *x509.Certificate { return a.id.Leaf() }

// CAPEM returns the CA's own certificate as PEM text: what servers and
// clients verify each other with.
func (a *Authority) CAPEM() []byte { return a.id.CertificatePEM() }

// String names the authority.
func (a *Authority) String() string { return fmt.Sprintf("authority %q", a.id.Name()) }

// Config returns what the authority was made with, defaults filled in.
func (a *Authority) Config() (AuthorityConfig, error) {
	x, err := a.load()
	if err != nil {
		return AuthorityConfig{}, fmt.Errorf("pki: %w", err)
	}
	return x.Config, nil
}

// List tells about all that was issued, in the order of issue.
func (a *Authority) List() ([]Issued, error) {
	x, err := a.load()
	if err != nil {
		return nil, fmt.Errorf("pki: list certificates: %w", err)
	}
	return x.Issued, nil
}

// Check judges the authority at a time: its own certificate (warned of 180
// days before its end), the certificates that it issued and are not revoked
// (30 days), and its revocation list. Faults come first.
func (a *Authority) Check(now time.Time) ([]Finding, error) {
	x, err := a.load()
	if err != nil {
		return nil, fmt.Errorf("pki: check: %w", err)
	}
	findings := a.id.Check(UseAuthority, now)
	for _, i := range x.Issued {
		f := Finding{Warning, i.Name, i.Serial, "", i.NotAfter}
		switch i.State(now) {
		case StateExpired:
			f.Severity, f.Text = Fault, "it expired on "+day(i.NotAfter)+": renew or revoke it"
		case StateEnding:
			f.Text = "it ends on " + day(i.NotAfter) + ": renew it before"
		default:
			continue
		}
		findings = append(findings, f)
	}
	return sorted(append(findings, a.checkCRL(x, now)...)), nil
}

// Identity returns a certificate that was issued, with its key and the CA. The
// error wraps [ErrNotFound], or [ErrRevoked]: the keys of revoked ones are
// not kept.
func (a *Authority) Identity(serial Serial) (Identity, error) {
	id, err := a.identity(serial)
	if err != nil {
		return Identity{}, fmt.Errorf("pki: %w", err)
	}
	return id, nil
}

func (a *Authority) identity(serial Serial) (Identity, error) {
	x, err := a.load()
	if err != nil {
		return Identity{}, err
	}
	n, err := x.find(serial)
	if err != nil {
		return Identity{}, err
	}
	if !x.Issued[n].Revoked.IsZero() {
		return Identity{}, fmt.Errorf("certificate %q of %q: %w", string(serial), x.Issued[n].Name, ErrRevoked)
	}
	text, err := a.issued.read(maxText, string(serial)+pemSuffix)
	if errors.Is(err, fs.ErrNotExist) { // revoked a moment ago
		return Identity{}, fmt.Errorf("certificate %q: %w", string(serial), errors.Join(ErrNotFound, err))
	}
	if err != nil {
		return Identity{}, err
	}
	return ParsePEM(text, a.CAPEM())
}
