package ipsec

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/pki"
)

// Resolution is a Config ready for a daemon.
type Resolution struct {
	// Definitions are the enabled connections, in the order of the Config.
	Definitions []Definition
	// Refused are enabled connections that cannot work, by name: a file is
	// missing, or a certificate is no good.
	Refused map[string]*Failure
	// Notices are what to know about the certificates of a connection, by its
	// name: that they end soon, for example.
	Notices map[string][]string
}

// Resolve looks up what the enabled connections refer to, reads the files of
// certificate sets, and judges the certificates as of now. A connection whose
// certificates are no good is refused and holds up no other. The error is
// that of Validate. A disabled Config has no connections.
func (c Config) Resolve(now time.Time) (Resolution, error) {
	k := c.check()
	if err := k.errs.Err(); err != nil {
		return Resolution{}, err
	}
	r := Resolution{Refused: make(map[string]*Failure), Notices: make(map[string][]string)}
	if !c.Enabled {
		return r, nil
	}
	sets := make(map[string]resolvedSet)
	for _, conn := range c.Connections {
		if !conn.Enabled {
			continue
		}
		d := Definition{Connection: conn.normal()}
		for _, name := range d.Connection.Phase1 {
			p := k.phase1[name]
			p.Name = name
			d.Phase1 = append(d.Phase1, p)
		}
		for _, name := range d.Connection.Phase2 {
			p := k.phase2[name]
			p.Name = name
			d.Phase2 = append(d.Phase2, p)
		}
		if name := d.CertificateSet; name != "" {
			set, known := sets[name]
			if !known {
				set = resolveSet(k.sets[name], now)
				sets[name] = set
			}
			r.Notices[d.Name] = set.notices
			if err := set.problem(d.LocalID); err != "" {
				r.Refused[d.Name] = &Failure{
					Connection: d.Name, Cause: CauseCertificate, At: now,
					Detail: fmt.Sprintf("certificate set %q: %s", name, err),
				}
				continue
			}
			d.Set = &set.CertificateSet
		}
		r.Definitions = append(r.Definitions, d)
	}
	return r, nil
}

// resolvedSet is a certificate set with the text of its files.
type resolvedSet struct {
	CertificateSet
	credentials credentials
	fault       string
	notices     []string
}

func resolveSet(s CertificateSet, now time.Time) resolvedSet {
	s.Name = normalName(s.Name)
	r := resolvedSet{}
	var err error
	if r.CertificateSet, err = s.read(); err != nil {
		r.fault = err.Error()
		return r
	}
	c, fault := r.parse()
	if fault != nil {
		r.fault = fault.field + ": " + fault.text
		return r
	}
	r.credentials = c
	var faults []string
	for _, f := range c.check(now) {
		text := f.Subject + ": " + f.Text
		if f.Severity == pki.Fault {
			faults = append(faults, text)
		} else {
			r.notices = append(r.notices, text)
		}
	}
	r.fault = strings.Join(faults, "; ")
	return r
}

// problem returns why the set cannot serve as an identity; empty when it can.
func (r resolvedSet) problem(localID string) string {
	switch {
	case r.fault != "":
		return r.fault
	case !r.credentials.covers(localID):
		return fmt.Sprintf("the certificate does not prove local_id %q, but only: %s", localID, r.credentials.identities())
	}
	return ""
}
