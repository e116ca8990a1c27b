package pki

import (
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

const aDay = config.Duration(24 * time.Hour)

// The lifetimes of a zero [AuthorityConfig], those of easy-rsa 3.
const (
	DefaultLifetime            = 3650 * aDay
	DefaultCertificateLifetime = 825 * aDay
	DefaultCRLLifetime         = 180 * aDay
)

// AuthorityConfig is what a new certificate authority is like. The zero value
// is good.
type AuthorityConfig struct {
	// Name is the common name in the CA's certificate: 1 to 64 of A-Z a-z 0-9
	// blank . _ @ -, beginning with a letter or digit. Default "Fieldgate CA".
	Name string `yaml:"name" json:"name"`
	// Key is the kind of the CA's key, and of those of the certificates unless
	// a request says otherwise. Default P256.
	Key KeyKind `yaml:"key" json:"key"`
	// Lifetime of the CA's certificate, 1 day to 50 years. Default 3650 days.
	// Nothing that it issues outlives it.
	Lifetime config.Duration `yaml:"lifetime" json:"lifetime"`
	// CertificateLifetime is that of certificates whose request says nothing
	// else, 1 hour to 50 years. Default 825 days.
	CertificateLifetime config.Duration `yaml:"certificate_lifetime" json:"certificate_lifetime"`
	// CRLLifetime is for how long a revocation list is valid, 1 hour to 50
	// years. Default 180 days. It is made anew after half of that.
	CRLLifetime config.Duration `yaml:"crl_lifetime" json:"crl_lifetime"`
}

// withDefaults returns c with every zero filled in.
func (c AuthorityConfig) withDefaults() AuthorityConfig {
	if c.Name == "" {
		c.Name = "Fieldgate CA"
	}
	if c.Key == "" {
		c.Key = P256
	}
	if c.Lifetime == 0 {
		c.Lifetime = DefaultLifetime
	}
	if c.CertificateLifetime == 0 {
		c.CertificateLifetime = DefaultCertificateLifetime
	}
	if c.CRLLifetime == 0 {
		c.CRLLifetime = DefaultCRLLifetime
	}
	return c
}

const longest = 50 * 366 * aDay

// Validate returns every fault as config.Errors.
func (c AuthorityConfig) Validate() error {
	c = c.withDefaults()
	var e config.Errors
	if problem := nameProblem(c.Name); problem != "" {
		e.Addf("name", "%s", problem)
	}
	checkKind(&e, "key", c.Key)
	checkLifetime(&e, "lifetime", c.Lifetime, aDay)
	checkLifetime(&e, "certificate_lifetime", c.CertificateLifetime, config.Duration(time.Hour))
	checkLifetime(&e, "crl_lifetime", c.CRLLifetime, config.Duration(time.Hour))
	return e.Err()
}

// Warnings tells what works and should be thought over.
func (c AuthorityConfig) Warnings() []config.Warning {
	c = c.withDefaults()
	var list []config.Warning
	if c.CertificateLifetime > c.Lifetime {
		list = append(list, config.Warning{Path: "certificate_lifetime", Text: "it is longer than that of the CA, with which all certificates end"})
	}
	if c.CertificateLifetime > 825*aDay {
		list = append(list, config.Warning{Path: "certificate_lifetime", Text: "more than 825 days: a lost key is good for long, and some programs refuse such certificates"})
	}
	if c.CRLLifetime < 7*aDay {
		list = append(list, config.Warning{Path: "crl_lifetime", Text: "less than a week: a gateway that is off for that long refuses every client until the list is made anew"})
	}
	return list
}

func checkKind(e *config.Errors, path string, kind KeyKind) {
	if err := new(KeyKind).UnmarshalText([]byte(kind)); err != nil {
		e.Addf(path, "%s", err)
	}
}

func checkLifetime(e *config.Errors, path string, d, least config.Duration) {
	if d < least || d > longest {
		e.Addf(path, "%s is not between %s and %s", d, least, longest)
	}
}

// nameProblem says what is wrong with a common name, "" if nothing. The
// characters are those that openvpn, strongSwan and shells take as they are.
func nameProblem(name string) string {
	if name == "" || len(name) > 64 { // ub-common-name (RFC 5280, appendix A.1)
		return "a name has 1 to 64 characters"
	}
	for n, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if n == 0 && !letter {
			return "a name begins with a letter or a digit (A-Z a-z 0-9)"
		}
		if !letter && !strings.ContainsRune(" ._@-", r) {
			return "a name has letters, digits (A-Z a-z 0-9), blanks and . _ @ - only"
		}
	}
	if strings.HasSuffix(name, " ") {
		return "a name does not end with a blank"
	}
	return ""
}
