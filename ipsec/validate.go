package ipsec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Limits of a Config.
const (
	maxName        = 64
	maxConnections = 10000
	maxRecords     = 1000 // proposals of a phase, or certificate sets
	maxList        = 64   // entries of a list in a connection
	maxText        = 255  // identities
	maxSecret      = 4096
)

// Validate reports every fault of c as a [ConfigError]. It does no I/O: what
// is in the files of a certificate set, and whether a certificate is valid
// today, is seen by [Config.Resolve].
func (c Config) Validate() error { return c.check().errs.Err() }

// Warnings returns what works but is weak or surprising. The Config must be
// valid.
func (c Config) Warnings() []Warning { return c.check().warnings }

// checker collects what there is to say about a Config.
type checker struct {
	errs     config.Errors
	warnings []Warning
	phase1   map[string]Phase1Proposal
	phase2   map[string]Phase2Proposal
	sets     map[string]CertificateSet
	// credentials are those of the sets that need no files.
	credentials map[string]credentials
}

func (k *checker) warnf(path, format string, args ...any) {
	k.warnings = append(k.warnings, Warning{Path: path, Text: fmt.Sprintf(format, args...)})
}

// check goes through the Config once.
func (c Config) check() *checker {
	k := &checker{
		phase1: make(map[string]Phase1Proposal), phase2: make(map[string]Phase2Proposal),
		sets: make(map[string]CertificateSet), credentials: make(map[string]credentials),
	}
	first := make(names)
	k.most("phase1_proposals", len(c.Phase1Proposals), maxRecords)
	for i, p := range c.Phase1Proposals {
		path := fmt.Sprintf("phase1_proposals[%d]", i)
		first.add(k, path, p.Name)
		k.phase1[normalName(p.Name)] = p
		k.phase1Proposal(path, p)
	}
	second := make(names)
	k.most("phase2_proposals", len(c.Phase2Proposals), maxRecords)
	for i, p := range c.Phase2Proposals {
		path := fmt.Sprintf("phase2_proposals[%d]", i)
		second.add(k, path, p.Name)
		k.phase2[normalName(p.Name)] = p
		k.phase2Proposal(path, p)
	}
	sets := make(names)
	k.most("certificate_sets", len(c.CertificateSets), maxRecords)
	for i, s := range c.CertificateSets {
		path := fmt.Sprintf("certificate_sets[%d]", i)
		sets.add(k, path, s.Name)
		k.sets[normalName(s.Name)] = s
		k.certificateSet(path, s)
	}
	connections := make(names)
	k.most("connections", len(c.Connections), maxConnections)
	for i, conn := range c.Connections {
		path := fmt.Sprintf("connections[%d]", i)
		connections.add(k, path, conn.Name)
		k.connection(path, conn)
	}
	k.together(c.Connections)
	return k
}

func (k *checker) most(path string, n, limit int) {
	if n > limit {
		k.errs.Addf(path, "%d are too many, allowed are %d", n, limit)
	}
}

// names are the paths of records, by their normal name.
type names map[string]string

// add checks the name of the record at path.
func (n names) add(k *checker, path, name string) {
	field := path + ".name"
	normal := normalName(name)
	switch {
	case name == "":
		k.errs.Addf(field, "required: a name of letters, digits and underscores")
		return
	case len(name) > maxName:
		k.errs.Addf(field, "it has %d characters, allowed are %d", len(name), maxName)
		return
	case !isName(normal):
		k.errs.Addf(field, "%q has other characters than letters (a-z, A-Z), digits and underscores", name)
		return
	}
	if other, taken := n[normal]; taken {
		k.errs.Addf(field, "%q is the name of %s already (a dash counts as an underscore)", name, other)
		return
	}
	n[normal] = path
}

func isName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
	})
}

func (k *checker) phase1Proposal(path string, p Phase1Proposal) {
	k.encryption(path, p.Encryption)
	switch {
	case p.Hash == "" && p.Encryption.AEAD():
		k.errs.Addf(path+".hash", "required also with %s, to make the keys: %s", p.Encryption, list(hashes()))
	case p.Hash == "":
		k.errs.Addf(path+".hash", "required: %s", list(hashes()))
	default:
		k.hash(path, p.Hash)
	}
	if p.DH == GroupNone {
		k.errs.Addf(path+".dh", "required: a group of %s", list(groups()))
		return
	}
	k.group(path, p.DH)
}

func (k *checker) phase2Proposal(path string, p Phase2Proposal) {
	k.encryption(path, p.Encryption)
	switch {
	case p.Hash == "" && !p.Encryption.AEAD():
		k.errs.Addf(path+".hash", "required: %s", list(hashes()))
	case p.Hash != "" && p.Encryption.AEAD():
		k.errs.Addf(path+".hash", "leave it empty: %s protects against changes by itself", p.Encryption)
	case p.Hash != "":
		k.hash(path, p.Hash)
	}
	if p.DH != GroupNone {
		k.group(path, p.DH)
	}
}

func (k *checker) encryption(path string, e Encryption) {
	path += ".encryption"
	switch {
	case e == "":
		k.errs.Addf(path, "required: %s", list(encryptions()))
	case !slices.Contains(encryptions(), e):
		k.errs.Addf(path, "unknown cipher %q, want %s", e, list(encryptions()))
	case e == Encryption3DES:
		k.warnf(path, "3des is weak and slow: choose aes256")
	}
}

func (k *checker) hash(path string, h Hash) {
	path += ".hash"
	switch {
	case !slices.Contains(hashes(), h):
		k.errs.Addf(path, "unknown hash %q, want %s", h, list(hashes()))
	case h == HashMD5, h == HashSHA1:
		k.warnf(path, "%s is weak: choose sha256", h)
	}
}

func (k *checker) group(path string, g Group) {
	path += ".dh"
	switch g {
	case Group1, Group2, Group5:
		k.warnf(path, "group %s (%s) is weak: choose 14 or higher", g, g.Keyword())
	default:
		if !slices.Contains(groups(), g) {
			k.errs.Addf(path, "unknown group %q, want %s", g, list(groups()))
		}
	}
}

// list writes words with commas.
func list[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, word := range words {
		texts[i] = string(word)
	}
	return strings.Join(texts, ", ")
}
