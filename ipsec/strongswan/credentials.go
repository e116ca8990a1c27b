package strongswan

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// credentials are the keys and certificates that charon has of us. Pre-shared
// keys are with their connections.
type credentials struct {
	keys     map[fingerprint]string // private key to charon's id for it
	foreign  map[string]bool        // ids of keys that were there before ours
	trusted  map[fingerprint]bool   // certificates in DER form
	leftover bool                   // some could not be withdrawn
}

func newCredentials() credentials {
	return credentials{keys: make(map[fingerprint]string), foreign: make(map[string]bool), trusted: make(map[fingerprint]bool)}
}

func (c credentials) clone() credentials {
	c.keys, c.foreign, c.trusted = maps.Clone(c.keys), maps.Clone(c.foreign), maps.Clone(c.trusted)
	return c
}

// same tells whether the record of both is the same.
func (c credentials) same(other credentials) bool {
	return maps.Equal(c.keys, other.keys) && maps.Equal(c.trusted, other.trusted)
}

// certificatesOf returns the certificates of connections, each once, with the
// command that loads it.
func certificatesOf(want map[string]*loaded) map[fingerprint]request {
	all := make(map[fingerprint]request)
	for _, l := range want {
		for _, r := range l.certificates.trusted() {
			all[fingerprintOf(derOf(r.message.Text("data")))] = r
		}
	}
	return all
}

// keysOf returns the private keys of connections, each once.
func keysOf(want map[string]*loaded) map[fingerprint]string {
	all := make(map[fingerprint]string)
	for _, l := range want {
		if l.certificates != nil {
			all[fingerprintOf(l.certificates.key)] = l.certificates.key
		}
	}
	return all
}

func loadKey(key string) (request, error) {
	kind, err := keyType(key)
	return request{"load-key", new(vici.Message).Set("type", kind).Set("data", key)}, err
}

// withdraws tells whether a certificate is to be forgotten.
func (c *credentials) withdraws(want map[fingerprint]request) bool {
	for f := range c.trusted {
		if _, wanted := want[f]; !wanted {
			return true
		}
	}
	return false
}

// alone tells whether all secrets, keys and certificates that charon has by
// VICI are ours, so that they may be cleared; if not, why.
func (s *session) alone(ctx context.Context) (bool, string, error) {
	shared, err := s.commands.call(ctx, "get-shared", nil)
	if err != nil {
		return false, "", err
	}
	for _, id := range shared.List("keys") {
		if _, ours := s.names.ours(id); !ours {
			return false, "the pre-shared key " + short(id), nil
		}
	}
	keys, err := s.commands.call(ctx, "get-keys", nil)
	if err != nil {
		return false, "", err
	}
	known := slices.Collect(maps.Values(s.creds.keys))
	for _, id := range keyIDs(keys) {
		if s.creds.foreign[id] || !slices.Contains(known, id) {
			return false, "the private key " + short(id), nil
		}
	}
	// What peers have sent is listed too, as long as charon remembers it.
	if _, err := s.commands.call(ctx, "flush-certs", new(vici.Message).Set("type", "X509")); err != nil {
		return false, "", err
	}
	var others int
	err = s.lists.stream(ctx, s.listTimeout(), "list-certs", "list-cert", new(vici.Message).Set("type", "X509"), func(m *vici.Message) {
		if !s.creds.trusted[fingerprintOf(m.Text("data"))] {
			others++
		}
	})
	if others > 0 {
		return false, fmt.Sprintf("%d certificates", others), err
	}
	return err == nil, "", err
}

// credentialSteps returns what brings charon's keys and certificates in line
// with what is wanted, and whether that clears the pre-shared keys too.
func (s *session) credentialSteps(ctx context.Context, p *plan) ([]step, bool, error) {
	certificates, keys := certificatesOf(p.want), keysOf(p.want)
	if len(certificates) == 0 && len(s.creds.trusted) == 0 && len(s.creds.keys) == 0 {
		return nil, false, nil // no certificates in use
	}
	clear := false
	if s.creds.withdraws(certificates) {
		alone, because, err := s.alone(ctx)
		if err != nil {
			return nil, false, err
		}
		if clear = alone; !alone && !s.creds.leftover {
			s.creds.leftover = true
			s.backend.options.Logger.Warn("a certificate that is not used any more stays trusted until charon restarts, "+
				"since others have secrets in it", "found", because)
		}
	}
	var steps []step
	if clear {
		steps = append(steps, step{request: request{"clear-creds", nil}})
		s.creds = newCredentials()
	} else {
		unloading, err := s.unloadKeys(ctx, keys)
		if err != nil {
			return nil, false, err
		}
		steps = unloading
	}
	loading, err := s.loadKeys(p.want, keys)
	if err != nil {
		return nil, false, err
	}
	steps = append(steps, loading...)
	for f, r := range certificates {
		if s.creds.trusted[f] {
			continue
		}
		// With its connection a certificate comes by itself, but what is
		// between ours and the authority.
		steps = append(steps, step{request: r, connections: usersOfCertificate(p.want, f)})
		s.creds.trusted[f] = true
	}
	return steps, clear, nil
}

// unloadKeys returns what forgets the private keys that nobody uses any more,
// and notes those of others, which are left alone.
func (s *session) unloadKeys(ctx context.Context, keys map[fingerprint]string) ([]step, error) {
	var steps []step
	ours := make(map[string]bool)
	for f, id := range s.creds.keys {
		ours[id] = true
		if _, wanted := keys[f]; wanted {
			continue
		}
		delete(s.creds.keys, f)
		if !s.creds.foreign[id] {
			steps = append(steps, step{request: request{"unload-key", new(vici.Message).Set("id", id)}})
		}
	}
	if len(s.creds.keys) > 0 || len(keys) == 0 || !s.first {
		return steps, nil
	}
	if !s.shared {
		return steps, nil // they are of an earlier session of ours
	}
	m, err := s.commands.call(ctx, "get-keys", nil)
	if err != nil {
		return nil, err
	}
	for _, id := range keyIDs(m) {
		if !ours[id] {
			s.creds.foreign[id] = true
		}
	}
	return steps, nil
}

// loadKeys returns what loads the private keys that charon does not have yet.
func (s *session) loadKeys(want map[string]*loaded, keys map[fingerprint]string) ([]step, error) {
	var steps []step
	for f, key := range keys {
		if s.creds.keys[f] != "" {
			continue
		}
		r, err := loadKey(key)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{request: r, key: f, connections: usersOfKey(want, f)})
	}
	return steps, nil
}

func usersOfKey(want map[string]*loaded, f fingerprint) []string {
	var users []string
	for name, l := range want {
		if l.certificates != nil && fingerprintOf(l.certificates.key) == f {
			users = append(users, name)
		}
	}
	return users
}

func usersOfCertificate(want map[string]*loaded, f fingerprint) []string {
	var users []string
	for name, l := range want {
		for _, r := range l.certificates.trusted() {
			if fingerprintOf(derOf(r.message.Text("data"))) == f {
				users = append(users, name)
			}
		}
	}
	return users
}
