package pki

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"time"
)

// reasonSuperseded says that a certificate has a successor (RFC 5280, 5.3.1).
const reasonSuperseded = 4

// CRL returns the revocation list as PEM text, as it stands on the disk: what
// servers refuse clients by. Give it to them whenever it changes, see
// [Authority.Run]: when it ends they refuse everybody.
func (a *Authority) CRL() ([]byte, error) {
	text, err := a.dir.read(maxCRLText, crlFile)
	if err != nil {
		return nil, fmt.Errorf("pki: revocation list: %w", err)
	}
	return text, nil
}

// ParseCRL reads a revocation list, as PEM or DER.
func ParseCRL(text []byte) (*x509.RevocationList, error) {
	if len(text) > maxCRLText {
		return nil, fmt.Errorf("the revocation list is longer than %d bytes", maxCRLText)
	}
	if bytes.Contains(text, []byte("-----BEGIN ")) {
		block, _ := pem.Decode(text)
		if block == nil || block.Type != "X509 CRL" {
			return nil, errors.New(`there is no revocation list (a text beginning with "-----BEGIN X509 CRL-----")`)
		}
		text = block.Bytes
	}
	return x509.ParseRevocationList(text)
}

// Maintain makes the revocation list anew when half of its time is over, when
// the clock was set back before it, or when it does not tell what was
// revoked, and deletes what is left of revoked keys. It reports whether the
// list changed. Call it often, once a minute is cheap, or let
// [Authority.Run] do so. The error wraps [ErrClock], or is that of the file
// system.
func (a *Authority) Maintain(now time.Time) (changed bool, err error) {
	changed, err = a.maintain(now)
	if err == nil {
		err = a.change(a.tidy)
	}
	if err != nil {
		err = fmt.Errorf("pki: maintain: %w", err)
	}
	return changed, err
}

func (a *Authority) maintain(now time.Time) (changed bool, err error) {
	if err := a.clock(now); err != nil {
		return false, err
	}
	err = a.change(func(x *index) error {
		old, err := a.list()
		if err == nil && good(old, x.CRLNumber, now) {
			return nil
		}
		// The number grows from list to list (RFC 5280, 5.2.3). A revocation
		// has raised it already.
		if err == nil {
			x.CRLNumber = max(x.CRLNumber, old.Number.Int64()+1)
		} else {
			x.CRLNumber++
		}
		if err := a.save(x); err != nil {
			return err
		}
		text, err := a.signCRL(x, now)
		if err != nil {
			return err
		}
		changed = true
		return a.dir.write(text, crlFile)
	})
	return changed && err == nil, err
}

// list returns the revocation list on the disk, if it is ours.
func (a *Authority) list() (*x509.RevocationList, error) {
	text, err := a.dir.read(maxCRLText, crlFile)
	if err != nil {
		return nil, err
	}
	list, err := ParseCRL(text)
	if err != nil {
		return nil, err
	}
	if list.Number == nil || !list.Number.IsInt64() {
		return nil, errors.New("it has no number")
	}
	return list, list.CheckSignatureFrom(a.id.Leaf())
}

// good reports whether a list has the number and half of its time ahead.
func good(list *x509.RevocationList, number int64, now time.Time) bool {
	from, to := list.ThisUpdate.Add(backdate), list.NextUpdate
	half := from.Add(to.Sub(from) / 2)
	return list.Number.Cmp(big.NewInt(number)) == 0 && !now.Before(list.ThisUpdate) && now.Before(half)
}

func (a *Authority) signCRL(x *index, now time.Time) ([]byte, error) {
	t := &x509.RevocationList{
		Number:     big.NewInt(x.CRLNumber),
		ThisUpdate: now.Add(-backdate).UTC().Truncate(time.Second),
		NextUpdate: now.Add(x.Config.CRLLifetime.Std()).UTC().Truncate(time.Second),
	}
	for _, i := range x.Issued {
		if i.Revoked.IsZero() {
			continue
		}
		entry := x509.RevocationListEntry{SerialNumber: i.Serial.number(), RevocationTime: i.Revoked}
		if i.Successor != "" {
			entry.ReasonCode = reasonSuperseded
		}
		t.RevokedCertificateEntries = append(t.RevokedCertificateEntries, entry)
	}
	for _, r := range x.Revoked {
		t.RevokedCertificateEntries = append(t.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: r.Serial.number(), RevocationTime: r.At})
	}
	der, err := x509.CreateRevocationList(rand.Reader, t, a.id.Leaf(), a.id.Key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), nil
}

// checkCRL judges the revocation list on the disk.
func (a *Authority) checkCRL(x *index, now time.Time) []Finding {
	f := Finding{Severity: Fault, Subject: "revocation list of " + a.id.Name()}
	list, err := a.list()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Text = "it is missing: run Maintain"
	case err != nil:
		f.Text = "it cannot be read: " + err.Error()
	case now.After(list.NextUpdate):
		f.Text, f.At = "it expired on "+day(list.NextUpdate)+", and servers refuse every client: run Maintain", list.NextUpdate
	case now.Before(list.ThisUpdate):
		f.Text, f.At = "it is not valid before "+day(list.ThisUpdate)+": look at the clock of the system", list.ThisUpdate
	case list.Number.Cmp(big.NewInt(x.CRLNumber)) != 0:
		f.Text = "it does not tell yet what was revoked: run Maintain"
	case !good(list, x.CRLNumber, now):
		f.Severity, f.At = Warning, list.NextUpdate
		f.Text = "it should have been made anew, and ends on " + day(list.NextUpdate) + ": run Maintain"
	default:
		return nil
	}
	return []Finding{f}
}
