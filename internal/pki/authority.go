package pki

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
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
	if err := found(dir, c, id); err != nil {
		return nil, err
	}
	return openAuthority(path)
}

// found writes the first files, the CA's certificate last: without it there
// is no authority.
func found(dir folder, c AuthorityConfig, id Identity) error {
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
	text, err := (&index{Version: indexVersion, Config: c}).text()
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

// IssueServer makes a key and a certificate for a TLS server, such as
// openvpn's. Errors are config.Errors about the request, or wrap [ErrExists]
// when a valid certificate has the name (Renew or Revoke it) or [ErrClock].
func (a *Authority) IssueServer(r Request) (Identity, error) { return a.issue(UseServer, r) }

// IssueClient makes a key and a certificate for a TLS client. Errors are those
// of IssueServer.
func (a *Authority) IssueClient(r Request) (Identity, error) { return a.issue(UseClient, r) }

// IssueIKE makes a key and a certificate for an end of IPsec. Names must hold
// the identity that the connection uses. Errors are those of IssueServer.
func (a *Authority) IssueIKE(r Request) (Identity, error) { return a.issue(UseIKE, r) }

func (a *Authority) issue(use Use, r Request) (Identity, error) {
	now := time.Now()
	id, err := a.sign(use, r, func(x *index, next Issued) error {
		if holder, taken := x.holder(next.Name, now); taken {
			return fmt.Errorf("a valid certificate of %q, serial number %s: %w; renew or revoke that", holder.Name, holder.Serial, ErrExists)
		}
		return nil
	}, now)
	if err != nil {
		return Identity{}, fmt.Errorf("pki: issue %s certificate %q: %w", use, r.Name, err)
	}
	return id, nil
}

// Renew issues a certificate with a new key in place of one that was issued,
// for as long as that one was, and revokes the old one. What has the old one
// is refused from its next handshake on. The error wraps [ErrNotFound],
// [ErrRevoked] or [ErrClock].
func (a *Authority) Renew(serial Serial) (Identity, error) {
	id, err := a.renew(serial, time.Now())
	if err != nil {
		return Identity{}, fmt.Errorf("pki: renew certificate %q: %w", string(serial), err)
	}
	return id, nil
}

func (a *Authority) renew(serial Serial, now time.Time) (Identity, error) {
	list, err := a.List()
	if err != nil {
		return Identity{}, err
	}
	n := slices.IndexFunc(list, func(i Issued) bool { return i.Serial == serial })
	if n < 0 {
		return Identity{}, ErrNotFound
	}
	old := list[n]
	r := Request{Name: old.Name, Names: old.Names, Lifetime: old.Lifetime, Key: old.Key}
	id, err := a.sign(old.Use, r, func(x *index, next Issued) error {
		n, err := x.find(serial)
		if err != nil {
			return err
		}
		if !x.Issued[n].Revoked.IsZero() {
			return fmt.Errorf("certificate of %q: %w", old.Name, ErrRevoked)
		}
		if holder, taken := x.holder(next.Name, now); taken && holder.Serial != serial {
			return fmt.Errorf("a valid certificate of %q, serial number %s: %w; renew that", holder.Name, holder.Serial, ErrExists)
		}
		x.revoke(n, now, next.Serial)
		return nil
	}, now)
	if err != nil {
		return Identity{}, err
	}
	return id, a.follow(serial, now)
}

// sign makes a key and a certificate, and enters it beside what enter does to
// the index. The file comes before the index: the index never names what is
// not there.
func (a *Authority) sign(use Use, r Request, enter func(x *index, next Issued) error, now time.Time) (Identity, error) {
	c, err := a.Config()
	if err != nil {
		return Identity{}, err
	}
	if r.Key == "" {
		r.Key = c.Key
	}
	if r.Lifetime == 0 {
		r.Lifetime = c.CertificateLifetime
	}
	if err := r.validate(); err != nil {
		return Identity{}, err
	}
	if err := a.clock(now); err != nil {
		return Identity{}, err
	}
	ca := a.id.Leaf()
	if now.After(ca.NotAfter) {
		return Identity{}, fmt.Errorf("the certificate of the authority itself expired on %s: create a new authority", day(ca.NotAfter))
	}
	end := now.Add(r.Lifetime.Std()).UTC().Truncate(time.Second)
	if end.After(ca.NotAfter) {
		end = ca.NotAfter
	}
	key, err := r.Key.generate()
	if err != nil {
		return Identity{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, r.template(use, key.Public(), now, end), ca, key.Public(), a.id.Key)
	if err != nil {
		return Identity{}, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Identity{}, err
	}
	id, err := NewIdentity(key, cert, ca)
	if err != nil {
		return Identity{}, err
	}
	next := Issued{
		Serial: id.Serial(), Name: r.Name, Use: use, Names: r.Names, Key: r.Key, Lifetime: r.Lifetime,
		NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
	}
	return id, a.change(func(x *index) error {
		if len(x.Issued) >= maxIssued {
			return fmt.Errorf("this authority has issued %d certificates, which is all that it may: create a new one", maxIssued)
		}
		if err := enter(x, next); err != nil {
			return err
		}
		x.Issued = append(x.Issued, next)
		file := string(next.Serial) + pemSuffix
		if err := a.issued.write(append(id.KeyPEM(), id.CertificatePEM()...), file); err != nil {
			return err
		}
		if err := a.save(x); err != nil {
			_ = os.Remove(a.issued.at(file)) // else OpenAuthority does it
			return err
		}
		return nil
	})
}

// Revoke revokes a certificate, deletes its key and makes the revocation list
// anew; the holder is refused from its next handshake on, once servers have
// the list. It may be repeated. The error wraps [ErrNotFound] or [ErrClock].
func (a *Authority) Revoke(serial Serial) error {
	now := time.Now()
	err := a.clock(now)
	if err == nil {
		err = a.change(func(x *index) error {
			n, err := x.find(serial)
			if err != nil || !x.Issued[n].Revoked.IsZero() {
				return err
			}
			x.revoke(n, now, "")
			return a.save(x)
		})
	}
	if err == nil {
		err = a.follow(serial, now)
	}
	if err != nil {
		return fmt.Errorf("pki: revoke certificate %q: %w", string(serial), err)
	}
	return nil
}

// follow does what follows from a revocation that stands in the index.
func (a *Authority) follow(serial Serial, now time.Time) error {
	_, err := a.maintain(now)
	err = errors.Join(err, a.issued.remove(string(serial)+pemSuffix))
	if err != nil {
		return fmt.Errorf("it is revoked, but not all is done yet, Maintain tries again: %w", err)
	}
	return nil
}
