package pki

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

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
