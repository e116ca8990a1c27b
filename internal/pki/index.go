package pki

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// State is what has become of a certificate that was issued.
type State string

// The states.
const (
	StateValid   State = "valid"
	StateEnding  State = "ends soon" // within 30 days
	StateExpired State = "expired"
	StateRevoked State = "revoked"
)

// Issued tells about a certificate that an authority issued.
type Issued struct {
	Serial    Serial          `json:"serial"`
	Name      string          `json:"name"` // its common name
	Use       Use             `json:"use"`
	Names     []string        `json:"names,omitempty"` // those of the request
	Key       KeyKind         `json:"key"`
	Lifetime  config.Duration `json:"lifetime"` // that it was issued with
	NotBefore time.Time       `json:"not_before"`
	NotAfter  time.Time       `json:"not_after"`
	// Revoked is when it was revoked; zero when it was not.
	Revoked time.Time `json:"revoked,omitzero"`
	// Successor is the certificate that Renew put in its place; empty when
	// there is none.
	Successor Serial `json:"successor,omitempty"`
}

// State returns what has become of it at a time.
func (i Issued) State(now time.Time) State {
	switch {
	case !i.Revoked.IsZero():
		return StateRevoked
	case now.After(i.NotAfter):
		return StateExpired
	case now.Add(endsSoon).After(i.NotAfter):
		return StateEnding
	}
	return StateValid
}

// Bounds of an authority.
const (
	maxIssued = 20_000           // certificates
	maxIndex  = maxIssued * 4096 // bytes
)

// indexVersion is the form of the index file.
const indexVersion = 1

// index is what an authority has done. It is one file, so that a power cut
// leaves either all of a change or nothing of it; the revocation list and the
// files of identities follow it.
type index struct {
	Version int             `json:"version"`
	Config  AuthorityConfig `json:"config"`
	// CRLNumber is that of the revocation list that tells what is in here.
	CRLNumber int64    `json:"crl_number"`
	Issued    []Issued `json:"issued"` // in the order of issue
	// Revoked are those of an imported authority that stand in its list, and
	// of which nothing else is known.
	Revoked []revocation `json:"revoked,omitempty"`
}

// revocation is of a certificate that is not at hand.
type revocation struct {
	Serial Serial    `json:"serial"`
	At     time.Time `json:"at"`
}

// find returns where a serial number is.
func (x *index) find(serial Serial) (int, error) {
	n := slices.IndexFunc(x.Issued, func(i Issued) bool { return i.Serial == serial })
	if n < 0 {
		return 0, fmt.Errorf("certificate %q: %w", string(serial), ErrNotFound)
	}
	return n, nil
}

// holder returns the certificate that has a name, in whatever case, and is
// neither revoked nor expired.
func (x *index) holder(name string, now time.Time) (Issued, bool) {
	for _, i := range x.Issued {
		if state := i.State(now); strings.EqualFold(i.Name, name) && state != StateRevoked && state != StateExpired {
			return i, true
		}
	}
	return Issued{}, false
}

// revoke marks a certificate.
func (x *index) revoke(n int, now time.Time, successor Serial) {
	x.Issued[n].Revoked = now.UTC().Truncate(time.Second)
	x.Issued[n].Successor = successor
	x.CRLNumber++
}

func parseIndex(text []byte) (*index, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	x := new(index)
	if err := d.Decode(x); err != nil {
		return nil, err
	}
	if x.Version != indexVersion {
		return nil, fmt.Errorf("it has version %d, this program knows %d", x.Version, indexVersion)
	}
	if err := x.Config.Validate(); err != nil {
		return nil, err
	}
	for _, i := range x.Issued {
		if serial, err := ParseSerial(string(i.Serial)); err != nil || serial != i.Serial {
			return nil, fmt.Errorf("%q is no serial number", string(i.Serial)) // it names a file
		}
	}
	for _, r := range x.Revoked {
		if serial, err := ParseSerial(string(r.Serial)); err != nil || serial != r.Serial {
			return nil, fmt.Errorf("%q is no serial number", string(r.Serial))
		}
	}
	return x, nil
}

func (x *index) text() ([]byte, error) {
	text, err := json.MarshalIndent(x, "", "\t")
	return append(text, '\n'), err
}
